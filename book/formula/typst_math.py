"""MathML to Typst: the tree that the site shows is walked again, so both outputs share one parser."""

from itertools import zip_longest

from .mathml import MINUS

NOTHING = "\u2063"  # math-core's invisible fence: \left. and the open side of cases
APPLY = "\u2061"
FENCES = set("()[]{}|‖⌊⌋⌈⌉⟨⟩" + NOTHING)
BIG = set("∑∏∐∫∬∭∮⋃⋂⨁⨂⨀⋁⋀")
BRACES = {"⏟": "underbrace", "⏞": "overbrace", "⎵": "underbracket", "⎴": "overbracket"}
BARS = {"mover": "overline", "munder": "underline"}
HAIR = "#h(0.12em)"
FORMS = {"prefix": "opening", "postfix": "closing"}
PRIMES = {"′": 1, "″": 2, "‴": 3}
STYLED = {"b": "bold", "i": "italic", "code": "mono", "em": "italic"}
SPACES = {"m-thin": "thin", "m-medium": "med", "m-thick": "thick"}
OPERATOR_SPACE = "0.1667em"  # math-core's space around an operator's name, which Typst sets by itself
NEGATIVE = {"m-neg-thin": "-0.1667em", "m-neg-medium": "-0.2222em", "m-neg-thick": "-0.2778em"}


def quoted(text: str) -> str:
    """A Typst string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def cells(parts: list[str]) -> str:
    """Cells stand in pairs, right- then left-aligned; pairs stand apart, as in amsmath."""
    return "".join(("&" if i % 2 else "&#h(2em)&" if i else "") + cell for i, cell in enumerate(parts))


def sequence(nodes) -> str:
    """Siblings in a row, with operator names told by the invisible application that follows them."""
    nodes, parts = list(nodes), []
    for node, after in zip_longest(nodes, nodes[1:]):
        if node.tag == "mo" and node.text == APPLY:
            continue
        applied = after is not None and after.tag == "mo" and after.text == APPLY
        parts.append(_operator(node) if applied else _node(node))
    return _joined(parts)


def _joined(parts):
    """Parts side by side; a space only between letters, for Typst prints spaces beside text."""
    out = ""
    for part in filter(None, parts):
        out += " " + part if out[-1:].isalnum() and part[0].isalnum() else part
    return out


def _node(node):
    return NODES.get(node.tag, _unknown)(node)


def _unknown(node):
    raise NotImplementedError(f"MathML element <{node.tag}> has no Typst counterpart in book/formula/typst_math.py")


def _symbol(char):
    """One character as it stands; ASCII signs escaped, as Typst has other uses for most of them."""
    return char if char.isalnum() or not char.isascii() else "\\" + char


def _identifier(node):
    text = node.text or ""
    if len(text.replace("\ufe00", "")) > 1:
        return quoted(text)
    return f"upright({_symbol(text)})" if node.get("mathvariant") == "normal" else _symbol(text)


def _operator(node):
    """A function's name before its argument: sin x, max over i."""
    if node.tag == "munder":
        return f"attach(limits({_operator(node[0])}), b: {_node(node[1])})"
    if node.tag in ("msub", "msup", "msubsup"):
        return _attached(_operator(node[0]), node)
    name = "".join(node.itertext())
    return f"op({quoted(name)})"


def _number(node):
    text = node.text or ""
    if text[:1] in (MINUS, "+"):
        return f'class("normal",{_symbol(text[0])}){text[1:]}'
    return text


def _sign(node):
    text = node.text or ""
    if text == NOTHING:
        return ""
    if len(text) > 1 and text[0].isalpha():  # a function's name after a sign is a sign for math-core
        return _operator(node)
    sign = "".join(map(_symbol, text))
    if node.get("minsize"):
        sign = f"lr({sign}, size: #{node.get('minsize')})"
    elif node.get("form") in FORMS:
        sign = f'class("{FORMS[node.get("form")]}", {sign})'
    elif node.get("stretchy") == "true" and text in FENCES:
        sign = f"mid({sign})"
    return sign + (" thin " if text in FENCES and node.get("rspace") == "0.1667em" else "")


def _text(node):
    if (node.text or "") == "\u00a0":
        return "#h(0.28em)"
    inner = quoted(node.text) if node.text else ""
    for child in node:
        inner += f"{STYLED[child.tag]}({quoted(''.join(child.itertext()))})" + quoted(child.tail or "")
    return inner


def _space(node):
    width = node.get("width") or NEGATIVE.get(node.get("class", ""))
    return f"#h({width})" if width and width != OPERATOR_SPACE else ""


def _row(node):
    ends = [
        child.text if child.tag == "mo" and child.get("stretchy") is None else None
        for child in (*node[:1], *node[-1:])
    ]
    inner = _fenced(node) if len(node) > 1 and FENCES.issuperset(ends) else sequence(node)
    if node.get("class") == "m-box":
        return f"#box(stroke: 0.5pt, inset: 0.25em, baseline: 0.25em, ${inner}$)"
    if color := node.get("mathcolor"):
        return f'#text(fill: rgb("{color}"), ${inner}$)'
    return f"display({inner})" if node.get("displaystyle") == "true" else inner


