"""The extension as strangers get it: from the wheel, in projects that know nothing of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.foreign_project import project

pytestmark = pytest.mark.slow

HEAD = 'version, copyright = "1", "us"\n'  # which an EPUB has to have
RST = """
project = "Notizen"
language = "de"
extensions = ["gradbook"]
gradbook_examples = ["nets", "nets/../more/adam.toml"]
html_theme = "alabaster"
locale_dirs = ["translations"]
html_static_path = ["own"]
html_css_files = ["own.css"]
latex_elements = {"papersize": "a5paper"}
"""
MYST = """
project = "Notes"
extensions = ["myst_parser", "gradbook"]
myst_enable_extensions = ["dollarmath"]
gradbook_examples = "nets"
html_theme = "furo"
html_math_renderer = "mathml"
"""
QUOTES = {
    "rst": "Der Verlust ist :value:`{name}:J|.5f`, :math:`x^2`.\n",
    "md": "The loss is {{value}}`{name}:J|.5f`, $x^2$.\n",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder that the wheel is installed into, and in which nothing may be written."""
    base = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".git", "build", ".wheel", "__pycache__", ".*_cache", "*.egg-info", ".venv")
    shutil.copytree(ROOT, base / "source", ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", base / "wheels", base / "source"]
    subprocess.run(wheel, check=True, capture_output=True)
    (made,) = (base / "wheels").glob("*.whl")
    target = base / "site"
    subprocess.run([*pip, "install", "--no-deps", "--no-compile", "--target", target, made], check=True)
    shutil.rmtree(base / "source")
    for path in (*target.rglob("*"), target):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return target


def sphinx(installed: Path, folder: Path, builder: str, jobs: int = 4, out: str = "") -> str:
    """Builds from another folder; what Sphinx said. A warning is an error."""
    target = folder / "_build" / (out or builder)
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "-j",
        str(jobs),
        "-b",
        builder,
        "-d",
        f"{target}-trees",
        folder,
        target,
    ]
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    environment |= {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "0"}
    run = subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def notes(folder: Path, suffix: str, conf: str) -> Path:
    """Six pages that quote the first example, one that quotes another, and one that quotes none."""
    head = {"rst": "Seite {}\n========\n\n", "md": "# Page {}\n\n"}[suffix]
    pages = {f"page{n}.{suffix}": head.format(n) + QUOTES[suffix].format(name="seed") for n in range(6)}
    pages[f"other.{suffix}"] = head.format(7) + QUOTES[suffix].format(name="adam")
    contents = {"rst": ".. toctree::\n   :glob:\n\n   *\n", "md": "```{toctree}\n:glob:\n\n*\n```\n"}[suffix]
    pages[f"index.{suffix}"] = head.format(8) + contents
    project(folder, pages, HEAD + conf, ("seed", "adam"))
    (folder / "own").mkdir()
    (folder / "own" / "own.css").write_text("p { color: red }\n", "utf-8")
    return folder


def seen(folder: Path) -> dict[str, bytes]:
    """What readers get; without what Sphinx keeps for itself."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found if path.name != ".buildinfo"}


@pytest.fixture(scope="module", params=["rst", "md"])
def built(request, tmp_path_factory, installed) -> tuple[Path, str]:
    """A project whose HTML is built by four processes."""
    folder = notes(
        tmp_path_factory.mktemp("foreign") / "notes", request.param, {"rst": RST, "md": MYST}[request.param]
    )
    if request.param == "rst":
        (folder / "more").mkdir()
        (folder / "nets" / "adam.toml").rename(folder / "more" / "adam.toml")
    sphinx(installed, folder, "html")
    return folder, request.param


def test_a_page_shows_the_number_and_the_project_s_own_styles(built):
    folder, kind = built
    page = (folder / "_build" / "html" / "page0.html").read_text("utf-8")
    assert re.search(r'<span class="value" data-value="seed:J">0\.29837</span>', page)
    assert ("<math" in page, "\\(x^2\\)" in page) == (kind == "md", kind == "rst")
    assert ("own.css" in page) == (kind == "rst") and "traces" not in page
    assert not (folder / "_build" / "html" / "_static" / "traces").exists()


def test_parallel_and_serial_reading_write_the_same(built, installed):
    folder, _ = built
    sphinx(installed, folder, "html", jobs=1, out="serial")
    assert seen(folder / "_build" / "html") == seen(folder / "_build" / "serial")


@pytest.mark.parametrize("builder", ["latex", "dirhtml", "text", "epub", "man", "gettext"])
def test_other_builders(built, installed, builder):
    folder, _ = built
    sphinx(installed, folder, builder)
    texts = [path.read_bytes() for path in (folder / "_build" / builder).rglob("*") if path.is_file()]
    assert any((b"seed:J|.5f" if builder == "gettext" else b"0.29837") in text for text in texts)
    if builder == "latex":
        (tex,) = (folder / "_build" / "latex").glob("not*.tex")
        assert ("a5paper" in tex.read_text("utf-8")) == (folder / "page0.rst").exists()


def test_an_edited_example_is_read_again_by_the_page_that_quotes_it(built, installed):
    folder, _ = built
    sphinx(installed, folder, "html")
    assert "reading sources..." not in sphinx(installed, folder, "html")
    path = next(folder.glob("*/adam.toml"))
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(?m)^y = .*$", "y = [[2.0], [0.5]]", text), "utf-8")
    before = seen(folder / "_build" / "html")
    said = sphinx(installed, folder, "html")
    after = seen(folder / "_build" / "html")
    assert re.findall(r"^reading sources\.\.\. \[.*\] (.+?) *$", said, re.M)[-1:] == ["other"], said
    assert {name for name in after if after[name] != before[name]} == {"other.html"}
