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

from ..layers.recurrent import Recurrent, Sequential, biased, reads, unrolled
from ..spec.example import Known, Matrix, Model, Vector
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape


class Weights(Model):
    """[weights]: for the gates r (reset) and z (update) its W_x (hidden × inputs), W_h (hidden × hidden) and b; for
    the candidate n also two biases, b_xn and b_hn; then W_hy (outputs × hidden) and b_y. Each of the
    biases may be left out."""

    W_xr: Matrix = shape("hidden", "inputs")
    W_hr: Matrix = shape("hidden", "hidden")
    b_r: Vector | None = shape("hidden", default=None)
    W_xz: Matrix = shape("hidden", "inputs")
    W_hz: Matrix = shape("hidden", "hidden")
    b_z: Vector | None = shape("hidden", default=None)
    W_xn: Matrix = shape("hidden", "inputs")
    b_xn: Vector | None = shape("hidden", default=None)
    W_hn: Matrix = shape("hidden", "hidden")
    b_hn: Vector | None = shape("hidden", default=None)
    W_hy: Matrix = shape("outputs", "hidden")
    b_y: Vector | None = shape("outputs", default=None)


class Spec(Recurrent):
    """A gru example. `reset` says whether the reset gate works "after" the product with W_hn, on W_hn h + b_hn, or
    "before" it, on h; `update_gate`, of which state z is the share in the next: of the "old" one, h' = (1 - z) ⊙ n +
    z ⊙ h, or of the "new" one, h' = z ⊙ n + (1 - z) ⊙ h."""

    data: Sequential
    weights: Weights
    reset: Annotated[str, Known("place of the reset", ("after", "before"))] = "after"
    update_gate: Annotated[str, Known("meaning of the update gate", ("old", "new"))] = "old"


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, partial(cell, spec))


def cell(spec: Spec, tape: Tape, p: dict, t: str, x: Expr, state: dict) -> dict:
    """One step of time: two gates, the candidate and the mixture of the candidate with the state before."""
    h = state["h"]

    def gate(name: str) -> Expr:
        before = tape.write(f"{t}.a_{name}", reads(p, name, x, h), grad=f"{t}.delta_{name}")
        return tape.write(f"{t}.{name}", before.sigmoid())

    r, z = gate("r"), gate("z")
    sums = _reset_after(tape, p, t, x, h, r) if spec.reset == "after" else _reset_before(tape, p, t, x, h, r)
    n = tape.write(f"{t}.n", tape.write(f"{t}.a_n", sums, grad=f"{t}.delta_n").tanh())
    mixed = (1 - z) * n + z * h if spec.update_gate == "old" else z * n + (1 - z) * h
    return {"h": tape.write(f"{t}.h", mixed, grad=f"{t}.dh")}


def _reset_after(tape: Tape, p: dict, t: str, x: Expr, h: Expr, r: Expr) -> Expr:
    """W_xn x + b_xn + r ⊙ q with q = W_hn h + b_hn, which has a line."""
    q = tape.write(f"{t}.q", biased(p["W_hn"] @ h, p.get("b_hn")), grad=f"{t}.dq")
    return biased(p["W_xn"] @ x, p.get("b_xn")) + r * q


def _reset_before(tape: Tape, p: dict, t: str, x: Expr, h: Expr, r: Expr) -> Expr:
    """W_xn x + W_hn s + b_xn + b_hn with s = r ⊙ h, which has a line: here the two biases are only added up."""
    s = tape.write(f"{t}.s", r * h, grad=f"{t}.ds")
    return biased(biased(p["W_xn"] @ x + p["W_hn"] @ s, p.get("b_xn")), p.get("b_hn"))
