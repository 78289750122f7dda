"""A trace's JSON form: how a step is written, and the form's versions, for those who read no more."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .trace import Step

FORMAT = 2
"""It changes when a reader of the old form would misread the new one."""
FORMATS = (1, 2)
"""Those that are written; format 1 for one release more."""

FORMER = {"argmax_mask": "largest", "topk_mask": "top", "heaviside": "positive", "conv_transpose": "conv_back"}
"""What format 1 calls an operation, where it has another name."""

_UNNAMED = re.compile(rf"\.({'|'.join(FORMER)})(?=\d*(?:\.|$))")
"""A part of a line is called after its operation: layer2.delta.heaviside, conv1.map1.da.conv_transpose2."""


def record(step: "Step") -> dict[str, Any]:
    """A step in the public form."""
    return {
        "name": step.name,
        "op": step.op,
        "args": list(step.args),
        "attrs": dict(step.attrs),
        "phase": step.phase,
        "of": step.of,
        "shape": list(step.shape),
        "value": flat(step.value),
    }


def flat(value: np.ndarray) -> list[float]:
    """All entries, row by row."""
    return [float(v) for v in value.ravel()]


def written_as(version: int, form: dict[str, Any]) -> dict[str, Any]:
    """A trace's JSON form in format `version`: in format 1 some operations, and the steps that are called after
    them, have other names. Raises ValueError if there is no such format."""
    if version not in FORMATS:
        raise ValueError(f"a trace has no format {version}; there are {', '.join(map(str, FORMATS))}")
    return form if version == FORMAT else {**_renamed(form), "format": version}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: FORMER.get(part, part) if key == "op" else _renamed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part) for part in value]
    return _UNNAMED.sub(lambda found: f".{FORMER[found[1]]}", value) if isinstance(value, str) else value
