"""What a page template sees of one example: its lines, symbols, tables and links, in one language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np

from gradbook.engine import Example, Trace, check_gradients, pencil, train
from gradbook.engine.ops import OPS
from gradbook.engine.optim import detached
from gradbook.engine.tape.check import GradientCheck
from gradbook.engine.tape.trace import Step

from ..base.address import address
from ..base.numbers import decimal_of, plain_number, printed_array, tex_number
from ..formula import wide
from ..formula.augmented import Augmented
from ..formula.derive import matrix
from ..formula.lines import Line, collected
from ..formula.nodes import Number, Row
from ..formula.notation import Notation, filled, pattern
from ..formula.symbols import slashed
from ..formula.tex import shape_tex
from ..formula.written import Written
from ..i18n.words import SOURCE, environment, markdown_text
from .groups import Group, Grouping, kind, scope
from .listing import listing
from .moved import Move, course, moved_most, rests

SECOND = "@2"
"""What the name of a trace ends with that is the second update of an example: 'adam@2'."""

SHARED = "*"
"""The scope of what all parameters share in the update."""

IN_TABLES = 6
"""The significant digits of exact values in the tables of several updates."""

PAGE_OF = {"forward": "forward", "backward": "backward", "update": "update"}
"""The page that derives the steps of each phase."""


@dataclass(frozen=True)
class Worked:
    """An example worked through, in no language: its exact trace and the trace that is printed."""

    example: Example
    exact: Trace
    printed: Trace

    @classmethod
    def of(cls, example: Example, exact: Trace) -> "Worked":
        by_hand = example.page.arithmetic == "pencil"
        return cls(example, exact, pencil(exact, example.page.digits) if by_hand else exact)

    @cached_property
    def written(self) -> Written:
        """Its formulas, which are the same in every language."""
        macros = environment(SOURCE).get_template("math.j2").module
        return Written(self.printed, self.notation(SOURCE), self.example.page.digits, macros)

    def notation(self, lang: str) -> Notation:
        """Its symbols, with their meanings in a language."""
        env = environment(lang)
        shared = env.get_template("symbols.j2").module
        family = env.get_template(f"families/{self.example.family}.j2").module
        symbols = {**shared.symbols, **family.symbols}
        return Notation(self.example, self.exact, symbols, shared.attached, shared.derived)

    @cached_property
    def checks(self) -> list[GradientCheck]:
        return check_gradients(self.exact)

    @cached_property
    def second(self) -> "Worked | None":
        """The second update as an example of its own, which starts from the printed values of the first; None if
        the example does not ask for it."""
        if self.example.page.steps < 2:
            return None
        digits = self.example.page.digits
        start = {leaf: printed_array(self.printed.value(new), digits) for leaf, new in self.printed.updates.items()}
        return Worked.of(self.example, self.exact.replay(start).called(f"{self.exact.example}{SECOND}"))

    def history(self, updates: int) -> list[Trace]:
        """The exact traces after 0, 1, … updates."""
        found = [self.exact]
        while len(found) <= updates:
            last = found[-1]
            found.append(last.replay({leaf: last.value(new) for leaf, new in last.updates.items()}))
        return found

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss before each of `page.curve` updates, and after the last."""
        return train(self.exact, self.example.page.curve)[0]


