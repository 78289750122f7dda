"""Makes the PDF of each language, by Typst or by TeX, from the same source folders as the site."""

import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from gradbook.engine.errors import BookError

from .files import write
from .project import Project
from .sphinx_run import environment as fixed_environment
from .sphinx_run import outcome, refuse, settings_of, sphinx
from .words import environment

PACKAGES = "texlive-xetex texlive-lang-chinese texlive-latex-extra texlive-fonts-recommended latexmk"
"""The Debian packages of the TeX road."""


def build_pdf(project: Project, out: Path, lang: str, engine: str, absent: Collection[str] = ()) -> Path:
    """Builds `out/pdf/<title>-<lang>.pdf`; `engine` is 'typst' or 'latex'. A mistake raises BookError."""
    made = {"typst": _typst, "latex": _latex}[engine](project, out, lang, absent)
    target = out / "pdf" / project.pdf_name(lang)
    write(target, made.read_bytes())
    return target


def _sphinx(project: Project, out: Path, lang: str, builder: str, absent: Collection[str], *settings: str) -> Path:
    source, work = out / "source" / lang, out / "work" / "pdf" / f"{builder}-{lang}"
    with sphinx(builder, source, work, lang, *settings, *settings_of(project, lang)) as run:
        refuse(outcome(source, work, run, absent, project))
    return work / builder


def _typst(project: Project, out: Path, lang: str, absent: Collection[str]) -> Path:
    subtitle = environment(lang).get_template("site/words.j2").module.line
    return _sphinx(project, out, lang, "typst", absent, f"typst_subtitle={subtitle}") / "book.pdf"


def check_tex() -> None:
    """Raise BookError, saying what to install, if TeX is not here."""
    absent = [tool for tool in ("xelatex", "latexmk") if not shutil.which(tool)]
    if absent:
        raise BookError(
            f"pdf --engine latex needs {' and '.join(absent)}; leave --engine out, or install them "
            f"(Debian: sudo apt-get install {PACKAGES})."
        )


def _latex(project: Project, out: Path, lang: str, absent: Collection[str]) -> Path:
    check_tex()
    folder = _sphinx(project, out, lang, "latex", absent)
    (source,) = folder.glob("*.tex")
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    run = subprocess.run(
        command, cwd=folder, env=fixed_environment(), capture_output=True, text=True, errors="replace"
    )
    if run.returncode:
        raise RuntimeError(f"xelatex stopped: {run.stdout[-2000:]}")
    return source.with_suffix(".pdf")
