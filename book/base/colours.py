"""The book's colours: the one list of them. Style sheets and drawings name a colour, they do not say what it is."""

COLOURS = {
    "ink": ("#1f2328", "#dfe3e8"),
    "muted": ("#59636e", "#9ea7b1"),
    "faint": ("#d8dee4", "#363c44"),
    "ground": ("#fffefc", "#14171b"),
    "raised": ("#f6f5f1", "#1c2026"),
    "hover": ("#ebe9e3", "#272c33"),
    "link": ("#1a5fb4", "#8ab8f5"),
    "visited": ("#6f42a8", "#c3a6ee"),
    "mark": ("#ffe9a8", "#5a4700"),
    "shade": ("rgb(31 35 40 / .22)", "rgb(0 0 0 / .75)"),
    "blue": ("#1a5fb4", "#8ab8f5"),
    "red": ("#a5360e", "#f2a07e"),
    "green": ("#1b7142", "#7ccfa0"),
    "amber": ("#8a5a00", "#e3b55c"),
    "violet": ("#6f42a8", "#c3a6ee"),
}
"""By name: on a light page, on a dark one."""

_PAPER = {"faint": "#d1d9e0", "ground": "#ffffff"}  # where paper is not the page

DRAWN = {
    name: _PAPER.get(name, COLOURS[name][0])
    for name in ("ink", "muted", "faint", "ground", "blue", "red", "green", "amber", "violet")
}
"""What a drawing may draw in: so in its file and in the PDF. In a page each is the page's colour of that name."""


def style() -> str:
    """The colours as variables of a style sheet: `--ink`, and `--figure-ink` for drawings."""
    values = {name: f"light-dark({light}, {dark})" for name, (light, dark) in COLOURS.items()}
    values |= {f"figure-{name}": f"var(--{name})" for name in DRAWN}
    return "".join(["body {\n", *(f"  --{name}: {value};\n" for name, value in values.items()), "}\n"])