class PageView:
    """The names that page templates use. All TeX comes ready to be set in a `math` block or between dollars."""

    def __init__(self, worked: Worked, lang: str):
        self.worked, self.lang = worked, lang
        self.example, self.exact, self.trace = worked.example, worked.exact, worked.printed
        env = environment(lang)
        self.family: ModuleType = env.get_template(f"families/{self.example.family}.j2").module
        self.shared = env.get_template("symbols.j2").module
        self.written, self.notation = worked.written, worked.notation(lang)
        self.reasons = env.get_template("why.j2").module

    wide = wide  # its limits are told to readers
    MOST_WORKED = 12
    """A page works so many single entries out in full."""

    # Words

    def _words(self, name: str, default):
        """What the family's template says under a name; not every family says everything."""
        return getattr(self.family, name, default)

    def told(self, name: str) -> str:
        """A paragraph of the family's own, or nothing."""
        return self._words(name, "")

    def reason(self, line: Line) -> str:
        """Why a line of the forward pass is what it is; nothing if there is nothing to say."""
        step = line.step
        while not step.is_leaf and OPS[step.op].adds_all and self.trace[step.args[0]].value.size == 1:
            step = self.trace[step.args[0]]  # a sum that is not seen
        return self._why("forward", line.name) or self.why("forward", step.op)

    def gradient_reasons(self, gradient: "Gradient") -> list[str]:
        """Why a gradient is what it is: what the family says of it, then the derivatives that it uses."""
        told = [self._why("backward", gradient.of), *(self.why("backward", op) for op in gradient.reasons())]
        return list(dict.fromkeys(filter(None, told)))

    def why(self, phase: str, op: str) -> str:
        """Why an operation ('sigmoid') or its derivative ('sigmoid_0') is what it is: in the family's words if it
        has any, else in the book's; nothing if there is nothing to say."""
        own, shared = self._words(f"why_{phase}", {}), getattr(self.reasons, phase)
        return own[op] if op in own else shared.get(op, "")

    def _why(self, phase: str, name: str) -> str:
        """What the family says of a step: keys with a dot or of a step's name are patterns of names."""
        own = self._words(f"why_{phase}", {})
        return next((words for key, words in own.items() if pattern(key).fullmatch(name)), "")

    def remembered(self) -> list[tuple[list[str], str]]:
        """(formulas, sentence): the lines that the family is about; a line that this example lacks is left out."""
        told = [([n for n in names if n in self.trace], words) for names, words in self._words("remember", [])]
        return [([self.written.rule(name) for name in names], words) for names, words in told if names]

    def seen(self, phase: str) -> list[tuple[str, str]]:
        """(results, sentence): what the numbers of a page show when they stand one under the other."""
        told = [(self._matching(keys), words) for keys, words in self._words(f"see_{phase}", [])]
        return [(self.results(map(self.written.line, names)), words) for names, words in told if names]

    def _matching(self, keys: list[str]) -> list[str]:
        """The steps that patterns name, in order of computation under each pattern."""
        return [name for key in keys for name in self.trace if pattern(key).fullmatch(name)]

    def words(self, texts: dict[str, str]) -> str:
        """What an example says in this language; in English where it says nothing else."""
        return texts.get(self.lang) or texts.get("en") or next(iter(texts.values()), "")

    @property
    def title(self) -> str:
        return markdown_text(self.words(self.example.title))

    def scope_title(self, name: str) -> str:
        """'Layer 1' for 'layer1.z'."""
        place = self._scope(name)
        if place == SHARED:
            return self.shared.shared_scope
        for key, title in self.family.scopes.items():
            if found := pattern(key).fullmatch(place):
                return filled(title, found.groupdict())
        return place

    def _is_shared(self, name: str) -> bool:
        """Whether a line of the update belongs to no parameter alone: the counter, the rate, what clipping needs."""
        if self.trace[name].phase != "update" or name in self.trace.updated().values():
            return False
        found = self.notation.attachment(name)
        return not found or found[0] == "q"

    # Steps

    def lines(self, phase: str) -> list[Line]:
        return [self.written.line(step.name) for step in self.trace.lines(phase)]

    def scopes(self, phase: str) -> list[Group]:
        """The lines of a phase grouped by scope, in an order in which each can be worked from those before it."""
        return self._grouping.of(self.lines(phase), lambda line: line.name)

    def gradient_scopes(self) -> list[Group]:
        """The gradients, grouped likewise by the scope of what they are gradients of."""
        return self._grouping.of(self.gradients(), lambda gradient: gradient.of)

    @cached_property
    def _grouping(self) -> Grouping:
        return Grouping(self.trace, self._words("folded", []), self.used, self.scope_title, self._scope)

    def _scope(self, name: str) -> str:
        return SHARED if self._is_shared(name) else scope(name)

    def step(self, name: str) -> Step:
        return self.trace[name]

    def gradients(self) -> list["Gradient"]:
        """The gradient lines in order of computation; a parameter whose gradient is another line's follows it."""
        aliases: dict[str, list[str]] = {}
        for leaf in self.trace.leaves("param"):
            line = self.trace.grads.get(leaf.name)
            if line and self.trace[line].of != leaf.name:
                aliases.setdefault(line, []).append(leaf.name)
        found = []
        for step in self.trace.lines("backward"):
            found.append(Gradient(self, step.name, step.of))
            found += [Gradient(self, step.name, of) for of in aliases.get(step.name, [])]
        return found

    def augmented(self, line: Line) -> Augmented | None:
        """The line with its bias folded in, in a family that has something to say of it."""
        return self.written.augmented(line.name) if self.why("forward", "augmented") else None

    # TeX

    @cached_property
    def loss(self) -> str:
        """The symbol of the loss."""
        return self.symbol(self.trace.loss)

    def derivation(self, line: Line) -> str:
        """The whole derivation of a line, as one block."""
        return self.written.block(self.written.derivation(line.name))

    def gradient_results(self, gradients: list["Gradient"]) -> str:
        """The gradients' results alone, one under the other."""
        return self.written.results((self.written.chain.gradient(g.of), g.name) for g in gradients)

    def results(self, lines: Iterable[Line]) -> str:
        """The lines' results alone, one under the other."""
        return self.written.results((line.symbol, line.name) for line in lines)

    def symbol(self, name: str) -> str:
        return self.notation.symbol(name)

    def entry(self, name: str, index: tuple[int, ...]) -> str:
        return self.notation.entry(name, index)

    def given_value(self, name: str) -> str:
        return self.written.given(name)

    @property
    def is_wide(self) -> bool:
        """Whether any array of the example is printed with dots."""
        return any(wide.is_wide(step.shape) for step in self.trace.values())

    def value(self, name: str) -> str:
        return self.written.value(name)

    def rows(self, rows: Iterable[Row]) -> str:
        return self.written.rows.block(rows)

    def compact(self, rows: Sequence[Row]) -> str:
        """The rows beside each other if they are short, else as an aligned block."""
        return self.written.compact(rows)

    def number(self, value: float, digits: int | None = None) -> str:
        return tex_number(value, digits)

    def plain_number(self, value: float, digits: int | None = None) -> str:
        return plain_number(value, digits)

    def shape(self, name: str) -> str:
        return shape_tex(self.trace[name].shape)

    def worked_entries(self, line: Line) -> list[str]:
        """Blocks that work one entry of each matrix product of the line, or of its function, in full."""
        names = line.products()
        if not names and self.written.has_entries(line.step.op) and line.step.value.size > 1:
            names = [line.name] if not self.trace.parts(line.name) else []
        return [self.written.entry(line.name, name, self._telling(name)) for name in names]

    def kind(self, line: Line) -> tuple:
        """What an entry in full of this line would look like, under its heading: one of a kind is enough."""
        return self._scope(line.name), *kind(self.trace, line.name)

    def _telling(self, name: str) -> tuple[int, ...]:
        """The entry worth working out: first row, second column where there is one, so that rows and columns
        cannot be confused; if 0 or 1 stands there, the first that is neither, or that is not 0. The row to which
        several come."""
        value, row = self.trace.value(name), collected(self.trace[name]) or 0
        place = (row, min(1, value.shape[1] - 1)) if value.ndim == 2 else (0,) * value.ndim
        dull = value[place] in (0, 1)
        others = [*np.argwhere((value != 0) & (value != 1)), *np.argwhere(value)] if dull else []
        return tuple(map(int, others[0])) if others else place

    # Links

    def label(self, name: str) -> str:
        return label(self.trace.example, name)

    def symbol_label(self, name: str) -> str:
        return label(self.example.name, f"symbol.{name}")

    @property
    def address(self) -> str:
        """The address of the example in the book, with which all addresses of its pages begin."""
        return address(self.example.name)

    def link(self, name: str) -> str:
        """A Markdown link from a step's symbol to its derivation; of a leaf, to its definition."""
        target = self.symbol_label(name) if self.trace[name].is_leaf else self.label(name)
        return f"[${self.notation.inline(name)}$](#{target})"

    def definitions(self, *steps: str) -> list[str]:
        """Links to the definitions of symbols."""
        names = dict.fromkeys(steps)
        return [f"[${self.notation.inline(n)}$](#{self.symbol_label(n)})" for n in names if self.is_listed(n)]

    def used(self, name: str) -> list[str]:
        """The leaves and lines that a line is computed from."""
        found = []
        for arg in self.trace[name].args:
            found += self.used(arg) if self.trace.parent(arg) else [arg]
        return found

    def is_listed(self, name: str) -> bool:
        """Whether a step stands in the table of symbols."""
        return not self.trace.parent(name) and not name.startswith("const.")

    def listed(self) -> list[Step]:
        return [step for step in self.trace.values() if self.is_listed(step.name)]

    def listed_apart(self) -> tuple[list[Step], list[Step]]:
        """The steps of the table of symbols, and those that only repeat them and can be opened."""
        first, again = self._grouping.apart([step.name for step in self.listed()])
        return [self.trace[name] for name in first], [self.trace[name] for name in again]

    def href(self, name: str) -> str:
        """The address of a step's derivation relative to the example's folder."""
        step = self.trace[name]
        if step.is_leaf:
            return f"index.html#{self.symbol_label(name)}"
        page = "second" if self.trace.example.endswith(SECOND) else PAGE_OF[step.phase]
        return f"{page}.html#{self.label(name)}"

    def listing(self, op: str) -> str:
        return listing(op)

    def ops(self, name: str) -> list[str]:
        """The operations of a line: its own and those of its parts, in order of use."""
        inner = [op for part in self.trace.parts(name) for op in self.ops(part)]
        return list(dict.fromkeys([*inner, self.trace[name].op]))

    # Update and check

    def part_of_update(self, name: str) -> str:
        """What a line of the update is, as templates/why.j2 names it."""
        rule = self.example.update
        if name == "rate":
            return f"rate.{rule.schedule.kind}"
        if found := self.notation.attachment(name):
            return f"c.{'norm' if rule.clip_norm else 'value'}" if found[0] == "c" else found[0]
        return name.removesuffix("_new") if self._is_shared(name) else "new"

    def entry_in_full(self, line: Line) -> str:
        """One entry of the line worked by itself."""
        return self.written.entry(line.name, line.name, self._telling(line.name))

    def history(self) -> list["History"]:
        """What the updates change, from update to update: the loss, then each parameter with its state."""
        traces = self.worked.history(self.example.page.steps)
        rate = ["rate"] * ("rate" in self.trace)
        state = self.trace.updated("state")
        groups = [[self.trace.loss, *rate]]
        for parameter in self.trace.updated():
            own = [name for name in state if (found := detached(self.trace, name)) and found[1] == parameter]
            groups.append([parameter, *own])
        return [History(names, [[self._exact(t, name) for name in names] for t in traces]) for names in groups]

    def _exact(self, trace: Trace, name: str) -> str:
        """An array in exact numbers, to six digits, without addresses."""
        value = trace.value(name)
        if value.size == 1:
            return self.number(value.item(), IN_TABLES)
        cells = wide.filled(value.shape, lambda index: Number(decimal_of(value[index], IN_TABLES)))
        return self.written.tex(matrix(cells))

    def moved_most(self, parameter: str) -> Move:
        """The entry of a parameter that the printed update changes most."""
        return moved_most(self.trace, self.exact, parameter, self.example.page.digits)

    @property
    def rests(self) -> bool:
        """Whether nothing moves because all gradients are 0, exactly and as they are printed."""
        return rests(self.trace) and rests(self.exact)

    def course(self, digits: int) -> str:
        """How the loss goes in the update, where it is printed with so many digits."""
        before, after = map(float, self.worked.losses[:2])
        return course(before, after, digits)

    def loss_table(self) -> list[tuple[int, float]]:
        """The loss after 0, 1, 10, 100, … updates and after the last."""
        last = len(self.worked.losses) - 1
        counts = [0, *(10**k for k in range(7) if 10**k < last), last]
        return [(n, float(self.worked.losses[n])) for n in counts]


