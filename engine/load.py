"""An example file in, an Example out: read with care, changed, and validated by what its family says."""

from pathlib import Path
from unicodedata import normalize

from pydantic import ValidationError

from . import plugins
from .errors import BookError, shorten, unknown
from .families import families, family
from .spec.batches import batches, of_samples
from .spec.changes import apply_change
from .spec.example import Example
from .spec.limits import LIMITS
from .spec.mistakes import sentence
from .spec.plain import NAME, is_name
from .spec.toml import read_tables

DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names that are no files on Windows, whatever ending they have."""


def load(path: str | Path, changes: list[str] | tuple[str, ...] = ()) -> Example:
    """Read and validate an example file. `changes` are 'KEY=VALUE' strings that replace what the file says.

    Numbers are float64, matrices lists of rows; samples stand in rows. Raises BookError with one sentence naming the
    file, the place and the rule.

    >>> from gradbook import load
    >>> load("examples/seed.toml", ["update.learning_rate=0.1"]).update.learning_rate
    0.1
    """
    path = Path(path)
    check_name(path)
    tables = read_tables(path)
    for change in changes:
        apply_change(tables, change)
    return validate(tables, path)


def validate(tables: dict, path: Path) -> Example:
    """The Example that `tables` describe; `path` gives its name and stands in errors."""
    name = tables.get("family")
    if not isinstance(name, str):
        raise BookError(f"{path}: family: is missing or not a name. Known: {', '.join(families())}.")
    if name not in families():
        raise unknown(f"{path}: family", "family", name, families())
    try:
        tables = family(name).Spec.read_as(tables)
    except ValueError as error:
        raise BookError(f"{path}: {error}.") from None
    spec = family(tables["family"]).Spec
    try:
        with plugins.blaming():
            example = spec.model_validate(tables)
    except ValidationError as error:
        raise BookError(f"{path}: {sentence(error, spec)}") from None
    example._file = str(path)
    _check_batches(example)
    return example


def _check_batches(example: Example) -> None:
    """What each update reads is an example by itself."""
    chosen: tuple[int, ...] = ()
    try:
        for chosen in dict.fromkeys(batches(example)):
            of_samples(example, chosen)
    except ValidationError as error:
        told = f"update.batch_size: {len(chosen)} at a time does not do here: "
        raise BookError(f"{example.file}: {told}{sentence(error, type(example))}") from None
    except ValueError as error:
        raise BookError(f"{example.file}: {error}.") from None


def check_name(path: Path) -> None:
    """Refuse names that could not be a file's everywhere, or that nobody could tell apart by looking."""
    if path.suffix != ".toml":
        raise BookError(f"{path}: is not an example file; its name must end in .toml.")
    name, device = path.stem, normalize("NFKC", path.stem).casefold()
    if not is_name(name) or device in DEVICES or len(name) > LIMITS["name"]:
        raise BookError(
            f"{shorten(path.name)}: an example's name {NAME}, has at most {LIMITS['name']} characters (the limit "
            "(name)) and is nothing that Windows keeps for devices, such as con or com1."
        )
