"""What Sphinx loads, and the only room that imports it: `anywhere.py` for any project, `site.py` for our book."""


def setup(app) -> dict:
    """The extension `gradbook.book.site.ext`: our book's site and its PDF. It brings `gradbook` along."""
    from . import site

    return site.setup(app)
