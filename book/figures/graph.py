"""The whole computation as a graph: forward steps from left to right, their gradients beneath them, then the updates.

Glossary. A *node* is a leaf or a step that has a line. A *band* is a strip across the page: parameters, forward
values, their gradients, gradients of parameters, updates. A *column* holds a forward step and all that belongs to it:
its parameters above, its gradient and theirs below. Values stack in a column, parameters stand side by side.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradbook.engine.optim import companion_of
from gradbook.engine.tape.trace import Step, Trace

from . import palette, tex
from .canvas import Canvas
from .figure import Figure, View
from .graph_ways import BACKWARD, FORWARD, GRADIENTS, HEIGHT, PARAMETERS, SPREAD, UPDATES, Node, curve

ROW, BAND, ASIDE, GAP = 31.0, 43.0, 5.0, 20.0
ARROW = 4.2
MOST = 60


def draw(view: View) -> Iterator[Figure]:
    nodes = _nodes(view)
    if len(nodes) > MOST:
        return  # nobody finds his way through a drawing of so many boxes
    _columns(view.trace, nodes)
    width, height = _Layout(nodes).place()
    canvas = Canvas(width, height)
    counts = defaultdict(int)
    own = {name: [a for a in node.args if not _is_shared(view.trace, nodes[a], node)] for name, node in nodes.items()}
    for wire in _wires(nodes, own):
        wire.draw(canvas)
    for node in nodes.values():
        counts[node.step.phase] += not node.step.is_leaf
        _box(canvas, node, view)
    shared = any(len(own[name]) < len(node.args) for name, node in nodes.items())
    yield Figure("graph", canvas.svg(), {"steps": sum(counts.values()), "shared": shared, **counts})


# Which nodes there are


def _nodes(view: View) -> dict[str, Node]:
    trace = view.trace
    lines = [s for phase in ("forward", "backward", "update") for s in trace.lines(phase)]
    args = {step.name: _arguments(trace, step.name) for step in lines}
    used = {name for names in args.values() for name in names}
    leaves = [s for s in trace.leaves("data", "param", "state") if s.name in used]
    nodes = {s.name: Node(s, args.get(s.name, [])) for s in [*leaves, *lines]}
    for node in nodes.values():
        node.band = _band(trace, node.step)
        node.text = view.notation.symbol(node.step.name)
        node.width = max(tex.width(node.text, 9) + 12, 26)
    return nodes


def _arguments(trace: Trace, name: str) -> list[str]:
    """What the line of a step uses: its parts are looked through, constants left out."""
    found: list[str] = []
    for arg in trace[name].args:
        inner = _arguments(trace, arg) if trace.parent(arg) else [arg] * (trace[arg].op != "const")
        found += [n for n in inner if n not in found]
    return found


def _band(trace: Trace, step: Step) -> int:
    if step.op == "param":
        return PARAMETERS
    if step.phase == "backward":
        return GRADIENTS if step.of in trace and trace[step.of].op == "param" else BACKWARD
    return UPDATES if step.phase == "update" else FORWARD


# Where they stand


def _columns(trace: Trace, nodes: dict[str, Node]) -> None:
    """The longest way from a leaf; a gradient stands beneath what it is of, an update beneath its parameter."""
    for node in nodes.values():
        if node.band == FORWARD and not node.step.is_leaf:
            node.column = 1 + max((nodes[a].column for a in node.args if nodes[a].band == FORWARD), default=0)
    users = _users(nodes)
    for name, node in nodes.items():
        first = min((nodes[u].column for u in users[name]), default=0)
        if node.step.is_leaf and users[name]:
            node.column = 0 if first == 1 and node.band == FORWARD else first
    for node in nodes.values():
        if node.step.phase != "forward":
            node.column = _beneath(trace, nodes, node)


def _users(nodes: dict[str, Node]) -> dict[str, list[str]]:
    """For each node those of the forward pass that are computed from it."""
    users = defaultdict(list)
    for name, node in nodes.items():
        for arg in node.args if node.step.phase == "forward" else ():
            users[arg].append(name)
    return users


def _beneath(trace: Trace, nodes: dict[str, Node], node: Node) -> int:
    owner = node.step.of or _parameter(trace, node)
    if owner in nodes:
        return nodes[owner].column
    return max((nodes[a].column for a in node.args), default=0)


def _parameter(trace: Trace, node: Node) -> str | None:
    """The parameter whose new value this is, or to whose update it belongs."""
    found = next((p for p, new in trace.updated().items() if new == node.step.name), None)
    belongs = None if found or node.step.phase != "update" else companion_of(trace, node.step.name)
    return belongs[1] if belongs else found


@dataclass
class _Layout:
    """Gives every node its place; a column is as wide as its widest row, a band as high as its highest column."""

    nodes: dict[str, Node]
    cells: dict = field(default_factory=lambda: defaultdict(list))

    def place(self) -> tuple[float, float]:
        for node in self.nodes.values():
            self.cells[node.band, node.column].append(node)
        rows = {key: self._rows(key, cell) for key, cell in self.cells.items()}
        height = self._heights(rows)
        return self._widths(rows), height

    def _rows(self, key, cell: list[Node]) -> list[list[Node]]:
        """Parameters in one row (a new one for what uses the row before); values one under the other, leaves last."""
        if key[0] not in SPREAD:
            return [[node] for node in sorted(cell, key=lambda n: n.step.is_leaf)]
        rows: list[list[Node]] = []
        for node in sorted(cell, key=self._owner) if key[0] == GRADIENTS else cell:
            depth = max((i + 1 for i, row in enumerate(rows) for n in row if n.step.name in node.args), default=0)
            rows += [[]] * 0 if depth < len(rows) else [[]]
            rows[depth].append(node)
        return rows

    def _owner(self, node: Node) -> int:
        return list(self.nodes).index(node.step.of)

    def _heights(self, rows) -> float:
        y = HEIGHT / 2 + 3
        for band in range(UPDATES + 1):
            deepest = max((len(r) for (b, _), r in rows.items() if b == band), default=0)
            for (b, _), stack in rows.items():
                for i, row in enumerate(stack):
                    for node in row if b == band else ():
                        node.y = y + i * ROW
            y += (deepest - 1) * ROW + BAND if deepest else 0
        return y - BAND + HEIGHT / 2 + 3

    def _widths(self, rows) -> float:
        left = 3.0
        for column in range(max(c for _, c in rows) + 1):
            stacks = [row for (_, c), stack in rows.items() if c == column for row in stack]
            wide = max((_width(row) for row in stacks), default=0)
            for row in stacks:
                x = left + (wide - _width(row)) / 2
                for node in row:
                    node.middle = left + wide / 2
                    node.x = x + node.width / 2
                    x += node.width + ASIDE
            left += wide + GAP if wide else 0
        return left - GAP + 3


def _width(row: list[Node]) -> float:
    return sum(node.width for node in row) + ASIDE * (len(row) - 1)


# What is drawn


def _box(canvas: Canvas, node: Node, view: View) -> None:
    """A leaf is plain, a step has the colour of its phase; each leads to where it is defined or derived."""
    url = view.href(node.step.name)
    colour = palette.FAINT if node.step.is_leaf else palette.PHASES[node.step.phase]
    canvas.rectangle(node.box, 2.5, fill=palette.GROUND, stroke=colour, width=1.1, url=url)
    if not node.step.is_leaf:
        canvas.rectangle(node.box, 2.5, fill=colour, alpha=(1, 0.09), url=url)
    ink = palette.MUTED if node.step.is_leaf else palette.INK
    canvas.label(node.x, node.y, node.text, size=9, colour=ink, url=url)


@dataclass
class _Wires:
    """All lines of one kind, drawn as one path, and their arrow heads as another."""

    colour: str
    width: float
    opaque: float
    lines: list = field(default_factory=list)
    heads: list = field(default_factory=list)

    def add(self, curve: tuple[float, ...]) -> None:
        """A Bézier curve of four points; the head sits on its end and points along it."""
        *_, x2, y2, x, y = curve
        length = ((x - x2) ** 2 + (y - y2) ** 2) ** 0.5 or 1.0
        ux, uy = (x - x2) / length * ARROW, (y - y2) / length * ARROW
        self.lines += [("M", *curve[:2]), ("C", *curve[2:6], x - ux / 2, y - uy / 2)]
        left, right = (x - ux - uy * 0.45, y - uy + ux * 0.45), (x - ux + uy * 0.45, y - uy - ux * 0.45)
        self.heads += [("M", x, y), ("L", *left), ("L", *right), ("Z",)]

    def draw(self, canvas: Canvas) -> None:
        canvas.path(self.lines, stroke=self.colour, width=self.width, alpha=(self.opaque, 1))
        canvas.path(self.heads, fill=self.colour, alpha=(1, self.opaque))


def _is_shared(trace: Trace, source: Node, node: Node) -> bool:
    """Whether a wire would lead from what all parameters share in the update to one of them: there are too many."""
    inside = source.step.phase == node.step.phase == "update"
    return inside and _parameter(trace, source) is None and _parameter(trace, node) is not None


def _wires(nodes: dict[str, Node], own_args: dict[str, list[str]]) -> list[_Wires]:
    """First what looks back to an earlier phase, thin; then each phase's own way, in its colour."""
    back = _Wires(palette.MUTED, 0.6, 0.6)
    own = {phase: _Wires(colour, 1.1, 0.9) for phase, colour in palette.PHASES.items()}
    for name, node in nodes.items():
        for arg in own_args[name]:
            source = nodes[arg]
            main = source.step.phase == node.step.phase or source.step.phase == "backward"
            (own[node.step.phase] if main else back).add(curve(source, node, nodes.values()))
    return [back, *own.values()]
