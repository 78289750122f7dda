"""What went wrong outside our code, a disk or a template, as the one sentence that an author can act on."""

import re
import traceback
from pathlib import Path

from gradbook.engine import plugins
from gradbook.engine.errors import BookError

TEMPLATES = ("templates", "book/site/theme/templates")


class MachineError(BookError):
    """What the machine refused, and not the author's mistake: another time it may not."""


class ElsewhereError(Exception):
    """What stopped another process of the build: its one argument is the BookError with the sentence."""


def to_book_error(error: BaseException) -> BookError | None:
    """The error as the author's mistake or the machine's want; None if it is neither."""
    from jinja2 import TemplateError

    if isinstance(error, ElsewhereError):
        return error.args[0]
    if isinstance(error, OSError) and error.errno is not None:
        return _of_system(error)
    if isinstance(error, TemplateError):
        return _of_template(error)
    own = isinstance(error, BookError) or not isinstance(error, Exception)
    return None if own else plugins.mistake(error)


def _of_system(error: OSError) -> BookError:
    """'build/html: No space left on device …', with the file if the system names one."""
    place = f"{error.filename}: " if error.filename else ""
    return MachineError(f"{place}{error.strerror}. The book you had is as it was.")


def _of_template(error) -> BookError:
    """The innermost template that the error passed through, with its line."""
    from jinja2 import TemplateNotFound

    if isinstance(error, TemplateNotFound):
        return BookError(f"templates/{error.name}: is missing.")
    if getattr(error, "lineno", None):
        place = (error.filename or error.name or "a template", error.lineno)
    else:
        place = _innermost((frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__))
    where = f"{_from_root(place[0])}:{place[1]}" if place else "templates"
    return BookError(f"{where}: {str(error.message or error).rstrip('.')}.")


def told_in(log: str) -> BookError | None:
    """The same from the log of a program that stopped, which ends with its traceback."""
    if wanted := re.search(r"\[Errno \d+\] ([^:\n]+)(?:: '(.+)')?", log):
        return _of_system(OSError(1, wanted[1], wanted[2]))
    if lost := re.search(r"config directory doesn't contain a conf\.py file \((.+)\)", log):  # Sphinx's own words
        return _of_system(OSError(2, "No such file or directory", f"{lost[1]}/conf.py"))
    said = re.search(r"^\s*jinja2\.exceptions\.\w+: (.+)$", log, re.MULTILINE)
    place = _innermost(re.findall(r'File "([^"]+)", line (\d+)', log))
    return BookError(f"{_from_root(place[0])}:{place[1]}: {said[1].rstrip('.')}.") if said and place else None


def _innermost(frames) -> tuple[str, int | str] | None:
    folders = [root / name for root in plugins.roots() for name in TEMPLATES]
    found = [(file, line) for file, line in frames if any(Path(file).is_relative_to(f) for f in folders)]
    return found[-1] if found else None


def _from_root(file: str) -> str:
    path, ours = Path(file), plugins.PACKAGE
    return path.relative_to(ours).as_posix() if path.is_relative_to(ours) else plugins.named(file)
