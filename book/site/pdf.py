"""Makes the PDF of each language, by Typst or by TeX, from the same source folders as the site."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from gradbook.engine.errors import BookError

from ..base.files import write
from ..i18n.language import fonts
from ..i18n.words import environment, languages
from ..project import Edition
from .sphinx_run import environment as fixed_environment
from .sphinx_run import keep, outcome, refuse, sphinx

PACKAGES = "texlive-xetex texlive-lang-chinese texlive-latex-extra texlive-fonts-recommended latexmk"
"""The Debian packages of the TeX road."""


def build_pdf(edition: Edition, out: Path, lang: str, engine: str, unedited: Callable = lambda: None) -> Path:
    """Builds `out/pdf/<title>-<lang>.pdf`; `engine` is 'typst' or 'latex'. A mistake raises BookError.

    `unedited` may raise before what was made counts.
    """
    if engine == "typst":
        fonts(languages())  # whose mistakes are to be told before Sphinx is at work
    subtitle = environment(lang).get_template("site/words.j2").module.line
    settings = [f"typst_subtitle={subtitle}", *edition.settings(lang)]
    folder = _sphinx(edition, out, lang, engine, settings)
    made = _latex(folder) if engine == "latex" else folder / "book.pdf"
    unedited()
    keep(engine, out / "source" / lang, _work(out, lang, engine), lang, *settings)
    target = out / "pdf" / edition.project.pdf_name(lang)
    write(target, made.read_bytes())
    return target


def _work(out: Path, lang: str, builder: str) -> Path:
    return out / "work" / "pdf" / f"{builder}-{lang}"


def _sphinx(edition: Edition, out: Path, lang: str, builder: str, settings: list[str]) -> Path:
    source, work = out / "source" / lang, _work(out, lang, builder)
    with sphinx(builder, source, work, lang, *settings) as run:
        refuse(outcome(source, work, run, edition))
    return work / builder


def check_tex() -> None:
    """Raise BookError, saying what to install, if TeX is not here."""
    absent = [tool for tool in ("xelatex", "latexmk") if not shutil.which(tool)]
    if absent:
        raise BookError(
            f"pdf --engine latex needs {' and '.join(absent)}; leave --engine out, or install them "
            f"(Debian: sudo apt-get install {PACKAGES})."
        )


def _latex(folder: Path) -> Path:
    (source,) = folder.glob("*.tex")
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    run = subprocess.run(
        command, cwd=folder, env=fixed_environment(), capture_output=True, text=True, errors="replace"
    )
    if run.returncode:
        raise RuntimeError(f"xelatex stopped: {run.stdout[-2000:]}")
    return source.with_suffix(".pdf")
