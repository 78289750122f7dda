"""Self-attention with one head: O = softmax(Q Kᵀ / √d_k) V, tokens in rows (Vaswani et al. 2017); with the other
layout O = V softmax(Kᵀ Q / √d_k), tokens in columns."""

from ..layers import parts, transformer
from ..layers.layout import ROWS, Layout, Named
from ..spec.example import Example
from ..spec.shapes import table
from ..tape.tape import Tape


class Spec(Example):
    """An attention example. With `causal` a token looks at itself and at those before it only. `layout` says where
    tokens stand, and so which way round the weights are read: in "rows", Q = X W, or in "columns", Q = W X."""

    layout: Named = ROWS
    data: transformer.Data = table(outputs="d_v")
    weights: transformer.Head = table(seen="d")
    causal: bool = False


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    layout = Layout(spec.layout)
    x = tape.input("X", layout.samples(spec.data.x))
    mask = transformer.looking_back(tape, len(spec.data.x), layout) if spec.causal else None
    tape.const("d_k", layout.outputs(spec.weights.W_Q))
    out = parts.attention(tape, "attention", spec.weights, x, mask=mask, out="O", layout=layout)
    return transformer.half_squared(tape, out, spec.data, layout)
