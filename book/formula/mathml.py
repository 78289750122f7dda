"""LaTeX to MathML Core: every formula compiles or says where it fails; every \\val number keeps its address.

A number travels through the converter as a sentinel, a numeral that stands nowhere else in the formula, and
is replaced in the result by what is printed; so the converter needs to know nothing of addresses.
"""

import html
import re
from functools import cache
from itertools import count

import math_core

from .address import IN_HTML, IN_TEX, parsed

MINUS = "\u2212"
PRINTED = re.compile(r"([-+\u2212]?)(\d+(?:\.\d+)?)(?:\s*\\times\s*10\^(?:\{([-\u2212]?\d+)\}|(\d)))?")
ROW_SKIP = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|mu)\s*\]")
MARKS = re.compile(r"\\begin(?![a-z])|\\end(?![a-z])|\\\\|\\.|[{}&]|\n\s*\n", re.DOTALL)
DEPTH = {"\\begin": 1, "{": 1, "\\end": -1, "}": -1}
LINES = (r"\begin{aligned}", r"\end{aligned}")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;)[A-Za-z]+;")
STYLE = re.compile(r' style="([^"]*)"')
MTABLE = re.compile(r"<mtable([^>]*)>(?:<mtr><mtd([^>]*)>)?")
BODY = re.compile(r"(<math[^>]*>)(.*)</math>", re.DOTALL)

# What a converter lets pass, and a reader would see as something else than what was written.
TRAPS = (
    (re.compile(r"(?<!\\)(?:\\\\)*%"), r"a bare % starts a comment and swallows the rest, write \%"),
    (
        re.compile(r"\\(?:def|gdef|let|(?:re)?newcommand|providecommand)(?![A-Za-z])"),
        "a formula may not define commands",
    ),
    (re.compile(r"\\val(?![A-Za-z])"), r"\val takes an address and a number: \val{seed:loss}{0.25}"),
)

# math-core writes these declarations as inline styles, which a strict content security policy forbids.
CLASSES = {
    "text-align:left": "m-left",
    "text-align:right": "m-right",
    "justify-items:start": "m-start",
    "justify-items:end": "m-end",
    "padding-left:1em": "m-gap-left",
    "padding-top:0": "m-flush-top",
    "padding-bottom:0": "m-flush-bottom",
    "padding-top:0.1667em": "m-strut",
    "border-left:0.05em solid currentcolor": "m-rule-left",
    "border-right:0.05em solid currentcolor": "m-rule-right",
    "border-top:0.05em solid currentcolor": "m-rule-top",
    "border-left:0.05em dashed currentcolor": "m-dash-left",
    "border-right:0.05em dashed currentcolor": "m-dash-right",
    "border-top:0.05em dashed currentcolor": "m-dash-top",
    "width:100%": "m-full",
    "width:50%": "m-half",
    "width:7.5%": "m-edge",
    "margin-left:-0.16666667em": "m-neg-thin",
    "margin-left:-0.22222222em": "m-neg-medium",
    "margin-left:-0.2777778em": "m-neg-thick",
} | {
    f"padding-{side}:{width}": f"m-{name}-{side}"
    for side in ("left", "right")
    for width, name in (
        ("0", "flush"),
        ("0.1em", "hair"),
        ("0.1667em", "thin"),
        ("0.2222em", "medium"),
        ("0.2778em", "thick"),
    )
}
CSS = (
    "".join(f"math .{name}{{{rule}}}\n" for rule, name in CLASSES.items())
    + """\
math .m-box{border:.05em solid currentcolor;padding:.25em}
mtable.matrix>mtr>mtd{padding:.22em .45em}
mtable.matrix>mtr>mtd:first-child{padding-left:.15em}
mtable.matrix>mtr>mtd:last-child{padding-right:.15em}
mtable.lines>mtr>mtd{padding-top:.4em;padding-bottom:.4em}
"""
)


class MathError(ValueError):
    """A formula that cannot be set; the message is one sentence with the place and an excerpt."""

    def __init__(self, reason: str, latex: str, position: int = 0):
        self.reason, self.latex, self.position = reason, latex, position
        excerpt = " ".join(latex[max(0, position - 20) : position + 20].split())
        super().__init__(f"{reason} (character {position + 1} of the formula, near “{excerpt}”)")


def to_mathml(latex: str, display: bool) -> str:
    """`latex` as one <math> element: numbers addressed, TeX kept as annotation, no inline styles.

    Raises MathError for whatever does not compile or would not be read as it was written.
    """
    _refuse_traps(latex)
    values = [_value(match, latex) for match in IN_TEX.finditer(latex)]
    base = _unused_numeral(latex)
    source, shift = _in_lines(_with_sentinels(ROW_SKIP.sub(_row_end, latex), base), latex, display)
    try:
        mathml = _converter().convert_with_local_state(source, displaystyle=display)
    except math_core.LatexError as error:
        place, _, reason = str(error).partition(": ")
        raise MathError(_clause(reason), latex, min(max(int(place) - shift, 0), len(latex))) from None
    mathml = ENTITY.sub(lambda match: html.unescape(match[0]), mathml)
    mathml = MTABLE.sub(_named_table, STYLE.sub(lambda match: _classes(match[1], latex), mathml))
    mathml = _boxed(_with_values(mathml, values, base, latex), latex)
    return _annotated(mathml, IN_TEX.sub(r"\2", latex))


