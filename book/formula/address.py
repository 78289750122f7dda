"""The address of a printed number, 'seed:layer1.z[0][0]': written here, read here, and nowhere else."""

import re
from dataclasses import dataclass

STEP = r"[^\s:{}\[\]|\"]+"
_INDEX = r"(?:\[\d+\])*"
_ADDRESS = re.compile(rf"(?P<trace>{STEP}):(?P<step>[\w.-]+)(?P<index>{_INDEX})")
_VAL = re.compile(r"\\val\s*\{([^{}]*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
"""What an author may write in a formula of a chapter, and what our own formulas write: a number with its address."""


@dataclass(frozen=True)
class Address:
    """Which number it is: the trace, the step, and the index of the entry; () of a number that has no entries."""

    trace: str
    step: str
    index: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.trace}:{self.step}" + "".join(f"[{i}]" for i in self.index)
