"""Self-attention with one head: O = softmax(Q Kᵀ / √d_k) V, tokens in rows (Vaswani et al. 2017); with the other
layout O = V softmax(Kᵀ Q / √d_k), tokens in columns."""

from typing import ClassVar

from ..layers import parts, transformer
from ..layers.layout import ROWS, Layout, Named
from ..spec.example import Example
from ..spec.shapes import table
from ..tape.tape import Tape


class Spec(Example):
    """An attention example. With `causal` a token looks at itself and at those before it only."""

    LOSS: ClassVar = "Half the squared errors, added up over all tokens and numbers."

    layout: Named = ROWS
    """Where tokens stand, and so which way round W is read: in `rows`, Q = X W, or in `columns`, Q = W X."""
    data: transformer.Data = table(outputs="d_v")
    """The tokens, and what they should become."""
    weights: transformer.Head = table(seen="d")
    """The matrices of the head."""
    causal: bool = False
    """`true`: a token looks at itself and at those before it, not at those behind."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    layout = Layout(spec.layout)
    x = tape.input("X", layout.samples(spec.data.x))
    mask = transformer.looking_back(tape, len(spec.data.x), layout) if spec.causal else None
    tape.const("d_k", layout.outputs(spec.weights.W_Q))
    out = parts.attention(tape, "attention", spec.weights, x, mask=mask, out="O", layout=layout)
    return transformer.half_squared(tape, out, spec.data, layout)
