"""Random networks, forty in the slow tier: every page of them is re-read and redone by the checker."""

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.as_toml import as_toml
from tests.chance import remember
from tests.random_nets import ACTIVATIONS, LOSSES, tables
from tests.small_project import small_project

COUNT, BOOKS = 40, 2
FOUND = [Path(__file__).parent / "data" / name for name in ("ties", "found")]
"""Examples whose numbers end in ties, and such as random draws once found: what was wrong with them is their name."""


def net(seed: int) -> dict:
    """The tables of a random example: depth, widths, batch, activations, loss, arithmetic and digits."""
    chance = random.Random(seed)
    widths = [chance.randint(1, 4) for _ in range(chance.randint(2, 4))]
    loss = chance.choice(LOSSES)
    activations = [chance.choice(ACTIVATIONS) for _ in widths[1:]]
    if loss == "binary_cross_entropy":
        activations[-1] = "sigmoid"
    found = tables(widths, activations, chance.randint(1, 3), loss, seed)
    page = {"arithmetic": chance.choice(["pencil", "exact"]), "digits": chance.randint(3, 7), "curve": 20}
    return rounded(found, chance.randint(2, 3)) | {"page": page, "title": {"en": f"Net {seed}"}}


def rounded(value, decimals: int):
    """Numbers as people write them; never so short that a weight vanishes."""
    if isinstance(value, dict):
        return {key: rounded(part, decimals) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part, decimals) for part in value]
    return (round(value, decimals) or 0.1) if isinstance(value, float) else value


def seeds_of(chance: random.Random, count: int) -> list[int]:
    return chance.sample(range(10**6), count)


def remember_worst(project: Path, failures: list[dict]) -> None:
    """The first example that a failure speaks of."""
    named = (re.search(r"(net|drawn)-\d+", f"{failure['page']} {failure['where']}") for failure in failures)
    for found in filter(None, named):
        return remember((project / "examples" / f"{found[0]}.toml").read_bytes(), f"{found[0]}.toml")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "build.py", *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("book", range(BOOKS))
def test_random_examples_are_redone_from_their_printed_digits(tmp_path, chance, book):
    project, seeds = small_project(tmp_path / "book"), seeds_of(chance, COUNT // BOOKS)
    for seed in seeds:
        (project / "examples" / f"net-{seed}.toml").write_text(as_toml(net(seed)), encoding="utf-8")
    result = redone(project)
    assert len(result["not_understood"]) <= 0.01 * result["counts"]["equations"]
    assert result["counts"]["pages"] > 5 * len(seeds) and result["counts"]["redone"] > 10 * len(seeds)


@pytest.mark.slow
def test_examples_that_were_once_found_are_redone(tmp_path):
    """Data of two digits make gradients and losses that lie half way between two printed numbers."""
    project = small_project(tmp_path / "book")
    for path in (path for folder in FOUND for path in folder.glob("*.toml")):
        shutil.copy(path, project / "examples")
    assert redone(project)["counts"]["pages"] > 60


def redone(project: Path, langs: Iterable[str] = ("en",)) -> dict:
    """What the checker says of a book that it finds right."""
    words = [word for lang in langs for word in ("--lang", lang)]
    checked = run(project, "check", *words)
    remember_worst(project, [{"page": checked.stderr, "where": ""}])
    assert checked.returncode in (0, 1) and "Traceback" not in checked.stderr, checked.stderr
    result = json.loads((project / "build" / "check.json").read_text(encoding="utf-8"))
    remember_worst(project, [*result["failures"], *result["not_understood"]])
    assert result["failures"] == [], checked.stdout
    return result


def test_the_random_examples_are_all_different(chance):
    seeds = seeds_of(chance, 100)
    assert len({as_toml(net(seed)) for seed in seeds}) == len(seeds)
    assert all(np.isfinite(np.ravel(layer["b"])).all() for seed in seeds for layer in net(seed)["layers"])
