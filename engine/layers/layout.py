"""Which way round a model is written: samples in rows, z = x W + b, or in columns, z = W x + b.

A family writes its forward pass once, in the words of `Layout`. Its weights are declared with `laid=` the layout in
which their dimensions stand so (`spec/shapes.py`); in the other they stand the other way round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from ..ops import OPS
from ..spec.example import Known, Matrix, Vector
from ..spec.shapes import COLUMNS, LAYOUTS, ROWS
from ..tape.tape import Expr, apply

Named = Annotated[str, Known("layout", LAYOUTS)]
"""The key `layout` of an example: where the samples stand, and with them tokens, or steps of time."""


@dataclass(frozen=True)
class Layout:
    """How samples and weights stand on the tape; data in a file have one row per sample in every layout."""

    name: str = COLUMNS

    @property
    def in_rows(self) -> bool:
        return self.name == ROWS

    @property
    def axis(self) -> int:
        """The axis along which the numbers of one sample stand."""
        return 1 if self.in_rows else 0

    def samples(self, rows: Any) -> np.ndarray:
        """Data with one row per sample, as it stands on the tape."""
        return np.asarray(rows) if self.in_rows else np.transpose(rows)

    def one(self, values: Sequence[float]) -> np.ndarray:
        """The numbers of one sample, or of biases: a row or a column."""
        return np.reshape(values, (1, -1) if self.in_rows else (-1, 1))

    def times(self, x: Expr, W: Expr) -> Expr:
        """The weighted sums of every sample: x W or W x."""
        return x @ W if self.in_rows else W @ x

    def affine(self, leaf: Callable, scope: str, x: Expr, W: Matrix, b: Vector | None) -> Expr:
        """The weighted sums and their biases, if there are any; the weights are leaves 'scope.W' and 'scope.b'."""
        z = self.times(x, leaf(f"{scope}.W", W))
        return z if b is None else z + leaf(f"{scope}.b", self.one(b))

    def inputs(self, W: Matrix) -> int:
        """How many numbers a matrix of weights reads of each sample."""
        return len(W) if self.in_rows else len(W[0])

    def outputs(self, W: Matrix) -> int:
        """How many numbers it gives for each."""
        return len(W[0]) if self.in_rows else len(W)

    def apply(self, op: str, *args: Expr, **attrs: Any) -> Expr:
        """`op(*args)`; one that looks at all numbers of a sample together looks along the axis of this layout."""
        if self.in_rows and "axis" in OPS[op].attrs:
            attrs["axis"] = self.axis
        return apply(op, *args, **attrs)


IN_ROWS = Layout(ROWS)