@dataclass(frozen=True)
class History:
    """A table: the names of its columns, and their values after 0, 1, … updates."""

    columns: list[str]
    rows: list[list[str]]


class Gradient:
    """One derivation of the backward page: dJ/d(of), which the line `name` holds."""

    def __init__(self, view: PageView, name: str, of: str):
        self.view, self.name, self.of = view, name, of
        self.line = view.written.line(name)
        self.alias = view.trace[name].of != of

    @property
    def is_parameter(self) -> bool:
        return self.view.trace[self.of].op == "param"

    @property
    def is_named(self) -> bool:
        """Whether the family gives the gradient a symbol of its own, such as δ."""
        return self.view.written.is_named(self.name, self.of)

    @property
    def label(self) -> str:
        """Of an alias the place is that of the parameter's gradient; the line itself is elsewhere."""
        return self.view.label(f"{self.of}.gradient" if self.alias else self.name)

    @property
    def symbol(self) -> str:
        return self.view.written.tex(self.view.written.chain.gradient(self.of))

    @property
    def inline(self) -> str:
        return slashed(self.view.loss, self.view.symbol(self.of))

    def block(self) -> str:
        """Chain rule, rule, numbers, result. An alias ends at the line that holds its value."""
        return self.view.written.block(self.view.written.gradient(self.name, self.of))

    def symbols(self) -> list[str]:
        """The steps whose symbols the block uses."""
        return [self.of, self.name] if self.alias else [*self.view.used(self.name), self.of, self.name]

    def reasons(self) -> list[str]:
        """The operations whose derivatives are used, in the order in which the block writes them."""
        return self.view.written.chain.reasons(self.of)[::-1]


def label(example: str, name: str) -> str:
    """The address of a step in the book, as docutils writes ids: 'seed:layer1.W_new' -> 'seed-layer1-w-new'."""
    name_of_file, at, update = example.partition("@")
    step = name.lower().replace(".", "-").replace("_", "-")
    return f"{address(name_of_file)}{'-step' if at else ''}{update}-{step}"
