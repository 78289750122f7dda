"""How far an example is worked: what stands behind its forward pass."""

from typing import Any

from pydantic import model_validator

from .model import Model


class Answering(Model):
    """An example with a target is worked to the end, one with the gradient of its outputs back to its parameters, any
    other through its forward pass alone. With `input_gradients` the way back goes on to the inputs."""

    update: Any = None
    """How the parameters change."""
    input_gradients: bool = False
    """`true`: the backward pass goes on to the inputs, and their gradients are shown and checked."""

    @model_validator(mode="after")
    def _goes_as_far_as_it_can(self):
        """What follows the forward pass needs a target, or the gradient that one would give."""
        data = getattr(self, "data", None)
        target = getattr(data, "TARGET", None)
        if target is None or getattr(data, target) is not None:
            if self.update is None:
                raise ValueError("update: is missing")
        elif self.input_gradients and not self.is_answered:
            raise ValueError(f"input_gradients: there is no gradient without data.{target} or data.upstream")
        if self.update is None and getattr(self, "start", None):
            raise ValueError("start: is what the optimiser remembers, and without [update] there is none")
        return self

    def expect_no(self, *keys: str) -> None:
        """Raises ValueError if one of these keys is given: they speak of a loss, and there is no target for one."""
        if found := next((key for key in keys if key in self.model_fields_set), None):
            raise ValueError(f"{found}: belongs to the loss, and without targets there is none")

    @property
    def is_answered(self) -> bool:
        """Whether there is anything behind the forward pass: a target, or the gradient of the outputs."""
        return bool(getattr(getattr(self, "data", None), "is_answered", True))
