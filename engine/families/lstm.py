"""The long short-term memory: gates decide what the cell state forgets, what it takes in, and what it shows.

f, i, o = σ(W_x x_t + W_h h_{t-1} + b), each with weights of its own; c~ = tanh(W_xc x_t + W_hc h_{t-1} + b_c);
c_t = f ⊙ c_{t-1} + i ⊙ c~; h_t = o ⊙ tanh(c_t). An output y_t = W_hy h_t + b_y comes out at the last step (many to
one), at every step (many to many) or at some. Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins
2000.
"""

from typing import Annotated, ClassVar

from pydantic import Discriminator, Tag

from ..layers.layout import COLUMNS
from ..layers.recurrent import Parameters, Recurrent, Sequence, Sequences, unrolled
from ..spec.example import Matrix, Model, Vector
from ..spec.mistakes import SAMPLE, SAMPLES
from ..spec.samples import by_depth
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape


class Data(Sequence):
    """[data]: x, y and h0, and the cell state `c0` before the first step, 0 if it is not given."""

    c0: Vector | None = shape("hidden", default=None)
    """The cell state before the first step; 0 if it is left out."""


class Several(Sequences):
    """Several sequences, of equal or of different length: every key is a list with one entry for each, which is what
    the key has where there is but one."""

    ONE: ClassVar[type[Sequence]] = Data

    c0: Matrix | None = shape("samples", "hidden", default=None)
    """The cell states before the first step: one row for each sequence; 0 if they are left out."""


class Weights(Model):
    """[weights]: for the gates f (forget), i (input), o (output) and the candidate c its W_x (hidden × inputs), W_h
    (hidden × hidden) and b; then W_hy (outputs × hidden) and b_y. With rows for a layout each W stands the other
    way round. Each of the biases may be left out."""

    W_xf: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the forget gate."""
    W_hf: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the forget gate."""
    b_f: Vector | None = shape("hidden", default=None)
    """The biases of the forget gate; left out, it has none."""
    W_xi: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the input gate."""
    W_hi: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the input gate."""
    b_i: Vector | None = shape("hidden", default=None)
    """The biases of the input gate; left out, it has none."""
    W_xc: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the candidate."""
    W_hc: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the candidate."""
    b_c: Vector | None = shape("hidden", default=None)
    """The biases of the candidate; left out, it has none."""
    W_xo: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the output gate."""
    W_ho: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the output gate."""
    b_o: Vector | None = shape("hidden", default=None)
    """The biases of the output gate; left out, it has none."""
    W_hy: Matrix = shape("outputs", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the output."""
    b_y: Vector | None = shape("outputs", default=None)
    """The biases of the output; left out, it has none."""


class Spec(Recurrent):
    """An lstm example."""

    data: Annotated[Annotated[Data, Tag(SAMPLE)] | Annotated[Several, Tag(SAMPLES)], Discriminator(by_depth(2))]
    """The sequence, and what should come out; or several sequences."""
    weights: Weights
    """The weights of the gates, of the candidate and of the output, the same at every step."""


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, cell)


def cell(tape: Tape, p: Parameters, t: str, x: Expr, state: dict) -> dict:
    """One step of time: three gates, the candidate, the cell state and the hidden state."""

    def before(gate: str) -> Expr:
        return tape.write(f"{t}.z_{gate}", p.reads(gate, x, state["h"]), grad=f"{t}.delta_{gate}")

    f = tape.write(f"{t}.f", before("f").sigmoid())
    i = tape.write(f"{t}.i", before("i").sigmoid())
    candidate = tape.write(f"{t}.candidate", before("c").tanh())
    c = tape.write(f"{t}.c", f * state["c"] + i * candidate, grad=f"{t}.dc")
    o = tape.write(f"{t}.o", before("o").sigmoid())
    return {"h": tape.write(f"{t}.h", o * c.tanh(), grad=f"{t}.dh"), "c": c}
