"""A line as it is drawn: what closes comes back to its start, a curve of many points keeps those that are seen."""

from itertools import groupby, pairwise

MANY = 128
"""A path of so many points, all of lines, is thinned."""
NEAR = 1 / 9
"""Half the width of a strip whose points are left out, in points of the sheet: less than an eye sees."""


def line(commands: list[tuple]) -> list[tuple]:
    """The commands of a path that is not filled."""
    if {kind for kind, *_ in commands} <= {"M", "L"}:
        return _thinned(commands) if len(commands) >= MANY else commands
    return _closed(commands)


def _closed(commands: list[tuple]) -> list[tuple]:
    """Z draws the same; the point is written out as well, which keeps the bytes of drawings what they have been."""
    start, found = (), []
    for command in commands:
        kind, *place = command
        start = place if kind == "M" else start
        found += [("L", *start), command] if kind == "Z" else [command]
    return found


def _thinned(commands: list[tuple]) -> list[tuple]:
    """Each piece with the points that it needs. The last point stands twice, for the same reason as in `_closed`."""
    pieces: list[list[complex]] = []
    for kind, x, y in commands:
        pieces += [[]] if kind == "M" else []
        pieces[-1].append(complex(x, y))
    kept = [_kept(piece) for piece in pieces if len(piece) > 1]
    return [("L" if i else "M", p.real, p.imag) for piece in kept for i, p in enumerate(piece)] + commands[-1:]


def _kept(points: list[complex]) -> list[complex]:
    """The first point, the last, and each after which the way leaves its strip or turns back.

    A strip lies along the first step of what it holds (Reumann & Witkam 1974).
    """
    points = [point for point, _ in groupby(points)]
    if len(points) < 3:
        return points
    kept, turn, reached = points[:1], _turn(points[1] - points[0]), 0.0
    for last, point in pairwise(points):
        seen = (point - kept[-1]) * turn
        if seen.real < reached or abs(seen.imag) >= NEAR:
            kept.append(last)
            turn = _turn(point - last)
            seen = (point - last) * turn
        reached = seen.real
    return [*kept, points[-1]]


def _turn(step: complex) -> complex:
    """What turns the step to the right: a point then lies `real` along it and `imag` beside it."""
    return step.conjugate() / abs(step)
