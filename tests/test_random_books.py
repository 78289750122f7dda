"""A hundred random networks in four books: every page of them is re-read and redone by the checker."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.random_nets import ACTIVATIONS, LOSSES, tables
from tests.small_project import small_project

COUNT, BOOKS = 100, 4


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


def toml(found: dict) -> str:
    """The tables as a file: JSON's lists, strings and numbers are TOML's too."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in found.items() if isinstance(value, str)]
    for layer in found["layers"]:
        lines += ["[[layers]]", *(f"{key} = {json.dumps(value)}" for key, value in layer.items())]
    for name, table in found.items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "build.py", *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("book", range(BOOKS))
def test_random_examples_are_redone_from_their_printed_digits(tmp_path, book):
    project = small_project(tmp_path / "book")
    seeds = range(book, COUNT, BOOKS)
    for seed in seeds:
        (project / "examples" / f"net-{seed}.toml").write_text(toml(net(seed)), encoding="utf-8")
    made = run(project, "html", "--lang", "en")
    assert made.returncode == 0, made.stderr
    checked = run(project, "check", "--lang", "en")
    assert "Traceback" not in checked.stderr, checked.stderr
    result = json.loads((project / "build" / "check.json").read_text(encoding="utf-8"))
    assert result["failures"] == [], checked.stdout
    assert len(result["not_understood"]) <= 0.01 * result["counts"]["equations"]
    assert result["counts"]["pages"] > 5 * len(seeds) and result["counts"]["redone"] > 10 * len(seeds)


def test_the_random_examples_are_all_different():
    assert len({toml(net(seed)) for seed in range(COUNT)}) == COUNT
    assert all(np.isfinite(np.ravel(layer["b"])).all() for seed in range(COUNT) for layer in net(seed)["layers"])
