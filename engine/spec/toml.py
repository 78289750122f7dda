"""TOML of a stranger: size, brackets and dots are counted before the parser sees them.

Python's parser takes time and memory that grow with the square of a key's dots, and recurses into brackets.
"""

import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..errors import BookError, shorten, shorten_text, unknown
from .limits import LIMITS
from .lookalike import look_alike, meant

_TOKEN = re.compile(  # a string that is never closed ends with the text, so that no quote is read twice
    r'"""(?:\\.|[^\\]|\\\Z)*?(?:"""|\Z)|' r"'''.*?(?:'''|\Z)|"
    r'"(?:[^"\\\n]|\\.)*+"?|' r"'[^'\n]*+'?|#[^\n]*+|[\[\]{}.,=\n]", re.DOTALL
)  # fmt: skip
_OPENS, _CLOSES = "[{", "]}"


def parse(text: str) -> dict:
    """What TOML text says. Raises ValueError with a clause if it is not TOML or too deep."""
    _check_depth(text)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and a whole number of thousands of digits
        why = look_alike(text, _outside(text)) or shorten_text(error)
        raise ValueError(f"is not valid TOML: {why}") from None


def _check_depth(text: str) -> None:
    depth = dots = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == ".":
            dots += 1
        elif token in _OPENS:
            depth, dots = depth + 1, 0
        elif token in _CLOSES:
            depth, dots = max(0, depth - 1), 0
        elif token in ",=\n":
            dots = 0
        if max(depth, dots) > LIMITS["depth"]:
            raise ValueError(f"is nested too deeply; {LIMITS.rule('depth', 2 * LIMITS['depth'])}")


def _outside(text: str) -> Iterator[tuple[int, int]]:
    """Where the text is neither a string nor a comment. A string that its line does not close is closed by what
    only looks like a quotation mark: that is outside."""
    end = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] not in "\"'#":
            continue
        yield end, match.start()
        end = match.end()
        if token[0] in "\"'" and (len(token) == 1 or token[-1] != token[0]):
            places = [match.start() + i for i, char in enumerate(token) if char > "~" and meant(char) in ('"', "'")]
            yield from ((place, place + 1) for place in places[-1:])
    yield end, len(text)


def read_tables(path: Path, within: Path | None = None) -> dict:
    """What the file says. Raises BookError if `check_file` refuses it or it is not TOML in UTF-8."""
    check_file(path, within)
    try:
        with open(path, "rb") as file:
            text = file.read(LIMITS["bytes"]).decode("utf-8-sig")
        return parse(text)
    except UnicodeDecodeError:
        raise BookError(f"{path}: is not UTF-8 text.") from None
    except ValueError as error:
        raise BookError(f"{path}: {error}.") from None
    except OSError as error:
        raise BookError(f"{path}: cannot be read ({error.strerror}).") from None


def check_file(path: Path, within: Path | None = None) -> None:
    """Raises BookError, before anything is read, unless `path` is an ordinary file of a size within the limit. A
    link may not lead out of the folder `within` (its own, if none is given): it would bring in what is not ours."""
    try:
        found = path.stat()
        inside = path.resolve().is_relative_to((within or path.parent).resolve())
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise unknown(str(path.parent), "example file", path.name, near) from None
    except (OSError, ValueError, RuntimeError) as error:  # a null byte in the name, a circle of links
        raise BookError(f"{shorten(str(path))}: cannot be read ({getattr(error, 'strerror', error)}).") from None
    if not inside:
        raise BookError(f"{path}: is a link that leads out of its folder; put the file itself there.")
    if not stat.S_ISREG(found.st_mode):
        raise BookError(f"{path}: is not a file.")
    if found.st_size > LIMITS["bytes"]:
        raise BookError(f"{path}: is {found.st_size} bytes long; {LIMITS.rule('bytes', found.st_size)}.")
