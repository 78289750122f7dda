"""A figure as PDF: Typst reads the same SVG that the pages show, with the typefaces that pip has brought."""

from . import fonts

_PAGE = (
    "#set document(date: none)\n"
    "#set page(width: auto, height: auto, margin: 0pt, fill: none)\n"
    '#image(bytes(sys.inputs.svg), format: "svg")'
)


def pdf(svg: str) -> bytes:
    """The drawing on a page of its own size."""
    import typst

    folders = [str(fonts.folder(package)) for package in ("ziamath", "mplfonts")]
    return typst.compile(
        _PAGE.encode(), font_paths=folders, ignore_system_fonts=True, format="pdf", sys_inputs={"svg": svg}
    )
