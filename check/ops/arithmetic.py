"""Arithmetic, entry by entry; smaller arguments are repeated as numpy does."""

import numpy as np

from .meaning import LINEAR, Meaning, chosen, cos, exp, floor, ln, numbers, sin, sqrt


def sizes(a, b):
    return abs(a) + abs(b)


def _sign(a):
    return numbers(a > 0, a) - numbers(a < 0, a)


def _clip(a, low, high):
    return chosen(a < low, a * 0 + low, chosen(a > high, a * 0 + high, a))


MEANINGS = {
    "add": Meaning(lambda a, b: a + b, sizes, LINEAR),
    "sub": Meaning(lambda a, b: a - b, sizes, LINEAR),
    "neg": Meaning(lambda a: -a, abs, LINEAR),
    "mul": Meaning(lambda a, b: a * b, None, LINEAR),
    "scale": Meaning(lambda s, x: s * x, None, LINEAR),
    "div": Meaning(lambda a, b: a / b),
    "reciprocal": Meaning(lambda a: 1 / a),
    "square": Meaning(lambda a: a * a),
    "power": Meaning(lambda a, b: a**b),
    "sqrt": Meaning(sqrt),
    "exp": Meaning(exp),
    "cos": Meaning(cos),
    "sin": Meaning(sin),
    "floor": Meaning(floor),
    "log": Meaning(ln, lambda a: 1 + abs(ln(a))),
    "abs": Meaning(abs),
    "sign": Meaning(_sign),
    "positive": Meaning(lambda z: numbers(z > 0, z)),
    "maximum": Meaning(np.maximum),
    "minimum": Meaning(np.minimum),
    "clip": Meaning(_clip),
    "within": Meaning(lambda a, low, high: numbers((a >= low) & (a <= high), a)),
}
