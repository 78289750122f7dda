"""Small rules, by name, for what an example file says that are no shapes: masks, indices, targets.

Every function raises ValueError with a sentence that begins with the place ('data.x', 'layers[0].W').
"""

from collections.abc import Sequence
from math import fsum

from ..ops import OPS, of_kind
from ..ops.failures import told
from ..ops.table import OUTPUTS

NEAR = 1e-9
"""How far the sum of a distribution may lie from 1: decimals such as 0.1 are not exact."""


def expect_mask(place: str, matrix: Sequence) -> None:
    """Nothing but 0 and 1."""
    for row in matrix:
        for value in row:
            if value not in (0, 1):
                raise ValueError(f"{place}: is a mask and holds only 0 and 1, not {value:g}")


def expect_index(place: str, index: int, count: int, what: str) -> None:
    """A whole number from 0 to count − 1: which of `what` ('tokens of the vocabulary')."""
    if not 0 <= index < count:
        raise ValueError(f"{place}: is {index}; there are {count} {what}, counted from 0 to {count - 1}")


def expect_outputs(activation: str, loss: str, key: str = "") -> None:
    """The last activation, that of the last layer or of a `key`, gives what the loss can read."""
    needs = OPS[loss].outputs
    if needs and OPS[activation].outputs != needs:
        if key:
            remedy = " or ".join(f'{key} = "{name}"' for name in giving(needs))
            raise ValueError(f"loss: {loss} needs {OUTPUTS[needs]}; write {remedy}")
        fitting = " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in giving(needs))
        raise ValueError(f"loss: {loss} needs {OUTPUTS[needs]}; end with {fitting} layer")


def expect_delta(delta: float | None, loss: str) -> None:
    """The key `delta` is there for a loss that reads it only."""
    if delta is not None and "delta" not in OPS[loss].attrs:
        raise ValueError(f"delta: belongs to the loss {having('loss', 'delta')}")


def having(kind: str, key: str) -> str:
    """The operations of a kind that have such a parameter, for a sentence."""
    return " or ".join(name for name in of_kind(kind) if key in OPS[name].attrs)


def giving(outputs: str) -> list[str]:
    """The activations whose results are of this kind."""
    return [name for name in of_kind("activation") if OPS[name].outputs == outputs]


def expect_window(place: str, what: str, length: int, size: int, dilation: int = 1) -> None:
    """A window of `size` entries fits at least once into `length` entries."""
    if length < (sees := dilation * (size - 1) + 1):
        raise ValueError(f"{place}: a window that sees {sees} {what} does not fit {length} {what}")


def expect_targets(place: str, rows: Sequence, loss: str) -> None:
    """The targets (one row per sample) are what the loss can compare with: probabilities, distributions, ±1."""
    wanted = OPS[loss].accepts(1)
    for i, row in enumerate(rows):
        for j, v in enumerate(row):
            if wanted == "unit" and not 0 <= v <= 1:
                raise ValueError(f"{place}[{i}][{j}]: {loss} needs targets between 0 and 1, not {told(v, (0, 1))}")
            if wanted == "sign" and v not in (-1, 1):
                raise ValueError(f"{place}[{i}][{j}]: {loss} needs targets of −1 or 1, not {told(v, (-1, 1))}")
        if wanted == "distribution":
            expect_distribution(f"{place}[{i}]", row, loss)


def expect_distribution(place: str, row: Sequence, loss: str) -> None:
    """Numbers of at least 0 that add up to 1."""
    wanted = f"{loss} needs a distribution: numbers of at least 0 that add up to 1"
    for j, value in enumerate(row):
        if value < 0:
            raise ValueError(f"{place}[{j}]: {wanted}, not {told(value, (0,))}")
    if abs(fsum(row) - 1) > NEAR:
        raise ValueError(f"{place}: {wanted}, not {told(fsum(row), (1,))}")


def expect_kept(place: str, activation: str, loss: str, what: str) -> None:
    """Nothing comes between a distribution and the loss that reads it."""
    if OPS[loss].outputs == "distribution" == OPS[activation].outputs:
        raise ValueError(
            f"{place}: {loss} needs {OUTPUTS['distribution']}, and what {activation} gives does not do so any more "
            f"{what}, so that the loss could become negative; leave it out here, or use another loss"
        )


def expect_several(place: str, count: int, what: str, norm: str) -> None:
    """There is more than one number to normalize over."""
    if count < 2:
        raise ValueError(f"{place}: has {count} {what}, expected at least 2, because {norm} of one number forgets it")
