"""The gated recurrent unit, if nothing else is said in the form of cuDNN and PyTorch: the reset gate works on what
W_hn h + b_hn gives, and the update gate is the share of the old state.

r, z = σ(W_x x_t + W_h h_{t-1} + b), each with weights of its own; n = tanh(W_xn x_t + b_xn + r ⊙ (W_hn h_{t-1} +
b_hn)); h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}. With the reset before the product, as in the paper of Cho et al. 2014,
n = tanh(W_xn x_t + W_hn (r ⊙ h_{t-1}) + b_xn + b_hn). Where z is the share of the new state, as in Chung et al. 2014,
h_t = z ⊙ n + (1 - z) ⊙ h_{t-1}. An output y_t = W_hy h_t + b_y comes out at the last step (many to one), at every
step (many to many) or at some.
"""

from functools import partial
from typing import Annotated

from ..layers.layout import COLUMNS
from ..layers.recurrent import Parameters, Recurrent, Sequential, unrolled
from ..spec.example import Known, Matrix, Model, Vector
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape


class Weights(Model):
    """[weights]: for the gates r (reset) and z (update) its W_x (hidden × inputs), W_h (hidden × hidden) and b; for
    the candidate n also two biases, b_xn and b_hn; then W_hy (outputs × hidden) and b_y. With rows
    for a layout each W stands the other way round. Each of the biases may be left out."""

    W_xr: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the reset gate."""
    W_hr: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the reset gate."""
    b_r: Vector | None = shape("hidden", default=None)
    """The biases of the reset gate; left out, it has none."""
    W_xz: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the update gate."""
    W_hz: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the update gate."""
    b_z: Vector | None = shape("hidden", default=None)
    """The biases of the update gate; left out, it has none."""
    W_xn: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the candidate."""
    b_xn: Vector | None = shape("hidden", default=None)
    """The biases of the candidate on the side of the input; left out, it has none there."""
    W_hn: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the candidate."""
    b_hn: Vector | None = shape("hidden", default=None)
    """The biases of the candidate on the side of the hidden state; left out, it has none there."""
    W_hy: Matrix = shape("outputs", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the output."""
    b_y: Vector | None = shape("outputs", default=None)
    """The biases of the output; left out, it has none."""


class Spec(Recurrent):
    """A gru example. `reset` says whether the reset gate works "after" the product with W_hn, on W_hn h + b_hn, or
    "before" it, on h; `update_gate`, of which state z is the share in the next: of the "old" one, h' = (1 - z) ⊙ n +
    z ⊙ h, or of the "new" one, h' = z ⊙ n + (1 - z) ⊙ h."""

    data: Sequential
    """The sequence, and what should come out; or several sequences."""
    weights: Weights
    """The weights of the gates, of the candidate and of the output, the same at every step."""
    reset: Annotated[str, Known("place of the reset", ("after", "before"))] = "after"
    """Where the reset gate works: `"after"` the product with W_hn, on W_hn h + b_hn, as in PyTorch; `"before"` it, on
    the hidden state."""
    update_gate: Annotated[str, Known("meaning of the update gate", ("old", "new"))] = "old"
    """Of which state the update gate z is the share in the next: of the `"old"` one, h' = (1 − z) ⊙ n + z ⊙ h, as in
    PyTorch; of the `"new"` one, h' = z ⊙ n + (1 − z) ⊙ h."""


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, partial(cell, spec))


def cell(spec: Spec, tape: Tape, p: Parameters, t: str, x: Expr, state: dict) -> dict:
    """One step of time: two gates, the candidate and the mixture of the candidate with the state before."""
    h = state["h"]

    def gate(name: str) -> Expr:
        before = tape.write(f"{t}.a_{name}", p.reads(name, x, h), grad=f"{t}.delta_{name}")
        return tape.write(f"{t}.{name}", before.sigmoid())

    r, z = gate("r"), gate("z")
    sums = _reset_after(tape, p, t, x, h, r) if spec.reset == "after" else _reset_before(tape, p, t, x, h, r)
    n = tape.write(f"{t}.n", tape.write(f"{t}.a_n", sums, grad=f"{t}.delta_n").tanh())
    mixed = (1 - z) * n + z * h if spec.update_gate == "old" else z * n + (1 - z) * h
    return {"h": tape.write(f"{t}.h", mixed, grad=f"{t}.dh")}


def _reset_after(tape: Tape, p: Parameters, t: str, x: Expr, h: Expr, r: Expr) -> Expr:
    """W_xn x + b_xn + r ⊙ q with q = W_hn h + b_hn, which has a line."""
    q = tape.write(f"{t}.q", p.biased(p.times("W_hn", h), "b_hn"), grad=f"{t}.dq")
    return p.biased(p.times("W_xn", x), "b_xn") + r * q


def _reset_before(tape: Tape, p: Parameters, t: str, x: Expr, h: Expr, r: Expr) -> Expr:
    """W_xn x + W_hn s + b_xn + b_hn with s = r ⊙ h, which has a line: here the two biases are only added up."""
    s = tape.write(f"{t}.s", r * h, grad=f"{t}.ds")
    return p.biased(p.biased(p.times("W_xn", x) + p.times("W_hn", s), "b_xn"), "b_hn")
