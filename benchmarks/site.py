"""How the site's build scales: from nothing, unchanged, and after changes, with many copies of an example.

Seconds on the clock, and of all processors: these tell more where the machine has other work.

Run:  python benchmarks/site.py [--copies N] [--example NAME] [--jobs N]        (--copies 0: the book as it is)
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("gradbook", "book", "check", "docs", "engine", "examples", "templates", "build.py", "pyproject.toml")
PARTS = ("examples", "pages", "html", "publish", "all", "cpu")
LINE = re.compile(r"^(\w+)\b.*?([\d.]+) s$", re.MULTILINE)


def copy_project(folder):
    """The project in a folder, without what is built."""
    for name in PROGRAM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def build(project, jobs):
    """Builds the site; the seconds of each target, of all, and of the processors."""
    command = [sys.executable, "build.py", "html", *(["--jobs", str(jobs)] if jobs else [])]
    start, before = time.perf_counter(), processors()
    run = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    seconds = {name: float(found) for name, found in LINE.findall(run.stderr)}
    return seconds | {"all": time.perf_counter() - start, "cpu": processors() - before}


def processors():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pages(project):
    """Every page that readers have, with what would betray that it was written again."""
    found = (project / "build" / "html").rglob("*.html")
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def change_number(path):
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^(learning_rate = )[\d.]+", r"\g<1>0.123", text, flags=re.MULTILINE), encoding="utf-8")


def change_title(path):
    path.write_text(
        re.sub(r'^en = "', 'en = "Another: ', path.read_text("utf-8"), count=1, flags=re.MULTILINE), "utf-8"
    )


def report(title, project, jobs):
    before, seconds = pages(project), build(project, jobs)
    after = pages(project)
    written = sum(before.get(path) != mark for path, mark in after.items())
    parts = "".join(f"{seconds[part]:9.2f}" for part in PARTS)
    print(f"{title:<26}{parts}{written:8} of {len(after)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=35)
    parser.add_argument("--example", default="seed")
    parser.add_argument("--jobs", type=int, default=None)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        copy_project(project)
        example = project / "examples" / f"{wanted.example}.toml"
        for number in range(wanted.copies):
            shutil.copy(example, example.with_stem(f"copy-{number:03}"))
        print(f"{len(list(example.parent.glob('*.toml')))} examples; seconds, and pages written")
        print(" " * 26 + "".join(f"{part:>9}" for part in PARTS))
        report("from nothing", project, wanted.jobs)
        report("unchanged", project, wanted.jobs)
        change_number(example)
        report("a number changed", project, wanted.jobs)
        change_title(example)
        report("a title changed", project, wanted.jobs)
        shutil.copy(example, example.with_stem("new"))
        report("an example more", project, wanted.jobs)


if __name__ == "__main__":
    main()
