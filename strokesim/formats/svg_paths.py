"""SVG path data to points: lines as they are, curves flattened.

Reference: Scalable Vector Graphics (SVG) 1.1 (Second Edition), W3C Recommendation 16 August
2011, section 8.3 (path data) and appendix F.6 (elliptical arcs).

Positions are complex numbers, x + iy.
"""

from __future__ import annotations

import cmath
import math
import re
from array import array
from collections.abc import Iterator
from itertools import chain

import numpy as np

from strokesim.ink import LARGEST

MOST_CURVES = 100_000
"""Most lines and curves of one drawing."""
MOST_SAMPLES = 200_000
"""Most samples that the curves of one drawing may become, but for large files.

A large file may have one for every two of its bytes, which takes eight times its size.
"""
_LONG = 1000

_NUMBER = re.compile(r"[\s,]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_FLAG = re.compile(r"[\s,]*([01])")
_COMMAND = re.compile(r"[\s,]*([MmLlHhVvCcSsQqTtAaZz])")
_BLANK = re.compile(r"[\s,]*\Z")
_N_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}

Curve = tuple[complex, ...]
"""A straight line as its 2 ends, or a cubic Bézier curve as its 4 control points."""


class BadPath(ValueError):
    """Path data that does not keep to its grammar, or is more than ink can be."""


class Subpath:
    """Where the pen is put down, and what it draws until it is lifted.

    Kept as numbers, because tuples of complex numbers take six times as much memory.

    Parameters
    ----------
    start : complex
        Where the pen is put down.
    """

    __slots__ = ("_n_points", "_numbers")

    def __init__(self, start: complex) -> None:
        self._numbers = array("d", (start.real, start.imag))
        self._n_points = bytearray()

    @property
    def start(self) -> complex:
        """Where the pen is put down."""
        return complex(*self._numbers[:2])

    @property
    def curves(self) -> Iterator[Curve]:
        """What is drawn, one after the other, each with where it begins."""
        numbers = iter(self._numbers)
        here = complex(next(numbers), next(numbers))
        for n_points in self._n_points:
            points = [complex(next(numbers), next(numbers)) for _ in range(n_points)]
            yield (here, *points)
            here = points[-1]

    @property
    def corners(self) -> tuple[complex, complex]:
        """The upper left and lower right corner of the box around all control points."""
        x, y = self._numbers[::2], self._numbers[1::2]
        return complex(min(x), min(y)), complex(max(x), max(y))

    def __len__(self) -> int:
        return len(self._n_points)

    def draw(self, *points: complex) -> None:
        """Draw a line to a point, or a curve over three."""
        self._n_points.append(len(points))
        for point in points:
            self._numbers.extend((point.real, point.imag))


def parse_path(data: str) -> list[Subpath]:
    """Return the subpaths of path data in which something is drawn, if only a point.

    Quadratic curves become the cubic ones that they are; arcs become a cubic curve per quarter
    turn, off by less than 0.03 % of their radius.

    Raises
    ------
    BadPath
        If the data does not keep to the grammar, a position is beyond 2**53, or there are more
        than `MOST_CURVES`.
    """
    pen = _Pen()
    for count, (letter, numbers) in enumerate(_commands(data), 1):
        pen.draw(letter, numbers)
        if count > MOST_CURVES:
            raise BadPath(f"has more than {MOST_CURVES} parts")
    return [subpath for subpath in pen.subpaths if len(subpath)]


def longer_side(subpaths: list[Subpath]) -> float:
    """Return the longer side of the box around all control points; 0.0 of a single point."""
    corners = np.fromiter(chain.from_iterable(subpath.corners for subpath in subpaths), complex)
    return float(max(np.ptp(corners.real), np.ptp(corners.imag)))


def flatten(subpath: Subpath, tolerance: float) -> np.ndarray:
    """Return the points of a line that is nowhere further than a tolerance from a subpath.

    A cubic curve is divided into n pieces of equal parameter. The distance of a piece from its
    chord is at most max |B''| / (8 n**2), and |B''| at most 6 times the larger second
    difference of the control points.

    Parameters
    ----------
    subpath : Subpath
        Lines and curves.
    tolerance : float
        At least 0, in the unit of the positions; 0 gives the ends of the curves.

    Returns
    -------
    ndarray of float64, shape (n_samples, 2)
        Where the subpath starts, and every division and end of its curves.
    """
    line = array("d", (subpath.start.real, subpath.start.imag))
    for curve in subpath.curves:
        n = _n_pieces(curve, tolerance)
        if n == 1:
            line.extend((curve[-1].real, curve[-1].imag))
            continue
        t = np.arange(1, n + 1) / n
        s = 1 - t
        a, b, c, d = curve
        points = s**3 * a + 3 * s**2 * t * b + 3 * s * t**2 * c + t**3 * d
        line.frombytes(points.tobytes())
    points = np.frombuffer(line).reshape(-1, 2)
    # A stroke copies what can be written to: that is worth it for short ones, whose buffer
    # takes more than they do.
    points.flags.writeable = len(points) < _LONG
    return points


def n_flattened(subpath: Subpath, tolerance: float) -> int:
    """Return how many points `flatten` gives, without making them."""
    return 1 + sum(_n_pieces(curve, tolerance) for curve in subpath.curves)


