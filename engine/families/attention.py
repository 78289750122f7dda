"""Self-attention with one head: O = softmax(Q Kᵀ / √d_k) V, tokens in rows (Vaswani et al. 2017)."""

from pydantic import model_validator

from ..layers import parts, transformer
from ..spec.example import Example
from ..spec.shapes import expect_shape
from ..tape.tape import Tape


class Spec(Example):
    """An attention example. With `causal` a token looks at itself and at those before it only."""

    data: transformer.Data
    weights: transformer.Head
    causal: bool = False

    @model_validator(mode="after")
    def _shapes_meet(self):
        tokens, d, d_v = len(self.data.x), len(self.data.x[0]), len(self.weights.W_V[0])
        transformer.expect_heads([("weights.", self.weights)], d, f"data.x has {d} numbers in a row")
        why = f"data.x has {tokens} rows and weights.W_V has {d_v} columns"
        expect_shape("data.y", self.data.y, tokens, d_v, why)
        transformer.expect_small(self, "data.x", tokens, self.weights)
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x = tape.data("X", spec.data.x)
    mask = transformer.looking_back(tape, len(spec.data.x)) if spec.causal else None
    tape.const("d_k", len(spec.weights.W_Q[0]))
    out = parts.attention(tape, "attention", spec.weights, x, mask=mask, out="O")
    return transformer.half_squared(tape, out, spec.data.y)
