"""The perceptron: one unit that fires or rests, ŷ = step(X w + b), taught by its own rule, sample by sample.

A sample that is judged wrongly moves the weights by α times itself, towards its target; one that is judged rightly
moves nothing. That is the gradient rule for the loss E = (ŷ - y) z for targets 0 and 1, and E = -y z where the sample
is wrong for targets -1 and 1: the distance of a wrong sample from the boundary, in measures of the weights. ŷ itself
has no slope. Rosenblatt 1958; the loss: Duda & Hart 1973, section 5.5.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..spec.batches import batches
from ..spec.example import Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import LIMITS
from ..spec.shapes import shape
from ..spec.targets import Answered
from ..tape.tape import Expr, Tape

BECAUSE = "a perceptron is one unit"

CODINGS = {"binary": (0, 1), "bipolar": (-1, 1)}
"""The two targets of each coding."""

AT_ZERO = ("fires", "rests", "wrong")

EPOCHS = 50
"""So many times all samples are read at most, if the example does not say it."""


SURE = 9
"""The decimals to which a boundary is told: the noise of float64 is behind them."""


class Data(Answered):
    """[data]: x has one row per sample and one column per input; y one row per sample, 0 or 1, or −1 or 1."""

    x: Matrix = shape("samples", "inputs")
    """The samples: one row for each, one column per input."""
    y: Matrix | None = shape("samples", 1, because=BECAUSE, default=None)
    """The targets: one row per sample, all 0 or 1, or all −1 or 1. Left out, only the forward pass is worked."""

    upstream: ClassVar[None] = None
    """The gradient of a step is no use to anything before it."""


class Weights(Model):
    """[weights]: w has one number per input. b is a bias, which is added; threshold is taken away in its place; it
    is one number, or both are left out."""

    w: Vector = shape("inputs")
    """The weights: one number per input."""
    b: Number | None = None
    """The bias, which is added to the weighted sum."""
    threshold: Number | None = None
    """In the place of a bias: it is taken away from the weighted sum. In the trace it is called theta."""

    @model_validator(mode="after")
    def _has_one_boundary(self):
        if self.b is not None and self.threshold is not None:
            raise ValueError("threshold: is minus the bias; leave b or this out")
        return self


class Spec(Example):
    """A perceptron. Training ends after an epoch without a mistake, at the latest after so many `epochs`."""

    LOSS: ClassVar = (
        "The distance by which the samples on the wrong side miss the boundary, in measures of the weights; its"
        " gradient is the rule of the perceptron."
    )

    data: Data
    """The samples and their targets."""
    weights: Weights
    """The weights of the unit, and its bias or threshold."""
    coding: Annotated[str, Known("coding", CODINGS)] = "binary"
    """Whether the targets are 0 and 1 (binary) or −1 and 1 (bipolar); if it is left out the targets tell."""
    at_zero: Annotated[str, Known("at_zero", AT_ZERO)] = "fires"
    """What the unit does where the weighted sum is exactly 0: it fires, it rests, or it is wrong there whatever the
    target is (bipolar only)."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = EPOCHS
    """So many times all samples are read at most."""

    judged: ClassVar[str] = "z"
    """The step whose gradient is 0 where nothing is wrong."""

    shown: ClassVar[tuple[str, ...]] = ("X", "z", "yhat", "y")
    """What stands before it in the table of all updates."""

    @model_validator(mode="before")
    @classmethod
    def _sample_by_sample(cls, tables: Any) -> Any:
        """What the rule is by its nature, and what the targets tell: one sample in each update, of which the first
        two are worked."""
        if not isinstance(tables, dict):
            return tables
        found = {"coding": _coding(tables.get("data")), **tables}
        for key, usual in (("update", {"batch_size": 1}), ("page", {"steps": 2})):
            if isinstance(found.get(key, {} if key == "page" else None), dict):
                found[key] = usual | found.get(key, {})
        return found

    @model_validator(mode="after")
    def _targets_fit(self):
        """All targets are 0 or 1, or all are −1 or 1; `at_zero` is `wrong` only where they are −1 or 1."""
        known = CODINGS[self.coding]
        if self.at_zero == "wrong" and self.coding != "bipolar":
            raise ValueError("at_zero: 'wrong' is for targets −1 and 1; a unit of 0 and 1 fires or rests")
        for i, (target,) in enumerate(self.data.y or ()):
            if target not in known:
                raise ValueError(
                    f"data.y[{i}][0]: the targets of a perceptron are all 0 or 1, or all −1 or 1; "
                    f"here they are {known[0]} or {known[1]}, not {target:g}"
                )
        return self

    @model_validator(mode="after")
    def _updates_fit(self):
        """The rule is the perceptron's own: no other optimiser, no weight decay, no clipping, one sample in each
        update; an order of the samples leaves none out."""
        if self.update is None:
            return self
        said = self.update.settings()
        if self.update.optimizer != "sgd":
            raise ValueError(
                f"update.optimizer: the perceptron has a rule of its own, which {self.update.optimizer} is not; "
                "leave it out"
            )
        if found := next((key for key in ("weight_decay", "clip_value", "clip_norm") if key in said), None):
            raise ValueError(f"update.{found}: is not part of the perceptron's rule; leave it out")
        if self.update.batch_size != 1:
            raise ValueError("update.batch_size: the perceptron's rule reads one sample in each update; leave it out")
        return self._epochs_fit()

    def _epochs_fit(self):
        turns = batches(self)
        read = {sample for turn in turns for sample in turn}
        if left := sorted(set(range(len(self.data.x))) - read):
            raise ValueError(f"update.order: never reads sample {left[0]}, of which nothing could then be said")
        if (count := self.epochs * len(turns)) > LIMITS["curve"]:
            raise ValueError(f"epochs: are {count} updates; {LIMITS.rule('curve', count)}")
        return self

    def boundary(self, values: Mapping[str, np.ndarray]) -> tuple[float, ...]:
        """Where the unit changes its mind: the weights, and what is added to their sum, as parts of the largest."""
        added = values["b"] if "b" in values else -values["theta"] if "theta" in values else 0.0
        line = np.append(np.ravel(values["w"]), added)
        return tuple((np.round(line / (np.abs(line).max() or 1), SURE) + 0.0).tolist())


