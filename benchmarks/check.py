"""How the checker grows with a page: a dense net with Adam whose tables show 2, 25, 50 and 100 updates.

Seconds of one processor, the peak of memory, and how many megabytes the largest page has; the build is not counted.

Run:  python benchmarks/check.py [--width N] [--updates N ...]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHECK = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from gradbook import check
out = Path(sys.argv[2])
traces = {path.stem: path.read_text("utf-8") for path in (out / "source" / "traces").glob("*.json")}
before = resource.getrusage(resource.RUSAGE_SELF)
report = check.run(out / "html", traces, ["en"])
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024,
                  report.counts["table_rows"]]))
"""


def example(width, updates):
    """A net of two layers with numbers drawn once, as the text of an example file."""
    random = np.random.default_rng(0)

    def drawn(*shape):
        return json.dumps(np.round(random.uniform(0.1, 0.9, size=shape), 2).tolist())

    layer = '[[layers]]\nW = {}\nb = {}\nactivation = "sigmoid"\n'
    layers = "".join(layer.format(drawn(width, width), drawn(width)) for _ in range(2))
    return (
        f'family = "mlp"\nloss = "half_squared_error"\n[title]\nen = "Wide"\n'
        f"[data]\nx = {drawn(1, width)}\ny = {drawn(1, width)}\n{layers}"
        f'[update]\noptimizer = "adam"\nlearning_rate = 0.01\n[page]\nsteps = {updates}\n'
    )


def run(*command, folder=None):
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def report(folder, width, updates):
    (folder / "examples" / "first.toml").write_text(example(width, updates), encoding="utf-8")
    run(str(ROOT / "build.py"), "--project", str(folder), "html", "--lang", "en")
    seconds, memory, rows = json.loads(run("-c", CHECK, str(ROOT), str(folder / "build")))
    page = max(path.stat().st_size for path in (folder / "build" / "html").rglob("*.html")) / 1e6
    print(f"{updates:8}{page:10.2f}{rows:8}{seconds:9.2f}{memory:9.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=6)
    parser.add_argument("--updates", type=int, nargs="+", default=[2, 25, 50, 100])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "book"
        run(str(ROOT / "build.py"), "init", str(folder))
        print(f"{wanted.width}-{wanted.width}-{wanted.width}\n updates   page/MB    rows    cpu/s   MB mem")
        for updates in wanted.updates:
            report(folder, wanted.width, updates)


if __name__ == "__main__":
    main()
