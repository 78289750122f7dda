"""A tiny plug-in: one operation and one family, laid out as gradbook's own files are, and as a distribution."""

from pathlib import Path

FILES = {
    "engine/ops/bells.py": '''"""Bells: functions that are largest at 0."""

import numpy as np

from .table import op

op("gaussian", lambda z: np.exp(-z * z),
   lambda g, a, z: -(g * (2 * (z * a))),
   kind="activation", reach=(0, 1))
''',
    "engine/families/radial.py": '''"""A radial unit: the nearer a weighted sum to 0, the nearer the answer to 1."""

from ..spec.example import Example, Matrix, Model, Number, Vector
from ..spec.shapes import shape
from ..tape.tape import Tape


class Data(Model):
    """[data]: x has one row per sample, y one number per sample."""

    x: Matrix = shape("samples", "features")
    y: Matrix = shape("samples", 1)


class Weights(Model):
    """[weights]: w has one number per feature, b is one number."""

    w: Vector = shape("features")
    b: Number


class Spec(Example):
    """A radial unit."""

    data: Data
    weights: Weights


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    X, y = tape.data("X", spec.data.x), tape.data("y", spec.data.y)
    w, b = tape.param("w", [[v] for v in spec.weights.w]), tape.param("b", spec.weights.b)
    z = tape.write("z", X @ w + b, grad="dz")
    a = tape.write("a", z.gaussian())
    return tape.write("J", tape.write("E", a.squared_error(y)).mean()).name
''',
    "check/ops/bells.py": '''"""What bells mean."""

from .meaning import Meaning, exp

MEANINGS = {"gaussian": Meaning(lambda z: exp(-z * z), lambda z: exp(-z * z) * (1 + 2 * z * z))}
''',
    "templates/math.j2": """{#- How bells are written. -#}
{% macro gaussian(z) %}\\exp\\left(-{{ z.base }}^{ {{- "\\\\odot " if not z.scalar }}2}\\right){% endmacro %}
{% macro gaussian_entry(z) %}e^{-{{ z.base }}^{2}}{% endmacro %}
""",
    "templates/operations.j2": """{#- Bells in words. -#}
{% set rooms = {"bells": [_("Bells"), _("They are largest at 0 and fade to both sides.")]} %}
{% set names = {"gaussian": _("Gaussian bell")} %}
{% set why = {"gaussian": _("It is its own slope, times the inner derivative, which is $-2z$.")} %}
""",
    "templates/why.j2": """{#- Why bells. -#}
{% set forward = {"gaussian": _("The bell is 1 where nothing is added up to, and fades to both sides.")} %}
""",
    "templates/families/radial.j2": """{#- The radial unit in words and symbols. -#}
{% set title = _("Radial unit") %}
{% set before = ["linear_regression"] %}
{% set symbols = {
  "X": ["X", _("the features, one row per sample")],
  "y": ["y", _("the target, one row per sample")],
  "w": ["w", _("the weights: one per feature")],
  "b": ["b", _("the bias: one number, added to every sample")],
  "z": ["z", _("how far each sample is from the centre")],
  "a": ["a", _("the answer for each sample")],
  "E": ["E", _("the squared error of each sample")],
  "J": ["J", _("the loss: the mean squared error")],
  "dz": ["", _("how the loss changes with each distance")],
} %}
{% set scopes = {"": _("The model")} %}
{% set remember = [(["a"], _("A bell answers most where its argument is 0."))] %}
""",
    "templates/locale/zh/LC_MESSAGES/book.po": """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Radial unit"
msgstr "径向单元"

msgid "Gaussian bell"
msgstr "高斯钟形函数"
""",
    "examples/radial.toml": """family = "radial"

[title]
en = "A radial unit"
zh = "一个径向单元"

[data]
x = [[0.5, 0.2], [1.0, -0.4]]
y = [[1], [0]]

[weights]
w = [0.6, -0.3]
b = 0.2

[update]
learning_rate = 0.1

[page]
curve = 10
""",
}

PROJECT = """[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "gradbook-bells"
version = "1.0"

[project.entry-points.gradbook]
bells = "gradbook_bells"

[tool.setuptools]
packages = ["gradbook_bells"]

[tool.setuptools.package-data]
gradbook_bells = ["**/*"]
"""


def write(folder: Path, files: dict[str, str] = FILES) -> Path:
    """Write the files of a plug-in into its folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def distribution(folder: Path) -> Path:
    """The same plug-in as a distribution that pip can install. To import its package is an error: nobody has to."""
    write(folder / "gradbook_bells", {**FILES, "__init__.py": 'raise ImportError("never imported")\n'})
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return folder
