"""Activation functions and the functions that their slopes are made of."""

from decimal import Decimal
from math import erfc, pi

import numpy as np

from ..arithmetic import whole
from .meaning import (
    Function,
    Meaning,
    Whole,
    along,
    chosen,
    entrywise,
    exp,
    expm1,
    is_quick,
    ln,
    log1p,
    mp,
    numbers,
    tanh,
)
from .moves import same

CUBE = 0.044715
"""The factor with which a tanh comes near to the normal distribution."""

_below = entrywise(
    np.vectorize(lambda z: erfc(-z / 2**0.5) / 2, otypes=[float]), lambda z: mp.erfc(-z / mp.sqrt(2)) / 2
)


def positive_part(z):
    return chosen(z > 0, z, z * 0)


def sigmoid(z):
    return 1 / (1 + exp(-z))


def softplus(z):
    return positive_part(z) + log1p(exp(-abs(z)))


def _elu(z, alpha=1.0):
    return chosen(z > 0, z, alpha * expm1(-positive_part(-z)))


def _density(z):
    return exp(-z * z / 2) / _root_of(2, 1, z)


def _root_of(a, b, like):
    """√(aπ/b), to as many digits as the numbers have."""
    return (a * pi / b) ** 0.5 if is_quick(like) else mp.sqrt(a * mp.pi / b)


def _root_2_by_pi(like):
    return 2 / _root_of(2, 1, like)


def _share(z):
    """What stands in the place of Φ(z), twice."""
    return 1 + tanh(_root_2_by_pi(z) * (z + CUBE * z**3))


def _inner_slope(z):
    return _root_2_by_pi(z) * (1 + CUBE * (3 * z * z))  # a float64 times 3 would be rounded


def _gelu_slope(z):
    t = _share(z) - 1
    return (1 + t + z * (1 - t * t) * _inner_slope(z)) / 2


# Softmax and its kin. In float64 the largest entry is taken away first, so that exp cannot overflow.


def largest_size(z, axis):
    return np.max(abs(z), axis=axis, keepdims=True)


def _powers(z, axis):
    return exp(z - np.max(z, axis=axis, keepdims=True))


def softmax(z, axis=0):
    e = _powers(z, axis)
    return e / along(e, axis)


def masked_softmax(z, m, axis):
    lowest = np.min(z, axis=axis, keepdims=True)
    e = numbers(m != 0, z) * _powers(chosen(m != 0, z, lowest + z * 0), axis)
    return e / along(e, axis)


def log_sum_exp(z, axis):
    return np.max(z, axis=axis, keepdims=True) + ln(along(_powers(z, axis), axis))


def log_softmax(z, axis=0):
    return z - log_sum_exp(z, axis)


def softmax_ends(z, bound, axis, seen=1.0):
    """The smallest and the largest that each entry can be: it rises with its own z and falls with all others."""
    top = np.max(z, axis=axis, keepdims=True)
    more, less = seen * np.exp(z + bound - top), seen * np.exp(z - bound - top)
    return less / (less + along(more, axis) - more), more / (more + along(less, axis) - less)


def _softmax_passed(args, bounds, axis=0):
    low, high = softmax_ends(args[0], bounds[0], axis)
    return np.maximum(high - low, 0)


def _masked_passed(args, bounds, axis):
    low, high = softmax_ends(args[0], bounds[0], axis, args[1])
    return np.maximum(np.nan_to_num(high - low), 0)


def log_softmax_passed(args, bounds, axis=0):
    low, high = softmax_ends(args[0], bounds[0], axis)
    return np.log(high / low)


def _wide(value):
    """A relative error of the exponents' size: exp turns an absolute one into it."""
    return lambda z, *m, axis=0: value(z, *m, axis=axis) * (1 + 2 * largest_size(z, axis))


# From printed numbers. A function that pages call often is worked in Decimals.


