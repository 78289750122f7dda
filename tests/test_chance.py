"""Random cases: the same ones every time by default, new ones under a seed that is said, and the failing one kept."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.as_toml import as_toml

ROOT = Path(__file__).parent.parent
CASES = """
import pytest
from hypothesis import given, settings, strategies as st
from tests.chance import draws, remember

@settings(max_examples=draws(300, 20))
@given(st.integers(0, 10**9))
def test_hypothesis(number):
    print("drawn", number)

def test_own(chance):
    for _ in range(draws(50, 2)):
        print("own", chance.random())

@settings(max_examples=draws(300, 200))
@given(st.integers(0, 10**9))
def test_fails(number):
    remember({"title": {"en": "A net"}, "data": {"x": [[number, 0.5]]}})
    assert number < 1000

def test_does_not_draw():
    pass
"""
INI = '[pytest]\nmarkers =\n    random: x\n    slow: x\naddopts = -m "not slow"\n'


@pytest.fixture(params=["CI", pytest.param("NO_CI", marks=pytest.mark.slow)], autouse=True)
def where(request, monkeypatch):
    """Hypothesis has defaults of its own where the variable CI is set."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv(request.param, "true")


def pytest_says(folder: Path, *words: str) -> str:
    """What pytest says of the cases."""
    (folder / "test_cases.py").write_text(CASES)
    (folder / "pytest.ini").write_text(INI)
    code = f"import sys, pytest; sys.path.insert(0, {str(ROOT)!r}); sys.exit(pytest.main())"
    command = [sys.executable, "-c", code, "-p", "tests.chance", "-q", "-s", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8").stdout


def drawn(said: str) -> list[str]:
    return re.findall(r"(?:drawn|own) \S+", said)


@pytest.mark.slow
def test_the_default_tier_draws_the_same_every_time(tmp_path):
    first, second = (pytest_says(tmp_path, "-k", "not fails") for _ in range(2))
    assert "random cases: few, --random-seed 0" in first
    assert drawn(first) == drawn(second) and len(drawn(first)) == 22
    assert drawn(pytest_says(tmp_path, "-k", "hypothesis", "--hypothesis-seed", "7")) != drawn(first)[:20]


@pytest.mark.slow
def test_the_slow_tier_draws_many_under_a_new_seed_that_repeats_it(tmp_path):
    first, second = (pytest_says(tmp_path, "-k", "not fails", "-m", "slow") for _ in range(2))
    seed = re.search(r"random cases: many, --random-seed (\d+)", first)[1]
    assert len(drawn(first)) == 350 and drawn(first) != drawn(second)
    assert drawn(pytest_says(tmp_path, "-k", "not fails", "-m", "slow", "--random-seed", seed)) == drawn(first)
    assert "2 passed, 2 deselected" in first


def test_a_case_that_fails_is_kept_and_shown(tmp_path):
    said = pytest_says(tmp_path, "-k", "fails", "-p", "no:cacheprovider")
    path = Path(re.search(r"the random case, kept as (\S+)", said)[1])
    text = path.read_text(encoding="utf-8")
    assert path.is_relative_to(tmp_path) and text in said
    assert tomllib.loads(text) == {"title": {"en": "A net"}, "data": {"x": [[1000, 0.5]]}}, "the smallest that fails"


@pytest.mark.slow
def test_workers_draw_the_same(tmp_path):
    pytest.importorskip("xdist")
    said = pytest_says(tmp_path, "-k", "fails", "-m", "slow", "-n", "2")
    seed = re.search(r"random cases: many, --random-seed (\d+)", said)[1]
    assert re.search(rf"kept as \S+-{seed}/case.toml", said)


TABLES = {
    "family": "mlp", "order": 3, "half": 0.1, "tiny": 5e-324, "yes": True,
    "title": {"en": 'a "b" \\ δ', "zh": "网\x7f"},
    "layers": [{"W": [[1, -2.5], [1e300, 0.0]], "dropout": {"mask": [[1, 0]], "keep": 0.7}}, {}],
    "a key": {"": 1, "x.y": [{"z": []}]}, "update": {"schedule": {"kind": "cosine", "steps": 10}},
}  # fmt: skip


def test_tables_as_a_file():
    assert tomllib.loads(as_toml(TABLES)) == TABLES
