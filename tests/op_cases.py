"""Random arguments for every operation of the engine: shapes that fit each other, numbers that it may be given."""

import json
from zlib import crc32

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.ops.convolution import pair


def case(name: str, seed: int = 0) -> tuple[list[np.ndarray], dict]:
    """(arguments, attributes) for an operation; the attributes as they come out of JSON."""
    rng = np.random.default_rng((crc32(name.encode()), seed))
    shapes, attrs = _shapes(name, rng)
    if OPS[name].attrs.keys() >= {"axis"} and OPS[name].kind != "layout":
        attrs = {**OPS[name].attrs, **attrs, "axis": int(rng.integers(2))}
    attrs = {**OPS[name].attrs, **attrs}
    args = [number_of(OPS[name].accepts(i), shape, rng, attrs.get("axis", 0)) for i, shape in enumerate(shapes)]
    return args, json.loads(json.dumps(attrs))


def number_of(domain: str, shape, rng, axis: int) -> np.ndarray:
    """Random numbers of a domain; along the axis a distribution adds up to 1 and a mask keeps an entry."""
    if domain == "real":
        return np.asarray(rng.normal(size=shape))
    if domain in ("positive", "unit"):
        return np.asarray(rng.uniform(0.1, 0.9 if domain == "unit" else 3, shape))
    if domain == "distribution":
        counts = rng.multinomial(100, np.full(shape[axis], 1 / shape[axis]), shape[1 - axis])
        return (counts if axis else counts.T) / 100.0
    if domain == "sign":
        return rng.choice([-1.0, 1.0], shape)
    mask = rng.integers(0, 2, shape) * 1.0
    mask[(slice(None),) * axis + (0,)] = 1
    return mask


def _shapes(name: str, rng) -> tuple[list, dict]:
    m, n, k, s, d = (int(i) for i in rng.integers(1, 4, 5))
    special = SPECIAL.get(name)
    if special:
        return special(m, n, k, s, d)
    if len(OPS[name].sample) == 2 and OPS[name].kind == "arithmetic":
        narrow = [(m, n), (m, 1), (1, n), ()]
        return [narrow[rng.integers(4)], narrow[rng.integers(4)]], {}
    return [(m, n)] * len(OPS[name].sample), {}


def _map(m, n, k, w, s, d=1):
    """The shape of a map in which a window of k × w has m × n places; s and d may differ along rows and columns."""
    (s, across), (d, apart) = pair(s), pair(d)
    return s * (m - 1) + d * (k - 1) + 1, across * (n - 1) + apart * (w - 1) + 1


def _steps(one, other):
    """One number for rows and columns, or one for each."""
    return one if one == other else (one, other)


SPECIAL = {
    "scale": lambda m, n, k, s, d: ([(), (m, n)], {}),
    "power": lambda m, n, k, s, d: ([(m, n), ()], {}),
    "matmul": lambda m, n, k, s, d: ([(m, k), (k, n)], {}),
    "outer": lambda m, n, k, s, d: ([(m, 1), (n, 1)], {}),
    "reshape": lambda m, n, k, s, d: ([(m, n * k)], {"shape": [n * m, k]}),
    "concat": lambda m, n, k, s, d: ([(m, n), (m, k), (m, s)], {"axis": 1}),
    "slice": lambda m, n, k, s, d: ([(m, n + k)], {"axis": 1, "start": k - 1, "stop": k + n - 1}),
    "pad": lambda m, n, k, s, d: ([(m, n)], {"widths": [[k - 1, s], [d - 1, d]]}),
    "gather": lambda m, n, k, s, d: ([(m, n)], {"rows": [k % m, s % m, d % m, k % m]}),
    "scatter": lambda m, n, k, s, d: ([(3, n)], {"rows": [k % m, s % m, d % m], "count": m}),
    "broadcast": lambda m, n, k, s, d: ([((m, 1), (1, n), ())[k - 1]], {"shape": [m, n]}),
    "topk_mask": lambda m, n, k, s, d: ([(m + 1, n + 1)], {"k": 1 + k % 2}),
    "conv": lambda m, n, k, s, d: (
        [_map(m, n, k, 2, _steps(s, k), d), (k, 2)], {"stride": _steps(s, k), "dilation": d}
    ),
    "conv_transpose": lambda m, n, k, s, d: (
        [(m, n), (k, 2)], {"shape": _map(m, n, k, 2, s, d), "stride": s, "dilation": d}
    ),
    "max_pool": lambda m, n, k, s, d: ([_map(m, n, k, d, s)], {"size": _steps(k, d), "stride": s}),
    "max_pool_back": lambda m, n, k, s, d: ([(m, n), _map(m, n, k, k, s)], {"size": k, "stride": s}),
    "max_pool_pick": lambda m, n, k, s, d: ([_map(m, n, k, k, s)] * 2, {"size": k, "stride": s}),
    "avg_pool": lambda m, n, k, s, d: ([_map(m, n, k, k, _steps(s, d))], {"size": k, "stride": _steps(s, d)}),
    "avg_pool_back": lambda m, n, k, s, d: (
        [(m, n)], {"shape": _map(m, n, k, d, s), "size": _steps(k, d), "stride": s}
    ),
}  # fmt: skip