def _sigmoid_of(x: Decimal) -> Decimal:
    e = (-abs(x)).exp()
    return (e if x < 0 else 1) / (1 + e)


def _tanh_of(x: Decimal) -> Decimal:
    """Near 0 the quotient loses digits to cancellation, but 50 are far more than are printed."""
    e = (-2 * abs(x)).exp()
    return ((1 - e) / (1 + e)).copy_sign(x)


SILU_TURN = "-1.278464542761073795109358739"
GELU_TURN = "-0.751791524693564457457904947"
GELU_TANH_TURN = "-0.752461422071016258487954443"
SLOPE_TURNS = ("-1.418504008790828355548034", "1.418504008790828355548034")
"""Where these functions, and the slope of gelu_tanh, have their smallest and largest values."""

MEANINGS = {
    "identity": Meaning(lambda z: z, move=same, keeps_name=True),
    "sigmoid": Meaning(sigmoid, lambda z: sigmoid(z) * (1 + abs(z)), printed={"σ": Function(_sigmoid_of)}),
    "tanh": Meaning(tanh, printed={"tanh": Function(_tanh_of, bare=True)}),
    "relu": Meaning(
        positive_part,
        printed={"ReLU": Function(lambda x: max(x, Decimal(0)))},
        piece=lambda before, now: numbers(before[0] > 0, before[0]) * now[0],
    ),
    "leaky_relu": Meaning(
        lambda z, slope=0.01: chosen(z > 0, z, slope * z),
        printed={"LReLU": Function(turns=("0",), below="slope")},
        piece=lambda before, now, slope=0.01: chosen(before[0] > 0, now[0], slope * now[0]),
    ),
    "elu": Meaning(
        _elu,
        printed={"ELU": Function(turns=("0",), below="alpha")},
        piece=lambda before, now, alpha=1.0: chosen(before[0] > 0, now[0], alpha * expm1(now[0])),
    ),
    "softplus": Meaning(softplus, printed="softplus"),
    "log_sigmoid": Meaning(lambda z: -softplus(-z)),
    "silu": Meaning(
        lambda z: z * sigmoid(z),
        lambda z: abs(z) * sigmoid(z) * (1 + abs(z)),
        printed={"SiLU": Function(turns=(SILU_TURN,))},
    ),
    "gelu": Meaning(lambda z: z * _below(z), abs, printed={"GELU": Function(turns=(GELU_TURN,))}),
    "gelu_tanh": Meaning(lambda z: z * _share(z) / 2, abs, printed={"GELU_tanh": Function(turns=(GELU_TANH_TURN,))}),
    "gelu_tanh_slope": Meaning(
        _gelu_slope,
        lambda z: 1 + abs(z) * _inner_slope(z),
        printed={"GELU_tanh^′": Function(turns=SLOPE_TURNS)},
    ),
    "normal_cdf": Meaning(_below, lambda z: z * 0 + 1, printed="Φ"),
    "normal_pdf": Meaning(_density, lambda z: _density(z) * (1 + z * z), printed={"φ": Function(turns=("0",))}),
    "softmax": Meaning(
        softmax,
        _wide(softmax),
        _softmax_passed,
        printed={"softmax": Whole(whole.along(whole.on_numbers(whole.softmax)), whole.along(whole.softmax))},
    ),
    "masked_softmax": Meaning(masked_softmax, _wide(masked_softmax), _masked_passed),
    "log_softmax": Meaning(
        log_softmax,
        lambda z, axis=0: 1 + 4 * largest_size(z, axis) + abs(log_softmax(z, axis)),
        log_softmax_passed,
        printed={"logsoftmax": Whole(whole.along(whole.log_softmax), whole.along(whole.log_softmax))},
    ),
    "log_sum_exp": Meaning(
        log_sum_exp,
        lambda z, axis: 1 + 4 * largest_size(z, axis),
        printed={"lse": Whole(whole.along(whole.log_sum_exp))},
    ),
}