def _fenced(node):
    """Brackets that grow with what they hold."""
    opening, closing = ("" if end.text == NOTHING else end.text for end in (node[0], node[-1]))
    thin = " thin " if node[-1].get("rspace") == "0.1667em" else ""
    signs = ["".join(map(_symbol, sign)) for sign in (opening, closing)]
    return f"lr({signs[0]}{sequence(node[1:-1])}{signs[1]}){thin}"


def _table(node):
    """A table without brackets: these belong to the row it stands in, and keep a hair's distance from numbers.

    In a sentence Typst would set the numbers of a matrix small; display() keeps them as large as TeX does.
    """
    kind = node.get("class", "")
    if "lines" in kind:
        rows = [cells([sequence(cell) for cell in row]) for row in node]
        return f"mat(delim: #none, row-gap: #0.6em, {';'.join(rows)})"
    rows = ";".join(",".join(sequence(cell) or '""' for cell in row) for row in node)
    if "cases" in kind:
        return f"mat(delim: #none, align: #left, column-gap: #1em, {rows})"
    return f"{HAIR}display(mat(delim: #none{_augment(node)}{_alignment(node)}, {rows})){HAIR}"


def _augment(node):
    """Rules between columns and rows, read off the classes of the cells."""
    columns = [i + 1 for i, cell in enumerate(node[0]) if _ruled(cell, "right")]
    rows = [i for i, row in enumerate(node) if i and _ruled(row[0], "top")]
    if not (columns or rows):
        return ""
    lists = ["(" + "".join(f"{i}," for i in lines) + ")" for lines in (rows, columns)]
    return f", augment: #(hline: {lists[0]}, vline: {lists[1]})"


def _ruled(cell, side):
    classes = cell.get("class", "")
    return f"m-rule-{side}" in classes or f"m-dash-{side}" in classes


def _alignment(node):
    """Typst aligns a matrix as a whole, so the first cell speaks for all."""
    classes = node[0][0].get("class", "").split() if len(node) and len(node[0]) else []
    return next((f", align: #{side}" for side in ("left", "right") if f"m-{side}" in classes), "")


def _fraction(node):
    above, below = map(_node, node)
    if node.get("linethickness") == "0":
        return f"mat(delim: #none, {above}; {below})"
    style = {"true": "display", "false": "inline"}.get(node.get("displaystyle"))
    return f"{style}(frac({above}, {below}))" if style else f"frac({above}, {below})"


def _scripts(node):
    base = _node(node[0])
    return _attached(f"scripts({base})" if (node[0].text or "") in BIG else base or '""', node)


def _attached(base, node):
    places = {"msub": "b", "msup": "t", "msubsup": "bt"}[node.tag]
    scripts = (f"{place}: {_script(script)}" for place, script in zip(places, node[1:], strict=True))
    return f"attach({base}, {', '.join(scripts)})"


def _script(node):
    """Primes have a shape of their own in Typst; everything else is set small."""
    nodes = list(node) if node.tag == "mrow" else [node]
    count = PRIMES.get(nodes[0].text) if nodes and nodes[0].tag == "mo" else None
    if not count:
        return _node(node) or '""'
    return _joined([f"#math.primes({count})", sequence(nodes[1:])])


def _stacked(node):
    """Things above and below: braces, accents, limits."""
    base, *scripts = node
    mark = scripts[0].text or ""
    if "true" in (node.get("accent"), node.get("accentunder")):
        return _marked(node.tag, _node(base), mark)
    if base.tag in BARS and len(base) == 2 and base[1].text in BRACES:
        return f"{BRACES[base[1].text]}({_node(base[0])}, {_node(scripts[0])})"
    inner = _node(base) if (base.text or "") in BIG else f"limits({_name(base)})"
    places = {"munder": "b", "mover": "t", "munderover": "bt"}[node.tag]
    inner = f"attach({inner}"
    return inner + "".join(f", {p}: {_node(s)}" for p, s in zip(places, scripts, strict=True)) + ")"


def _name(node):
    """Names that carry limits are operators even where nothing says so: lim, argmin."""
    letters = "".join(node.itertext())
    named = node.tag in ("mi", "mo", "mrow") and len(letters) > 1 and letters.replace("\u2009", "").isalpha()
    return _operator(node) if named else _node(node)


def _marked(tag, base, mark):
    if mark in BRACES:
        return f"{BRACES[mark]}({base})"
    if (mark in "\u0332\u00af_" and tag == "munder") or mark == "\u0332":
        return f"{BARS[tag]}({base})"
    return f"accent({base}, {_symbol(mark)})"


def _padded(node):
    inner = sequence(node)
    space = next(
        (
            SPACES[name[:-6]]
            for name in node.get("class", "").split()
            if name.endswith("-right") and name[:-6] in SPACES
        ),
        None,
    )
    return f"{inner} {space} " if space else inner


NODES = {
    "mi": _identifier,
    "mn": _number,
    "mo": _sign,
    "mtext": _text,
    "mspace": _space,
    "mrow": _row,
    "mpadded": _padded,
    "mphantom": lambda node: f"#hide(${sequence(node)}$)",
    "mtable": _table,
    "mfrac": _fraction,
    "msub": _scripts,
    "msup": _scripts,
    "msubsup": _scripts,
    "munder": _stacked,
    "mover": _stacked,
    "munderover": _stacked,
    "msqrt": lambda node: f"sqrt({sequence(node)})",
    "mroot": lambda node: f"root({_node(node[1])}, {_node(node[0])})",
}