@cache
def _converter():
    return math_core.LatexToMathML(fancy_error=False)


def _clause(reason):
    """math-core's sentence, to stand before our brackets."""
    return reason[:1].lower() + reason[1:].rstrip(".")


def _refuse_traps(latex):
    if not latex.strip():
        raise MathError("the formula is empty", latex)
    rest = IN_TEX.sub(lambda match: " " * len(match[0]), latex)
    for pattern, reason in TRAPS:
        if match := pattern.search(rest):
            raise MathError(reason, latex, match.start())


def _value(match, latex):
    """The MathML of one \\val."""
    address, printed = match[1], PRINTED.fullmatch(match[2].strip())
    if parsed(address) is None:
        raise MathError(f"“{address}” is no address of the form example:step[index]", latex, match.start(1))
    if not printed:
        raise MathError(f"“{match[2]}” is no decimal number", latex, match.start(2))
    sign, digits, *power = printed.groups("")
    mantissa, power = (text.replace("-", MINUS) for text in (sign + digits, "".join(power)))
    if not power:
        return f'<mn {IN_HTML}="{address}">{mantissa}</mn>'
    return f'<mrow {IN_HTML}="{address}"><mn>{mantissa}</mn><mo>×</mo><msup><mn>10</mn><mn>{power}</mn></msup></mrow>'


def _unused_numeral(latex):
    """A numeral whose first three digits stand nowhere in the formula, with room for a million values."""
    return next(first * 10**6 for first in range(900, 1000) if str(first) not in latex)


def _with_sentinels(latex, base):
    """Each \\val as a numeral of its own, padded to its old length so that positions in errors stay true."""
    numerals = count(base)
    return IN_TEX.sub(lambda match: f"{{{next(numerals)}}}".ljust(len(match[0])), latex)


def _row_end(match):
    return "\\\\".ljust(len(match[0]))


def _in_lines(source, latex, display):
    """(source, characters put before it): rows outside of an environment get one, as Sphinx promises."""
    breaks = _top_level_breaks(source)
    if not breaks:
        return source, 0
    if not display:
        raise MathError("a formula inside a sentence cannot have lines", latex, breaks[0].start())
    for match in (match for match in breaks if match[0].isspace()):  # Sphinx parts lines by an empty line too
        source = source[: match.start()] + _row_end(match) + source[match.end() :]
    return LINES[0] + source + LINES[1], len(LINES[0])


def _top_level_breaks(source):
    depth, breaks = 0, []
    for match in MARKS.finditer(source.rstrip()):
        depth += DEPTH.get(match[0], 0)
        if depth == 0 and (match[0] in ("\\\\", "&") or match[0].isspace()):
            breaks.append(match)
    return breaks


def _classes(style, latex):
    """A class attribute in place of an inline style; a colour has an attribute in MathML itself."""
    rules = [rule.replace(": ", ":").strip() for rule in style.split(";") if rule.strip()]
    if len(rules) == 1 and rules[0].startswith("color:"):
        return f' mathcolor="{rules[0][6:]}"'
    if unknown := [rule for rule in rules if rule not in CLASSES]:
        raise MathError(f"a command needs the inline style “{unknown[0]}”, which pages do not allow", latex)
    return f' class="{" ".join(CLASSES[rule] for rule in rules)}"'


def _named_table(match):
    """Derivations, cases and matrices are one element in MathML; class names tell them apart again."""
    table, first_cell = match[1], match[2] or ""
    if "m-full" in table:
        return match[0].replace("m-full", "m-full lines")
    kind = "lines" if 'displaystyle="true"' in table else "matrix"
    kind = "cases" if "m-left m-start m-flush-right" in first_cell else kind
    return match[0].replace("<mtable", f'<mtable class="{kind}"', 1)


def _with_values(mathml, values, base, latex):
    found = set()

    def put(match):
        found.add(index := int(match[1]) - base)
        return values[index]

    if values:
        mathml = re.sub(rf"<mn>({base // 10**6}\d{{6}})</mn>", put, mathml)
    if len(found) != len(values):
        lost = next(match for i, match in enumerate(IN_TEX.finditer(latex)) if i not in found)
        raise MathError(r"\val stands where no number can stand", latex, lost.start())
    return mathml


def _boxed(mathml, latex):
    """<menclose> is no part of MathML Core: the stylesheet draws boxes, other strokes would just vanish."""
    mathml = re.sub(r'<menclose notation="box">(.*?)</menclose>', r'<mrow class="m-box">\1</mrow>', mathml)
    if "<menclose" in mathml:
        raise MathError("strokes through a formula do not show in browsers", latex)
    return mathml


def _annotated(mathml, latex):
    head, body = BODY.fullmatch(mathml).groups()
    tex = html.escape(latex.strip(), quote=False)
    return (
        f'{head}<semantics><mrow>{body}</mrow><annotation encoding="application/x-tex">{tex}</annotation>'
        "</semantics></math>"
    )
