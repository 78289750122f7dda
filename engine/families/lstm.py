"""The long short-term memory: gates decide what the cell state forgets, what it takes in, and what it shows.

f, i, o = σ(W_x x_t + W_h h_{t-1} + b), each with weights of its own; c~ = tanh(W_xc x_t + W_hc h_{t-1} + b_c);
c_t = f ⊙ c_{t-1} + i ⊙ c~; h_t = o ⊙ tanh(c_t). An output y_t = W_hy h_t + b_y comes out at the last step (many to
one), at every step (many to many) or at some. Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins
2000.
"""

from typing import Annotated, ClassVar

from pydantic import Discriminator, Tag

from ..layers.recurrent import Recurrent, Sequence, Sequences, reads, unrolled
from ..spec.example import Matrix, Model, Vector
from ..spec.mistakes import SAMPLE, SAMPLES
from ..spec.samples import by_depth
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape


class Data(Sequence):
    """[data]: x, y and h0, and the cell state `c0` before the first step, 0 if it is not given."""

    c0: Vector | None = shape("hidden", default=None)


class Several(Sequences):
    """[data] of several sequences, with a cell state before the first step for each."""

    ONE: ClassVar[type[Sequence]] = Data

    c0: Matrix | None = shape("samples", "hidden", default=None)


class Weights(Model):
    """[weights]: for the gates f (forget), i (input), o (output) and the candidate c its W_x (hidden × inputs), W_h
    (hidden × hidden) and b; then W_hy (outputs × hidden) and b_y. Each of the biases may be left out."""

    W_xf: Matrix = shape("hidden", "inputs")
    W_hf: Matrix = shape("hidden", "hidden")
    b_f: Vector | None = shape("hidden", default=None)
    W_xi: Matrix = shape("hidden", "inputs")
    W_hi: Matrix = shape("hidden", "hidden")
    b_i: Vector | None = shape("hidden", default=None)
    W_xc: Matrix = shape("hidden", "inputs")
    W_hc: Matrix = shape("hidden", "hidden")
    b_c: Vector | None = shape("hidden", default=None)
    W_xo: Matrix = shape("hidden", "inputs")
    W_ho: Matrix = shape("hidden", "hidden")
    b_o: Vector | None = shape("hidden", default=None)
    W_hy: Matrix = shape("outputs", "hidden")
    b_y: Vector | None = shape("outputs", default=None)


class Spec(Recurrent):
    """An lstm example."""

    data: Annotated[Annotated[Data, Tag(SAMPLE)] | Annotated[Several, Tag(SAMPLES)], Discriminator(by_depth(2))]
    weights: Weights


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, cell)


def cell(tape: Tape, p: dict, t: str, x: Expr, state: dict) -> dict:
    """One step of time: three gates, the candidate, the cell state and the hidden state."""

    def before(gate: str) -> Expr:
        return tape.write(f"{t}.z_{gate}", reads(p, gate, x, state["h"]), grad=f"{t}.delta_{gate}")

    f = tape.write(f"{t}.f", before("f").sigmoid())
    i = tape.write(f"{t}.i", before("i").sigmoid())
    candidate = tape.write(f"{t}.candidate", before("c").tanh())
    c = tape.write(f"{t}.c", f * state["c"] + i * candidate, grad=f"{t}.dc")
    o = tape.write(f"{t}.o", before("o").sigmoid())
    return {"h": tape.write(f"{t}.h", o * c.tanh(), grad=f"{t}.dh"), "c": c}