def _coding(data: Any) -> str:
    """What raw targets are: bipolar if there is a −1 among them."""
    rows = data.get("y") if isinstance(data, dict) else None
    return "bipolar" if isinstance(rows, list) and any(row in (-1, [-1]) for row in rows) else "binary"


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: how far a wrong sample is on the wrong side."""
    z = tape.write("z", _weighted_sum(tape, spec), grad="dz")
    fires = z.unit_step(at=int(spec.at_zero != "rests"))
    yhat = tape.write("yhat", fires if spec.coding == "binary" else 2 * fires - 1)
    y = tape.target("y", spec.data, yhat)
    if spec.coding == "binary":
        return tape.write("J", tape.write("E", (yhat - y) * z).sum()).name
    wrong = tape.write("m", (-(y * (z if spec.at_zero == "wrong" else yhat))).unit_step(at=1))
    return tape.write("J", tape.write("E", -(wrong * y * z)).sum()).name


def _weighted_sum(tape: Tape, spec: Spec) -> Expr:
    weights = spec.weights
    z = tape.input("X", spec.data.x) @ tape.param("w", [[v] for v in weights.w])
    if weights.threshold is not None:
        return z - tape.param("theta", weights.threshold)
    return z if weights.b is None else z + tape.param("b", weights.b)


# A network of one layer of steps, as it may be written in the tables of a multilayer perceptron.

STEP = "step"
"""What the activation of such a layer is called."""


def perceptron_of(tables: dict) -> dict:
    """The tables of a perceptron, if those of a multilayer perceptron are no more than that; else as they are.

    Raises ValueError for steps in several layers, or for what a perceptron has not."""
    layers = [layer for layer in _listed(tables.get("layers")) if isinstance(layer, dict)]
    steps = [i for i, layer in enumerate(layers) if layer.get("activation") == STEP]
    if not steps:
        return tables
    if len(layers) > 1:
        raise ValueError(
            f"layers[{steps[0]}].activation: a step has no slope, so nothing before it could learn; it stands alone, "
            "in a network of one layer, which is a perceptron"
        )
    if other := next((key for key in layers[0] if key not in ("W", "b", "activation")), None):
        raise ValueError(f"layers[0].{other}: does not go with a step; a perceptron has W, b and nothing else")
    rest = {key: value for key, value in tables.items() if key != "layers"}
    return rest | {"family": __name__.rpartition(".")[2], "weights": _of_one_unit(layers[0])}


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else []


def _of_one_unit(layer: dict) -> dict:
    """[weights] from a layer's W, of one row, and b, of one number."""
    found = {}
    for key, own in (("W", "w"), ("b", "b")):
        if key not in layer:
            continue
        if len(entries := _listed(layer[key])) != 1:
            raise ValueError(f"layers[0].{key}: has {len(entries)} rows; a perceptron is one unit and has one")
        found[own] = entries[0]
    return found
