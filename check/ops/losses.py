"""Losses: a (or z, before its activation) is what the model gives, y the target."""

from decimal import Decimal

from .activations import largest_size, log_softmax, log_softmax_passed, softplus
from .arithmetic import sign, sizes
from .meaning import Function, Meaning, along, chosen, ln, numbers


def _y_log(y, a):
    """y ln a, which is 0 where y is 0."""
    return chosen(y == 0, y * 0, y * ln(chosen(y == 0, a * 0 + 1, a)))


def _huber(a, y, delta=1.0):
    e = abs(a - y)
    return chosen(e <= delta, e * e / 2, delta * (e - delta / 2))


def _huber_along(before, now, delta=1.0):
    e, moved = before[0] - before[1], now[0] - now[1]
    return chosen(abs(e) <= delta, moved * moved / 2, delta * (sign(e) * moved - delta / 2))


def _cross_entropy(a, y):
    return -(y * ln(a) + (1 - y) * ln(1 - a))


def _of_logits(z, y, axis=0):
    return -along(y * log_softmax(z, axis), axis)


def _of_logits_scale(z, y, axis=0):
    return along(abs(y) * (1 + 4 * largest_size(z, axis) + abs(log_softmax(z, axis))), axis)


def _of_logits_passed(args, bounds, axis=0):
    (z, y), (_, y_bound) = args, bounds
    moved = log_softmax_passed([z], bounds[:1], axis)
    return along((abs(y) + y_bound) * moved + abs(log_softmax(z, axis)) * y_bound, axis)


def _huber_of(e: Decimal, delta: Decimal) -> Decimal:
    """A page calls it with the error itself."""
    e = abs(e)
    return e * e / 2 if e <= delta else delta * (e - delta / 2)


MEANINGS = {
    "half_squared_error": Meaning(lambda a, y: (y - a) ** 2 / 2, lambda a, y: sizes(a, y) ** 2),
    "squared_error": Meaning(lambda a, y: (y - a) ** 2, lambda a, y: sizes(a, y) ** 2),
    "absolute_error": Meaning(
        lambda a, y: abs(y - a),
        sizes,
        piece=lambda before, now: sign(before[0] - before[1]) * (now[0] - now[1]),
    ),
    "huber": Meaning(
        _huber,
        lambda a, y, delta=1.0: (sizes(a, y) + delta) ** 2,
        printed={"huber": Function(_huber_of, ("0",), below="delta")},
        piece=_huber_along,
    ),
    "binary_cross_entropy": Meaning(_cross_entropy, lambda a, y: 1 + abs(_cross_entropy(a, y)) + 1 / (1 - a)),
    "binary_cross_entropy_logits": Meaning(
        lambda z, y: softplus(z) - y * z, lambda z, y: 1 + abs(z) * (1 + abs(y)) + softplus(z)
    ),
    "cross_entropy": Meaning(lambda a, y: -_y_log(y, a), lambda a, y: abs(y) + abs(_y_log(y, a))),
    "cross_entropy_logits": Meaning(_of_logits, _of_logits_scale, _of_logits_passed, distribution=1),
    "kl_divergence": Meaning(
        lambda a, y: _y_log(y, y) - _y_log(y, a), lambda a, y: abs(y) + abs(_y_log(y, y)) + abs(_y_log(y, a))
    ),
    "hinge": Meaning(
        lambda a, y: chosen(y * a < 1, 1 - y * a, y * 0),
        lambda a, y: 1 + abs(y * a),
        piece=lambda before, now: numbers(before[1] * before[0] < 1, before[0]) * (1 - now[1] * now[0]),
    ),
}
