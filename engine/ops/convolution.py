"""Convolution and pooling of maps, written as a book writes them: a window slides over the map.

Glossary. x: a map (rows, columns). k: a kernel. s: stride, how far the window moves. d: dilation, how far apart the
entries of the map are that the kernel reads. Each of the two, and the size of a pooling's window, is a number or a
pair: along the rows, along the columns. As in all deep-learning libraries the kernel is not turned around, so
"convolution" is what signal processing calls cross-correlation. Zeros around the map are `pad`'s affair; several
channels are several maps whose convolutions are added up.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import prod
from operator import mul

import numpy as np

from .table import NO_GRADIENT, PRODUCT, Cost, op
from .terms import Of, Product, Several, Share, Total, entries

Steps = int | Sequence[int]


def pair(steps: Steps) -> tuple[int, int]:
    """Along the rows, along the columns: of one number the same for both."""
    rows, columns = (steps, steps) if isinstance(steps, int) else steps
    return rows, columns


def reach(n: int, size: int, stride: int = 1, dilation: int = 1) -> int:
    """How many places a window of `size` entries has along n. Raises ValueError if it does not fit evenly."""
    room = n - dilation * (size - 1) - 1
    if room < 0 or room % stride:
        raise ValueError(f"a window of {size} with stride {stride} and dilation {dilation} does not fit {n} evenly")
    return room // stride + 1


def seen(n: int, size: int, stride: int = 1, dilation: int = 1) -> int:
    """How many of n entries the windows see that fit: where they do not fit evenly, those at the end are left out."""
    room = n - dilation * (size - 1) - 1
    if room < 0:
        raise ValueError(f"a window of {size} with dilation {dilation} does not fit {n}")
    return n - room % stride


@lru_cache(10_000)
def parts(shape, size, stride, dilation) -> tuple[tuple[slice, ...], ...]:
    """The part of the map that each entry of the window, by rows, sees as the window moves."""
    return tuple(product(*map(_along, shape, size, stride, dilation)))


def _along(n: int, size: int, stride: int, dilation: int) -> list[slice]:
    """What each of `size` entries in a row or a column sees of n entries."""
    way = stride * (reach(n, size, stride, dilation) - 1) + 1
    return [slice(dilation * i, dilation * i + way, stride) for i in range(size)]


def places(shape, size: Steps, stride: Steps = 1, dilation: Steps = 1) -> tuple[int, ...]:
    """How many places a window has in a map of this shape."""
    return tuple(map(reach, shape, pair(size), pair(stride), pair(dilation)))


def windows(x: np.ndarray, size, stride: Steps, dilation: Steps) -> list[np.ndarray]:
    """What each entry of the window, by rows, sees: views of the map, in the shape of the window's places."""
    return [x[part] for part in parts(x.shape, pair(size), pair(stride), pair(dilation))]


def convolved(x: np.ndarray, k: np.ndarray, stride: Steps = 1, dilation: Steps = 1) -> np.ndarray:
    """out[p, q] = Σᵢⱼ k[i, j] x[s p + d i, s q + d j]."""
    return sum(map(mul, k.ravel(), windows(x, k.shape, stride, dilation)))


def handed_back(g: np.ndarray, k: np.ndarray, shape, stride: Steps = 1, dilation: Steps = 1) -> np.ndarray:
    """The transposed convolution: every g[p, q] goes back to the entries its window saw, weighted by the kernel."""
    out = np.zeros(shape, dtype=np.result_type(g, k))
    for weight, seen in zip(k.ravel(), windows(out, k.shape, stride, dilation), strict=True):
        seen += weight * g
    return out


def _stack(x: np.ndarray, size: Steps, stride: Steps) -> np.ndarray:
    """(entries of the window, rows, columns): what each entry of the window sees."""
    return np.stack(windows(x, size, stride, 1))


def picked(h: np.ndarray, x: np.ndarray, size: Steps, stride: Steps) -> np.ndarray:
    """From each window of h the entry that stands where x is largest, the first of equals."""
    first = np.argmax(_stack(x, size, stride), axis=0)
    return np.take_along_axis(_stack(h, size, stride), first[None], axis=0)[0]


def to_largest(g: np.ndarray, x: np.ndarray, size: Steps, stride: Steps) -> np.ndarray:
    """Each g goes back to where its window of x is largest, the first of equals; overlapping windows add up."""
    out = np.zeros(x.shape, dtype=g.dtype)
    first = np.argmax(_stack(x, size, stride), axis=0)
    for n, seen in enumerate(windows(out, size, stride, 1)):
        seen += np.where(first == n, g, 0).astype(g.dtype)
    return out


def to_all(g: np.ndarray, shape, size: Steps, stride: Steps) -> np.ndarray:
    """Each g goes back in equal shares to all entries of its window."""
    out = np.zeros(shape, dtype=g.dtype)
    for seen in windows(out, size, stride, 1):
        seen += g / prod(pair(size))
    return out


