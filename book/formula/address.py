"""The address of a printed number, 'seed:layer1.z[0][0]': written here, read here, and nowhere else."""

import re
from dataclasses import dataclass

_TRACE, _STEP, _INDEX = r"[^\s:{}\[\]|\"]+", r"[\w.-]+", r"(?:\[\d+\])*"
_ADDRESS = re.compile(rf"({_TRACE}):({_STEP})({_INDEX})")
_ASKED_FOR = re.compile(rf"\s*({_TRACE}):([\w.]+)({_INDEX})\s*(?:\|\s*([^|]*?)\s*)?")

IN_TEX = re.compile(r"\\val\s*\{([^{}]*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
"""A number with its address as formulas write it, an author's in a chapter too: \\val{seed:J}{0.2984}."""

IN_HTML = "data-value"
"""The attribute that has the address of a number on a page."""

_ON_PAGE = re.compile(rf'{IN_HTML}="([^":@]+)')


@dataclass(frozen=True)
class Address:
    """Which number it is: the trace, the step, and the index of the entry; () of a number that has no entries."""

    trace: str
    step: str
    index: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.trace}:{self.step}" + "".join(f"[{i}]" for i in self.index)


def parsed(text: str) -> Address | None:
    """The address that a text is; None if it is none."""
    found = _ADDRESS.fullmatch(text)
    return Address(found[1], found[2], _numbers(found[3])) if found else None


def asked_for(text: str) -> tuple[Address, str] | None:
    """The address in 'seed:layer2.delta[0]|.4f', whose index may be short of the axes of length 1, and the format;
    None if the text is no such thing."""
    found = _ASKED_FOR.fullmatch(text)
    return (Address(found[1], found[2], _numbers(found[3])), found[4] or "") if found else None


def trace_of(text: str) -> str:
    """The name of the trace that an address, or what should be one, speaks of: 'seed', 'adam@2'."""
    return text.partition(":")[0].strip()


def traces_in(tex: str) -> set[str]:
    """The traces whose numbers stand in a formula."""
    return {trace_of(address) for address, _ in IN_TEX.findall(tex) if ":" in address}


def examples_on(html: str) -> set[str]:
    """The examples whose numbers stand on a page; a second update is its example's."""
    return set(_ON_PAGE.findall(html))


def _numbers(indices: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", indices)))
