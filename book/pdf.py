"""Makes the PDF of each language, by Typst or by TeX, from the same source folders as the site."""

import shutil
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

from gradbook.engine.errors import BookError

from .files import write
from .sphinx_run import environment as fixed_environment
from .sphinx_run import keep, outcome, refuse, sphinx
from .words import environment

PACKAGES = "texlive-xetex texlive-lang-chinese texlive-latex-extra texlive-fonts-recommended latexmk"
"""The Debian packages of the TeX road."""


def build_pdf(
    out: Path, lang: str, engine: str, absent: Collection[str] = (), unedited: Callable = lambda: None
) -> Path:
    """Builds `out/pdf/gradbook-<lang>.pdf`; `engine` is 'typst' or 'latex'. A mistake raises BookError.

    `unedited` may raise before what was made counts.
    """
    made = {"typst": _typst, "latex": _latex}[engine](out, lang, absent)
    unedited()
    keep(engine, out / "source" / lang, _work(out, lang, engine), lang)
    target = out / "pdf" / f"gradbook-{lang}.pdf"
    write(target, made.read_bytes())
    return target


def _work(out: Path, lang: str, builder: str) -> Path:
    return out / "work" / "pdf" / f"{builder}-{lang}"


def _sphinx(out: Path, lang: str, builder: str, absent: Collection[str], *settings: str) -> Path:
    source, work = out / "source" / lang, _work(out, lang, builder)
    with sphinx(builder, source, work, lang, *settings) as run:
        refuse(outcome(source, work, run, absent))
    return work / builder


def _typst(out: Path, lang: str, absent: Collection[str]) -> Path:
    subtitle = environment(lang).get_template("site/words.j2").module.line
    return _sphinx(out, lang, "typst", absent, f"typst_subtitle={subtitle}") / "book.pdf"


def check_tex() -> None:
    """Raise BookError, saying what to install, if TeX is not here."""
    absent = [tool for tool in ("xelatex", "latexmk") if not shutil.which(tool)]
    if absent:
        raise BookError(
            f"pdf --engine latex needs {' and '.join(absent)}; leave --engine out, or install them "
            f"(Debian: sudo apt-get install {PACKAGES})."
        )


def _latex(out: Path, lang: str, absent: Collection[str]) -> Path:
    check_tex()
    folder = _sphinx(out, lang, "latex", absent)
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", "gradbook.tex"]
    run = subprocess.run(
        command, cwd=folder, env=fixed_environment(), capture_output=True, text=True, errors="replace"
    )
    if run.returncode:
        raise RuntimeError(f"xelatex stopped: {run.stdout[-2000:]}")
    return folder / "gradbook.pdf"
