"""Multi-head attention: several heads look at the same tokens, each in its own way; O = [H⁽¹⁾ H⁽²⁾ …] W^O
(Vaswani et al. 2017)."""

from pydantic import model_validator

from ..layers import parts, transformer
from ..spec.example import Example
from ..spec.shapes import expect_shape
from ..tape.tape import Tape


class Spec(Example):
    """A multihead example. With `causal` a token looks at itself and at those before it only."""

    data: transformer.Data
    heads: transformer.Heads
    weights: transformer.Output
    causal: bool = False

    @model_validator(mode="after")
    def _shapes_meet(self):
        tokens, d, wide = len(self.data.x), len(self.data.x[0]), len(self.weights.W_O[0])
        transformer.expect_heads(transformer.places(self.heads), d, f"data.x has {d} numbers in a row")
        transformer.expect_output("weights.W_O", self.weights.W_O, self.heads)
        why = f"data.x has {tokens} rows and weights.W_O has {wide} columns"
        expect_shape("data.y", self.data.y, tokens, wide, why)
        transformer.expect_small(self, "data.x", tokens, self.heads, self.weights)
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x = tape.data("X", spec.data.x)
    mask = transformer.looking_back(tape, len(spec.data.x)) if spec.causal else None
    tape.const("d_k", len(spec.heads[0].W_Q[0]))
    out = parts.multi_head(tape, "attention", spec.heads, spec.weights.W_O, x, mask=mask)
    return transformer.half_squared(tape, out, spec.data.y)
