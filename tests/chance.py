"""Random cases: one seed for all of them, which is printed, and the case that fails is kept as a file.

The default tier (`pytest`) tries the same few cases every time. The slow tier (`pytest -m slow`) tries many, under a
seed that is new each time: it is printed first, and `--random-seed SEED` (or `GRADBOOK_SEED=SEED`) repeats the run.
`--hypothesis-seed` gives hypothesis a seed of its own, as always.

A test takes part in one of two ways. With hypothesis, under `@settings(max_examples=draws(400))`; or it asks for the
fixture `chance`, a `random.Random` of its own, and for `draws(COUNT, FEW)` cases. It is marked `random` by that, and
runs in both tiers. What it works on it tells `remember` (`random_nets.worked` and `families.judges.worked` do so): if
the test fails, the last such case is written to `.pytest_cache/failed-cases/` and shown.
"""

import os
import random
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import core, settings

from tests.as_toml import as_toml

FIXED = "0"
NEW = "new"
"""A seed that is drawn for this run."""

# Both say it themselves: where the variable CI is set, hypothesis would draw the same every time by default.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("fresh", derandomize=False, deadline=None, print_blob=True)


class _Run:
    """What this run of the tests has settled on, and the case that the running test works on."""

    seed, thorough, case = FIXED, False, None


def draws(count: int, few: int | None = None) -> int:
    """How many random cases a test tries: `count` in the slow tier; else `few`, or a tenth of them, at least 5."""
    return count if _Run.thorough else few or min(count, max(count // 10, 5))


def remember(case: Mapping | str | bytes, name: str = "case.toml") -> None:
    """The case that is tried now: tables of an example, or the text of a file called `name`."""
    _Run.case = (case, name)


@pytest.fixture
def chance(request) -> random.Random:
    """Random numbers that hang on the seed of the run and on the test, and on nothing else."""
    return random.Random(f"{_Run.seed} {request.node.nodeid}")


def of_run(name: str) -> random.Random:
    """Random numbers that hang on the seed of the run alone: what is drawn once for several tests."""
    return random.Random(f"{_Run.seed} {name}")


# The seed of a run


def pytest_addoption(parser):
    told = "Seed of all random cases; 'new' draws one. By default 0, and a new one where slow tests are selected."
    parser.addoption("--random-seed", metavar="SEED", default=os.environ.get("GRADBOOK_SEED"), help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    _Run.thorough = bool(re.search(r"(?<!not )\bslow\b", config.option.markexpr or ""))
    _Run.seed = _seed(config)
    own = config.getoption("--hypothesis-seed", None)
    settings.load_profile("fixed" if _Run.seed == FIXED and own is None else "fresh")
    if own is None:
        core.global_force_seed = _Run.seed


def _seed(config) -> str:
    if hasattr(config, "workerinput"):
        return config.workerinput["random_seed"]
    told = config.getoption("--random-seed") or (NEW if _Run.thorough else FIXED)
    return str(secrets.randbelow(10**9)) if told == NEW else told


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """All workers of pytest-xdist draw the same."""
    node.workerinput["random_seed"] = _Run.seed


def pytest_sessionstart(session):
    """Said even where `-q` leaves pytest's header out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(session.config, "workerinput"):
        many, how = ("many", "") if _Run.thorough else ("few", "; many of them with -m slow")
        reporter.write_line(f"random cases: {many}, --random-seed {_Run.seed}{how}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False) or "chance" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.random)
            if _Run.thorough:
                item.add_marker(pytest.mark.slow)


# The case that fails


def pytest_runtest_setup():
    _Run.case = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and call.when == "call" and _Run.case:
        path, text = _kept(item, *_Run.case)
        report.sections.append((f"the random case, kept as {path}", text))
    return report


def _kept(item, case, name: str) -> tuple[Path, str]:
    """Writes the case; returns the file and what it says."""
    text = as_toml(case) if isinstance(case, Mapping) else case
    test = re.sub(r"[^\w.-]+", "-", item.nodeid.removeprefix("tests/")).strip("-")[:100]
    path = item.config.rootpath / ".pytest_cache" / "failed-cases" / f"{test}-{_Run.seed}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    path.write_bytes(data)
    return path, data.decode("utf-8", "replace")
