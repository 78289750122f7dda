"""Who may do what with it: licence, notices of the typefaces, how to cite it, and which version this is."""

import shutil
import sys
import tomllib
import zipfile

import pytest
import yaml
from click.testing import CliRunner

import gradbook
from gradbook.book.pages import colophon
from gradbook.book.site import webfont
from gradbook.cli import main
from tests.small_project import ROOT
from tests.test_bounds import run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Of the schema of the Citation File Format 1.2.0: what must be there, and all that may be.
REQUIRED = {"authors", "cff-version", "message", "title"}
ALLOWED = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
    "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url",
    "version",
}  # fmt: skip
ENTITY = {
    "name", "address", "alias", "city", "country", "date-end", "date-start", "email", "fax", "location", "orcid",
    "post-code", "region", "tel", "website",
}  # fmt: skip


def test_citation_has_the_shape_of_its_format():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert set(citation) >= REQUIRED and set(citation) <= ALLOWED
    assert citation["cff-version"] == "1.2.0" and citation["type"] in ("software", "dataset")
    assert citation["authors"] and all("name" in each and set(each) <= ENTITY for each in citation["authors"])
    assert all(isinstance(citation[key], str) and citation[key].strip() for key in ("message", "title", "abstract"))
    assert len(set(citation["keywords"])) == len(citation["keywords"]) > 0
    assert citation["version"] == gradbook.__version__, "a string: YAML reads 0.1 as a number"
    assert citation["license"] == PROJECT["license"]
    assert [each["name"] for each in citation["authors"]] == [each["name"] for each in PROJECT["authors"]]


def test_the_licence_names_its_holders():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) The gradbook authors\n")
    assert all((ROOT / name).is_file() for name in [*PROJECT["license-files"], PROJECT["readme"]])


def test_every_typeface_has_a_notice():
    notices = (ROOT / "NOTICES.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in notices.splitlines() if "|" in line]
    named = {name: row for row in rows for name in row[0].split(", ")}
    for face in colophon.typefaces():
        for name in face.name.split(", "):
            assert (named[name][2], named[name][3]) == (face.licence, face.source)


def test_the_subset_goes_with_its_notice_and_licence(tmp_path):
    webfont.make(tmp_path)
    notice = (tmp_path / webfont.NOTE).read_text(encoding="utf-8")
    licence = (ROOT / "book" / "site" / "OFL.txt").read_text(encoding="utf-8")
    assert "Copyright 2001-2020 The STIX Fonts Project Authors" in notice and notice.endswith(licence)
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence and licence.count("\n") > 80
    assert webfont.NOTE in (tmp_path / "math.css").read_text(encoding="utf-8").partition("*/")[0]


@pytest.mark.parametrize("name", ["gradbook", "build.py"])
def test_version(name):
    answer = CliRunner().invoke(main, ["--version"], prog_name=name)
    assert (answer.exit_code, answer.output) == (0, f"gradbook {gradbook.__version__}\n")


@pytest.mark.slow
def test_the_wheel_carries_licence_and_notices(tmp_path):
    left_out = shutil.ignore_patterns(".*", "build", "__pycache__", "tests", "*.egg-info")
    shutil.copytree(ROOT, tmp_path / "source", ignore=left_out)
    done = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "made", "./source", folder=tmp_path)
    if done.returncode and "setuptools>=77" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "made").glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        metadata = files.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    inside = {name.partition(".dist-info/licenses/")[2] for name in names if ".dist-info/licenses/" in name}
    assert inside == set(PROJECT["license-files"]) and "gradbook/book/site/OFL.txt" in names
    assert "License-Expression: MIT\n" in metadata and "Description-Content-Type: text/markdown" in metadata
