"""The README tells the truth: its derivation is the build's, its commands exist."""

import re
from pathlib import Path

from gradbook import derivation, load, pencil, work

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_derivation_is_what_the_build_writes():
    example = load("examples/seed.toml")
    built = derivation(pencil(work(example), example.page.digits), "layer2.delta").latex()
    shown = re.search(r"```math\n(.*?)\n```", README, re.DOTALL)[1]
    assert shown == built


def test_every_command_in_the_table_exists():
    from gradbook.cli import main

    named = set(re.findall(r"`python build\.py (\w+)", README))
    assert named and named <= set(main.commands)


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert Path(target).exists(), target


def test_the_lines_of_python_end_in_the_derivation(monkeypatch):
    monkeypatch.chdir(ROOT)
    (lines,) = re.findall(r"```python\n(.*?)\n```", README, re.DOTALL)
    first, last = lines.rsplit("\n", 1)
    scope = {}
    exec(first, scope)
    shown = re.search(r"```math\n(.*?)\n```", README, re.DOTALL)[1]
    assert eval(last, scope)._repr_latex_() == f"$${shown}$$"
