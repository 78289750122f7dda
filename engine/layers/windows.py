"""Windows that slide over maps: what an example says of a convolution and of a pooling, and what they reach.

How far a window moves and reaches, and how large that of a pooling is, is one number for rows and columns, or two,
[rows, columns].
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Discriminator, Field, Tag

from ..ops.convolution import pair, reach, seen
from ..spec.example import Activation, Known, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import EACH, ONE
from ..spec.rules import expect_window
from ..spec.shapes import shape

Step = Annotated[int, Field(ge=1), AtMost("window")]
Zeros = Annotated[int, Field(ge=0), AtMost("window")]
Maps = Annotated[list[Matrix], Field(min_length=1), AtMost("maps")]
Size = tuple[int, int]
"""How many rows and columns a map has."""


def _two(steps: list[int]) -> list[int]:
    if len(steps) != 2:
        raise ValueError(f"expected a number, or two of them, for rows and columns; found {len(steps)}")
    return steps


def _two_or_four(zeros: list[int]) -> list[int]:
    if len(zeros) not in (2, 4):
        raise ValueError(
            f"expected a number, or two, for rows and columns, or four, for top, bottom, left and right; "
            f"found {len(zeros)}"
        )
    return zeros


def _one_or_each(value: Any) -> str:
    return EACH if isinstance(value, list) else ONE


Steps = Annotated[
    Annotated[Step, Tag(ONE)] | Annotated[list[Step], AfterValidator(_two), Tag(EACH)], Discriminator(_one_or_each)
]
Padding = Annotated[
    Annotated[Zeros, Tag(ONE)] | Annotated[list[Zeros], AfterValidator(_two_or_four), Tag(EACH)],
    Discriminator(_one_or_each),
]


def short(steps: int | Sequence[int]) -> int | Size:
    """One number if rows and columns have the same."""
    rows, columns = pair(steps)
    return rows if rows == columns else (rows, columns)


class Pool(Model):
    """pool: the largest or the average of each window of `size`; it moves by `stride`, by default `size`. Rows and
    columns at the end that no window reaches are left out."""

    kind: Annotated[str, Known("kind of pooling", ("max", "avg"))]
    """What is taken of each window: its largest number (`"max"`) or the average (`"avg"`)."""
    size: Steps
    """How many rows and columns the window has: one number for both, or two, `[rows, columns]`."""
    stride: Steps | None = None
    """How far the window moves: one number for down and across, or two, `[rows, columns]`; left out, by its own
    size."""

    @property
    def steps(self) -> dict[str, int | Size]:
        return {"size": short(self.size), "stride": short(self.stride or self.size)}


class Convolution(Model):
    """[[conv]]: kernels[o][c] reads input map c for output map o, b has one number for each output map or is
    left out; `padding` is the number of zeros on each side, or [rows, columns], or [top, bottom, left, right]. Rows
    and columns at the end that no kernel reaches are left out."""

    kernels: Annotated[list[Maps], Field(min_length=1), AtMost("maps")] = shape(
        "outputs", "inputs", "height", "width"
    )
    """The kernels: `kernels[o][c]` reads input map c for output map o; what all input maps give is added up."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per output map; left out, the layer has none."""
    stride: Steps = 1
    """How far the kernel moves from one place to the next: one number for down and across, or two,
    `[rows, columns]`."""
    padding: Padding = 0
    """How many rows and columns of zeros are put around each map: one number for every side, or two,
    `[rows, columns]`, or four, `[top, bottom, left, right]`. Rows and columns at the end that no window reaches are
    left out, as in PyTorch."""
    dilation: Steps = 1
    """How far apart the entries that the kernel reads lie, one number for down and across or two, `[rows, columns]`;
    1 is side by side."""
    activation: Activation = "relu"
    """The function of each entry of a map."""
    pool: Pool | None = None
    """The pooling behind the activation; left out, there is none. Rows and columns at the end that no window reaches
    are left out."""

    @property
    def steps(self) -> dict[str, int | Size]:
        return {"stride": short(self.stride), "dilation": short(self.dilation)}

    @property
    def widths(self) -> list[list[int]]:
        """The zeros above and below, left and right."""
        if isinstance(self.padding, list) and len(self.padding) == 4:
            return [self.padding[:2], self.padding[2:]]
        return [[zeros, zeros] for zeros in pair(self.padding)]

    @property
    def biases(self) -> Sequence[Number | None]:
        """One for each output map, None where the layer has none."""
        return self.b or [None] * len(self.kernels)

    @property
    def has_pairs(self) -> bool:
        """Whether a step or a window differs along the rows and along the columns."""
        found = [self.steps, self.pool.steps if self.pool else {}]
        return any(isinstance(step, tuple) for steps in found for step in steps.values())


class Fit(NamedTuple):
    """Windows over maps of one size: where the part that they see is on the tape, how many rows and columns the maps
    have, how many are seen, how many places found, and how many zeros `padding` has put below and on the right."""

    step: str
    size: Size
    seen: Size
    places: Size
    padding: Size = (0, 0)

    @property
    def is_even(self) -> bool:
        return self.size == self.seen

    @property
    def leaves_out_zeros(self) -> bool:
        """Whether all that is left out are zeros that were put around the maps."""
        return all(n - kept <= zeros for n, kept, zeros in zip(self.size, self.seen, self.padding, strict=True))


def size_of(matrix: Matrix) -> Size:
    return len(matrix), len(matrix[0])


def convolution_fits(place: str, step: str, size: Size, layer: Convolution) -> Fit:
    """How the kernels of a layer slide over maps of `size`. Raises ValueError if they do not fit once."""
    (top, bottom), (left, right) = layer.widths
    padded = size[0] + top + bottom, size[1] + left + right
    return _fit(place, step, padded, size_of(layer.kernels[0][0]), **layer.steps)._replace(padding=(bottom, right))


def pool_fits(place: str, step: str, size: Size, pool: Pool) -> Fit:
    """How the windows of a pooling slide over maps of `size`. Raises ValueError if they do not fit once."""
    return _fit(place, step, size, pair(pool.steps["size"]), pool.steps["stride"])


def _fit(place: str, step: str, size: Size, window: Size, stride: int | Size, dilation: int | Size = 1) -> Fit:
    steps = list(zip(size, window, pair(stride), pair(dilation), strict=True))
    for what, (n, m, _, d) in zip(("rows", "columns"), steps, strict=True):
        expect_window(place, what, n, m, d)
    rows, columns = (seen(*one) for one in steps)
    down, across = (reach(n, *rest) for n, (_, *rest) in zip((rows, columns), steps, strict=True))
    return Fit(step, size, (rows, columns), (down, across))