def _n_pieces(curve: Curve, tolerance: float) -> int:
    if len(curve) == 2 or tolerance == 0:
        return 1
    a, b, c, d = curve
    bend = max(abs(a - 2 * b + c), abs(b - 2 * c + d))
    return max(1, math.ceil(math.sqrt(0.75 * bend / tolerance)))


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Yield each command with its numbers, repetitions without a letter included."""
    position, letter = 0, ""
    while not _BLANK.match(data, position):
        if match := _COMMAND.match(data, position):
            letter, position = match[1], match.end()
        elif letter in ("", "Z", "z"):
            raise BadPath(f"{_word(data, position)!r} is no command")
        numbers = []
        for number in range(_N_NUMBERS[letter.upper()]):
            is_flag = letter in "Aa" and number in (3, 4)
            match = (_FLAG if is_flag else _NUMBER).match(data, position)
            if match is None or not abs(float(match[1])) <= LARGEST:
                raise BadPath(
                    f"{letter}: {_word(data, position)!r} is not a number that a pen can reach"
                )
            numbers.append(float(match[1]))
            position = match.end()
        yield letter, numbers
        letter = {"M": "L", "m": "l"}.get(letter, letter)


def _word(data: str, position: int) -> str:
    return data[position:].lstrip(" \t\r\n\f,")[:20]


class _Pen:
    """Draws command by command, and keeps in mind what the next may refer to."""

    def __init__(self) -> None:
        self.subpaths: list[Subpath] = []
        self.here = self.start = 0j
        # The last control point, and whether it is that of a cubic or quadratic curve.
        self.control, self.kind = 0j, ""

    def draw(self, letter: str, numbers: list[float]) -> None:
        command, origin = letter.upper(), self.here if letter.islower() else 0j
        if command == "M":
            self.here = self.start = _reachable(origin + complex(*numbers))
            self.subpaths.append(Subpath(self.here))
        elif not self.subpaths:
            raise BadPath(f"begins with {letter!r}; needed: a moveto, M or m")
        elif command == "Z":
            if self.here != self.start or not len(self.subpaths[-1]):
                self.add(self.start)
            self.subpaths.append(Subpath(self.start))
        elif command == "H":
            self.add(complex(origin.real + numbers[0], self.here.imag))
        elif command == "V":
            self.add(complex(self.here.real, origin.imag + numbers[0]))
        elif command == "A":
            radii, end = complex(*numbers[:2]), origin + complex(*numbers[5:])
            for curve in _arc(self.here, end, radii, *numbers[2:5]):
                self.add(*curve)
        else:
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            self.bend(command, [origin + complex(*pair) for pair in pairs])
        if command not in "CSQT":
            self.kind = ""

    def bend(self, command: str, points: list[complex]) -> None:
        """Draw a line or curve through what is left of its control points."""
        kind = {"C": "C", "S": "C", "Q": "Q", "T": "Q"}.get(command, "")
        if command in "ST":
            points.insert(0, 2 * self.here - self.control if self.kind == kind else self.here)
        if kind == "Q":
            control, end = points
            self.add((self.here + 2 * control) / 3, (end + 2 * control) / 3, end)
            self.control = control
        else:
            self.add(*points)
            self.control = points[0] if len(points) == 1 else points[1]
        self.kind = kind

    def add(self, *points: complex) -> None:
        """Draw a line to a point, or a curve over three."""
        self.subpaths[-1].draw(*map(_reachable, points))
        self.here = points[-1]


def _reachable(point: complex) -> complex:
    if not (abs(point.real) <= LARGEST and abs(point.imag) <= LARGEST):
        raise BadPath("goes further than a pen can")
    return point


def _arc(
    begin: complex, end: complex, radii: complex, turn: float, large: float, sweep: float
) -> Iterator[tuple[complex, ...]]:
    """Yield an elliptical arc as the control points of cubic curves, without their beginnings.

    The steps and names are those of appendix F.6.5: the arc is found on the unit circle.
    """
    rx, ry = abs(radii.real), abs(radii.imag)
    if begin == end:
        return
    if rx == 0 or ry == 0:
        yield (end,)
        return
    tilt = cmath.rect(1, math.radians(turn % 360))
    half = (begin - end) / 2 / tilt
    # Where the radii are too small to reach, they are scaled up until they do.
    reach = math.hypot(half.real / rx, half.imag / ry)
    rx, ry = rx * max(1.0, reach), ry * max(1.0, reach)
    unit = complex(half.real / rx, half.imag / ry)
    distance = abs(unit)
    if not 0 < distance < 2:
        # One radius is so much smaller than the other that rounding leaves nothing of the arc.
        yield (end,)
        return
    away = math.sqrt(max(0.0, (1 - distance) * (1 + distance))) / distance
    center = away * (1 if large != sweep else -1) * complex(unit.imag, -unit.real)
    first = cmath.phase(unit - center)
    angle = cmath.phase(-unit - center) - first
    angle += math.tau * ((sweep and angle < 0) - (not sweep and angle > 0))
    middle = (begin + end) / 2

    def placed(point: complex) -> complex:
        point += center
        return middle + complex(point.real * rx, point.imag * ry) * tilt

    n = max(1, math.ceil(abs(angle) / (math.pi / 2) - 1e-9))
    handle = 4 / 3 * math.tan(angle / n / 4) * 1j
    for k in range(n):
        a = cmath.rect(1, first + angle * k / n)
        b = cmath.rect(1, first + angle * (k + 1) / n)
        last = end if k == n - 1 else placed(b)
        yield placed(a * (1 + handle)), placed(b * (1 - handle)), last
