"""A new example file: candidates with round numbers, each worked through until one is right for a class.

A family that proposes no numbers of its own gives a copy of its shipped example, to be changed by hand.
"""

import re
import tomllib
from pathlib import Path
from random import Random

from gradbook.engine import plugins
from gradbook.engine.errors import BookError, shorten, unknown
from gradbook.engine.families import families
from gradbook.engine.families import family as family_of
from gradbook.engine.load import check_name, validate
from gradbook.engine.ops import of_kind
from gradbook.engine.optim import OPTIMIZERS
from gradbook.engine.spec.example import Page
from gradbook.engine.spec.friendly import RATES, learns, shows_slips
from gradbook.engine.work import work

from .base.address import distinct
from .i18n.words import SOURCE, environment
from .pages.shipped import shipped

HEADER = """# A copy of the shipped example, to be changed: every number on its pages is computed from this file.
# Build it:       {command} --only {name}
# What the keys mean and which shapes must meet: docs/your-own-example.md, or   {command} schema {family}

"""
WIDEST, DEEPEST, MOST_SAMPLES = 20, 10, 100
CANDIDATES = 60


def new_example(
    folder: Path, name: str, family: str, layers: str, activation: str | None = None, samples: int = 1,
    seed: int = 0, command: str = "python build.py",
) -> Path:  # fmt: skip
    """Write `folder`/`name`.toml, a new example whose numbers are easy on the hand; the same seed gives the same.

    `layers` are the widths from input to output, '3,4,2'; they, `activation`, `samples` and `seed` are for families
    that propose numbers, which choose an activation if none is named; `command` is what builds the book. Raises
    BookError, and writes nothing, if a name is unknown or cannot be a file's, if a width is out of bounds, or if the
    file is already there.
    """
    path = Path(folder) / f"{name}.toml"
    check_name(path)
    if path.stem != name:
        raise BookError(f"{shorten(name)}: an example's name is no path.")
    if path.exists():
        raise BookError(f"{path}: is already there; choose another name.")
    distinct([*sorted(Path(folder).glob("*.toml")), path])
    for kind, value, known in (("family", family, families()), ("activation", activation, of_kind("activation"))):
        if value is not None and value not in known:
            raise unknown(f"--{kind}", kind, value, known)
    if not 1 <= samples <= MOST_SAMPLES:
        raise BookError(f"--samples {samples}: expected a number from 1 to {MOST_SAMPLES}.")
    proposes = hasattr(family_of(family), "new")
    if proposes:
        chosen = activation or getattr(family_of(family), "ACTIVATION", of_kind("activation")[0])
        text = _text(path, family, widths(layers), chosen, samples, seed, command)
    else:
        text = _copy(path, family, command)
    _write(path, text)
    return path


def _copy(path: Path, family: str, command: str) -> str:
    """The family's first shipped example under another name, without its introduction."""
    if not (found := shipped().get(family)):
        raise BookError(f"--family {family}: there is no example of this family to copy.")
    text = found.read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=\[)", text)
    parts = [
        HEADER.format(name=path.stem, command=command, family=family),
        *(p for p in parts if not p.startswith("[intro]")),
    ]
    return "".join(re.sub(r'"\n', f' ({path.stem})"\n', p) if p.startswith("[title]") else p for p in parts)


def widths(layers: str) -> list[int]:
    """'3,4,2' as [3, 4, 2]; raises BookError if it is no list of widths within bounds."""
    parts = [part.strip() for part in layers.split(",")]
    if not all(part.isascii() and part.isdigit() and 1 <= int(part[:9]) <= WIDEST for part in parts):
        raise BookError(f"--layers {shorten(layers)}: expected widths from 1 to {WIDEST}, as in 3,4,2.")
    if not 2 <= len(parts) <= DEEPEST + 1:
        raise BookError(f"--layers {shorten(layers)}: expected an input and 1 to {DEEPEST} layers, as in 3,4,2.")
    return [int(part) for part in parts]


def _text(path: Path, family: str, shape: list[int], activation: str, samples: int, seed: int, command: str) -> str:
    """The text of the first candidate that is friendly throughout."""
    template = environment(SOURCE).get_template(f"new/{family}.toml.j2")
    random = Random(f"{seed} {family} {shape} {activation} {samples}")
    for _ in range(CANDIDATES):
        if (tables := _candidate(family, shape, activation, samples, random)) is None:
            continue
        for rate in RATES:
            text = template.render(_words(path.stem, family, shape, activation, tables, rate), command=command)
            trace = work(validate(tomllib.loads(text), path))
            if not shows_slips(trace, Page().digits):
                break
            if learns(trace):
                return text
    raise BookError(
        f"--layers {','.join(map(str, shape))}: no friendly numbers were found for {activation} and {samples} "
        "samples; try another --seed, fewer layers or narrower ones."
    )


def _candidate(family: str, shape: list[int], activation: str, samples: int, random: Random) -> dict | None:
    try:
        with plugins.blaming():
            return family_of(family).new(shape, activation, samples, random)
    except ValueError as error:
        raise BookError(f"--layers {','.join(map(str, shape))}: {error}.") from None


def _words(name: str, family: str, shape: list[int], activation: str, tables: dict, rate: float) -> dict:
    """What a template of a new example file can name."""
    known = {"losses": of_kind("loss"), "activations": of_kind("activation"), "optimizers": list(OPTIMIZERS)}
    update = {"optimizer": "sgd", "learning_rate": rate}
    page = {"name": name, "widths": shape, "activation": activation, "digits": Page().digits}
    keys = family_of(family).Spec.model_fields
    loss = {"loss": keys["loss"].default} if "loss" in keys else {}
    return {"update": update} | loss | tables | known | page


def _write(path: Path, text: str) -> None:
    try:
        if not path.parent.exists():
            path.parent.mkdir()
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise BookError(f"{path}: is already there; choose another name.") from None
    except OSError as error:
        raise BookError(f"{path}: cannot be written ({error.strerror}).") from None
