"""The gated recurrent unit in the form of cuDNN and PyTorch: the reset gate works on what W_hn h + b_hn gives.

r, z = σ(W_x x_t + W_h h_{t-1} + b), each with weights of its own; n = tanh(W_xn x_t + b_xn + r ⊙ (W_hn h_{t-1} +
b_hn)); h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}. An output y_t = W_hy h_t + b_y comes out at the last step (many to one) or
at every step (many to many). Cho et al. 2014, whose reset gate works on h_{t-1} itself.
"""

from ..layers.recurrent import Recurrent, Sequence, biased, reads, unrolled
from ..spec.example import Matrix, Model, Vector
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
    """A gru example."""

    data: Sequence
    weights: Weights


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, cell)


def cell(tape: Tape, p: dict, t: str, x: Expr, state: dict) -> dict:
    """One step of time: two gates, the candidate and the mixture of the candidate with the state before."""
    h = state["h"]

    def gate(name: str) -> Expr:
        before = tape.write(f"{t}.a_{name}", reads(p, name, x, h), grad=f"{t}.delta_{name}")
        return tape.write(f"{t}.{name}", before.sigmoid())

    r, z = gate("r"), gate("z")
    q = tape.write(f"{t}.q", biased(p["W_hn"] @ h, p.get("b_hn")), grad=f"{t}.dq")
    a = tape.write(f"{t}.a_n", biased(p["W_xn"] @ x, p.get("b_xn")) + r * q, grad=f"{t}.delta_n")
    n = tape.write(f"{t}.n", a.tanh())
    return {"h": tape.write(f"{t}.h", (1 - z) * n + z * h, grad=f"{t}.dh")}
