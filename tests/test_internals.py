"""What leans on the insides of Sphinx and the theme stands in one file, where a new version of them is looked at."""

import re

from tests.small_project import ROOT

INSIDES = re.compile(
    r"locale\.translators|\.tocs\b|render_partial|collect_relations|anonlabels|furo_|inline_all_toctrees|titleterms"
    r"|post_process_images|from furo|import furo"
)


def test_insides_of_sphinx_and_the_theme_are_reached_from_one_file():
    reaching = {
        path.relative_to(ROOT).as_posix()
        for room in ("book", "gradbook", "check", "engine")
        for path in (ROOT / room).rglob("*.py")
        if INSIDES.search(path.read_text(encoding="utf-8"))
    }
    assert reaching == {"book/site/ext/internals.py"}