def slides(x, k, stride: Steps = 1, dilation: Steps = 1) -> Cost:
    """A multiplication for each place of the window and each entry of the kernel; numpy takes all places at once."""
    found = prod(places(x.shape, k.shape, stride, dilation))
    return Cost(found, found * k.size, calls=k.size)


def slides_back(g, k, shape, stride: Steps = 1, dilation: Steps = 1) -> Cost:
    return Cost(prod(shape), g.size * k.size, calls=k.size)


def pools(*maps, size: Steps, stride: Steps, shape=None) -> Cost:
    """A window slides over the last map, or one of this shape, and reads or makes its entries one by one."""
    shape = shape or maps[-1].shape
    entries = prod(pair(size))
    return Cost(prod(shape), prod(places(shape, size, stride)) * entries, calls=entries)


def _seen(window, place, stride: Steps, dilation: Steps) -> tuple[int, ...]:
    """Which entry of the map the window at `window` has at its own entry `place`."""
    steps = zip(pair(stride), window, pair(dilation), place, strict=True)
    return tuple(s * p + d * i for s, p, d, i in steps)


def _window(index, size: Steps, stride: Steps):
    """The entries of the map that one entry of a pooling sees."""
    return entries(0, (_seen(index, place, stride, 1) for place in np.ndindex(pair(size))))


def _weighted(index, x: np.ndarray, k: np.ndarray, stride: Steps = 1, dilation: Steps = 1) -> Total:
    inside = np.ndindex(k.shape)
    return Total(tuple(Product(Of(0, _seen(index, place, stride, dilation)), Of(1, place)) for place in inside))


def _returned(index, g: np.ndarray, k: np.ndarray, shape, stride: Steps = 1, dilation: Steps = 1) -> Total:
    """What every window that saw this entry hands back to it."""
    pairs = product(np.ndindex(g.shape), list(np.ndindex(k.shape)))
    return Total(tuple(Product(Of(0, p), Of(1, i)) for p, i in pairs if _seen(p, i, stride, dilation) == index))


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("conv", convolved,
   lambda g, out, x, k, stride=1, dilation=1: g.conv_transpose(k, shape=x.shape, stride=stride, dilation=dilation),
   lambda g, out, x, k, stride=1, dilation=1: x.conv(g, stride=dilation, dilation=stride),
   precedence=PRODUCT, bracket_below=PRODUCT,
   sample=((6, 7), (2, 3)), kind="convolution", attrs={"stride": 2, "dilation": 1},
   terms=_weighted,
   cost=slides)

op("conv_transpose", handed_back,
   lambda h, out, g, k, shape, stride=1, dilation=1: h.conv(k, stride=stride, dilation=dilation),
   lambda h, out, g, k, shape, stride=1, dilation=1: h.conv(g, stride=dilation, dilation=stride),
   precedence=PRODUCT, bracket_below=PRODUCT, sample=((2, 3), (3, 3)), kind="convolution",
   attrs={"shape": (5, 7), "stride": 2, "dilation": 1}, terms=_returned,
   cost=slides_back)

op("max_pool", lambda x, size, stride: np.max(_stack(x, size, stride), axis=0),
   lambda g, out, x, size, stride: g.max_pool_back(x, size=size, stride=stride),
   sample=((4, 6),), kind="convolution", attrs={"size": 2, "stride": 2}, smooth=False,
   terms=lambda index, x, size, stride: Several(_window(index, size, stride)),
   piece=lambda before, now, size, stride: picked(now[0], before[0], size, stride),
   cost=pools)

op("max_pool_back", to_largest,
   lambda h, out, g, x, size, stride: h.max_pool_pick(x, size=size, stride=stride),
   NO_GRADIENT,
   sample=((2, 3), (4, 6)), kind="convolution", attrs={"size": 2, "stride": 2}, smooth=False,
   piece=lambda before, now, size, stride: to_largest(now[0], before[1], size, stride),
   cost=pools)

op("max_pool_pick", picked,
   lambda g, out, h, x, size, stride: g.max_pool_back(x, size=size, stride=stride),
   NO_GRADIENT,
   sample=((4, 6), (4, 6)), kind="convolution", attrs={"size": 2, "stride": 2}, smooth=False,
   piece=lambda before, now, size, stride: picked(now[0], before[1], size, stride),
   cost=pools)

op("avg_pool", lambda x, size, stride: np.sum(_stack(x, size, stride), axis=0) / prod(pair(size)),
   lambda g, out, x, size, stride: g.avg_pool_back(shape=x.shape, size=size, stride=stride),
   sample=((4, 6),), kind="convolution", attrs={"size": 2, "stride": 2},
   terms=lambda index, x, size, stride: Share(Total(_window(index, size, stride)), prod(pair(size))),
   cost=pools)

op("avg_pool_back", to_all,
   lambda h, out, g, shape, size, stride: h.avg_pool(size=size, stride=stride),
   sample=((2, 3),), kind="convolution", attrs={"shape": (4, 6), "size": 2, "stride": 2},
   cost=pools)
