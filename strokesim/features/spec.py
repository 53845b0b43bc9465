"""FeatureSpec: what turns an ink into a feature sequence, as a value that can be stored."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from strokesim.amounts import shown
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.features.table import FEATURES
from strokesim.features.text import read_options, write_options
from strokesim.ink import Ink
from strokesim.ragged import Ragged

VERSION = 1
"""Of what `FeatureSpec.to_dict` writes."""

CHOICES: dict[str, tuple[str | None, ...]] = {
    "along": ("ink", "path", "time", "samples"),
    "position": ("centroid", "box", "start", None),
    "size": ("longer", "height", "rms", None),
}
"""What the options that name a method may be."""

_MOST = 2**16
_DEFAULT = (("x", 1.0), ("y", 1.0), ("cos", 0.5), ("sin", 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """How an ink becomes a feature sequence of shape (n_steps, n_features).

    The ink is turned and sheared upright where asked for, brought to size, walked along in even
    steps, moved into position; then the features are computed for every step. All of it in
    float64, stored as float32, the same bits for one ink and for many, on any number of threads.

    Parameters
    ----------
    features : iterable of str or (str, float), or mapping of str to float
        Names from `FEATURES`, each with the weight that multiplies it (1 where not given). A
        weight w makes squared distances count the feature w squared times.
    steps : int, optional
        How many steps, the first and the last sample among them. 32 where neither ``steps``
        nor ``spacing`` is given.
    spacing : float, optional
        Instead of ``steps``: the largest distance between steps, in the unit of the normalised
        size along "ink" and "path", in seconds along "time". Steps are even, so a path of
        length L has ceil(L / spacing) + 1.
    along : {"ink", "path", "time", "samples"}
        In what steps are even. "ink": the length of what is on paper; no step lies in the air,
        and a dot is met only at the very start or end. "path": the length of the line from
        sample to sample, moves between strokes included, so that steps lie in the air too.
        "time": the clock, pauses included; ink whose time never runs goes along its path, as
        does ink of dots alone along "ink". "samples": the steps are the recorded samples.
    position : {"centroid", "box", "start", None}
        What becomes (0, 0): the centroid of the line on paper, every stretch weighed by its
        length; the centre of the box of all samples; the first sample; None leaves the ink
        where it is on the page.
    size : {"longer", "height", "rms", None}
        What becomes 1: the longer side of the box; its height; the root mean square distance
        of the line on paper from its centroid. Height and radius count as at least a sixteenth
        of the longer side, so that a dash does not blow up; a dot keeps its (no) size. None
        keeps the unit of the ink.
    deslant : bool
        Shear the ink sideways: take from x the distance in y from the centroid times the
        covariance of x and y over the variance of y, both of the line on paper, within
        45 degrees (LeCun, Bottou, Bengio, Haffner 1998, section III A).
    derotate : bool
        Turn the ink until its first sample lies straight to the right of its centroid (the
        indicative angle of Wobbrock, Wilson, Li 2007). Done before ``deslant``.
    vicinity : int
        How many steps to either side make the vicinity of a step (2 in Jaeger et al. 2001), cut
        off at the ends.

    Raises
    ------
    ArgumentError
        If an option means nothing, or two contradict each other.

    Notes
    -----
    The default was chosen for nearest neighbours by DTW with a radius of 4 between writers of
    pendigits and of ujipenchars. Euclidean distance tells characters of several strokes apart
    better with ``along="path"``.

    Along ``"ink"`` and ``"path"`` steps stand at equal distances. A stroke of a single sample has
    no length: along ``"ink"`` one that lies between others gets no step of its own, and along
    ``"path"`` the movement to it and from it is seen.

    Examples
    --------
    >>> FeatureSpec(features=["x", "y", ("pen_up", 0.5)], steps=3).names
    ('x', 'y', 'pen_up')
    """

    features: Iterable[str | tuple[str, float]] | Mapping[str, float] = _DEFAULT
    steps: int | None = None
    spacing: float | None = None
    along: str = "ink"
    position: str | None = "centroid"
    size: str | None = "longer"
    deslant: bool = False
    derotate: bool = False
    vicinity: int = 2

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "features", _check_features(self.features))
        for option, choices in CHOICES.items():
            value = getattr(self, option)
            if not isinstance(value, str | None) or value not in choices:
                raise UnknownNameError(option, str(value), map(str, choices))
        if self.along == "samples":
            if self.steps is not None or self.spacing is not None:
                raise ArgumentError(
                    "along='samples' takes every recorded sample as it is; leave out steps and "
                    "spacing, or choose 'path', 'ink' or 'time'"
                )
        elif self.spacing is None:
            put(self, "steps", 32 if self.steps is None else _check_int("steps", self.steps, 2))
        elif self.steps is not None:
            raise ArgumentError(
                f"steps={self.steps} and spacing={self.spacing}: both say how far apart steps "
                "are; give one"
            )
        else:
            put(self, "spacing", _check_positive("spacing", self.spacing))
        for option in ("deslant", "derotate"):
            if not isinstance(getattr(self, option), (bool, np.bool_)):
                raise ArgumentError(f"{option}={getattr(self, option)!r}; use True or False")
            put(self, option, bool(getattr(self, option)))
        put(self, "vicinity", _check_int("vicinity", self.vicinity, 1))

    @property
    def _pairs(self) -> tuple[tuple[str, float], ...]:
        # Whatever was given as features, this is what was made of it.
        return cast(tuple[tuple[str, float], ...], self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the columns."""
        return tuple(name for name, _ in self._pairs)

    @property
    def weights(self) -> tuple[float, ...]:
        """What each feature is multiplied with."""
        return tuple(weight for _, weight in self._pairs)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self._pairs)

    @property
    def needs_time(self) -> bool:
        """Whether ink without the channel t is refused."""
        return self.along == "time" or any(FEATURES[name].needs_time for name in self.names)

    @property
    def needs_pressure(self) -> bool:
        """Whether ink without the channel pressure is refused."""
        return any(FEATURES[name].needs_pressure for name in self.names)

    def transform(self, ink: Ink) -> np.ndarray:
        """Return the feature sequence of one ink, float32, shape (n_steps, n_features).

        Raises
        ------
        ArgumentError
            See `transform_all`.
        """
        return self.transform_all([ink], threads=1)[0]

    def transform_all(
        self,
        inks: Iterable[Ink],
        *,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
        first: int = 0,
    ) -> Ragged:
        """Return the feature sequences of many inks, in their order.

        Parameters
        ----------
        inks : iterable of Ink
        threads : int, optional
            How many cores to use; None for every one. The result does not depend on it.
        progress : callable, optional
            Called with the number of inks done since the last call.
        first : int
            What errors count from, where these inks are a part of more.

        Raises
        ------
        ArgumentError
            If an ink lacks a channel that the features need, would have more than 2**16 steps,
            or has a feature that float32 cannot hold; the message names the ink by its position
            and id.
        """
        # Numba costs a third of a second to import: not before it is needed.
        from strokesim.features.conversion import convert

        if isinstance(inks, Ink):
            raise ArgumentError("one ink was given where many are needed; use transform(ink)")
        return convert(self, list(inks), threads=threads, progress=progress, first=first)

    @classmethod
    def parse(cls, text: str) -> FeatureSpec:
        """Return the spec of a short text, as the command line takes it and ``str`` gives it.

        Parameters
        ----------
        text : str
            Features with commas between them, each with its weight and an asterisk before it
            where that is not 1; then options, each behind a semicolon:
            ``"x,y,0.5*cos,0.5*sin;steps=32;along=path;size=none"``. Without features, the
            default ones: ``";steps=16"``.

        Raises
        ------
        ArgumentError
            If it cannot be read or means nothing.
        """
        return cls(**read_options(text, [field.name for field in dataclasses.fields(cls)]))

    def __str__(self) -> str:
        return write_options(
            self._pairs,
            {
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.name != "features" and getattr(self, field.name) != field.default
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a dict of what JSON can hold, from which `from_dict` makes the same spec."""
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"version": VERSION, **options, "features": [list(pair) for pair in self._pairs]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FeatureSpec:
        """Return the spec that `to_dict` wrote.

        Raises
        ------
        ArgumentError
            If the dict is of another version, or keys are unknown or missing.
        """
        if not isinstance(stored, Mapping):
            raise ArgumentError(f"a stored feature spec is a dict, not a {type(stored).__name__}")
        if stored.get("version") != VERSION:
            raise ArgumentError(
                f"a feature spec of version {stored.get('version')!r}; this strokesim reads "
                f"version {VERSION}; update it, or store the spec again"
            )
        known = {"version"} | {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(map(str, set(stored) - known)):
            raise UnknownNameError("key of a feature spec", unknown[0], known)
        if missing := sorted(known - set(stored)):
            raise ArgumentError(f"a feature spec without {', '.join(missing)}; every key is needed")
        return cls(**{key: value for key, value in stored.items() if key != "version"})


def _check_features(features: Any) -> tuple[tuple[str, float], ...]:
    if isinstance(features, str) or not isinstance(features, Iterable):
        raise ArgumentError(
            f"features={features!r}; needed: a list of names or (name, weight) pairs, such as "
            "['x', 'y', ('cos', 0.5)]"
        )
    checked = []
    for entry in features.items() if isinstance(features, Mapping) else features:
        name, weight = (entry, 1.0) if isinstance(entry, str) else _check_pair(entry)
        if name not in FEATURES:
            raise UnknownNameError("feature", name, FEATURES)
        checked.append((str(name), _check_positive(f"the weight of {name}", weight)))
    names = [name for name, _ in checked]
    if not names:
        raise ArgumentError("a feature spec needs at least one feature, such as 'x'")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgumentError(f"feature {twice[0]!r} is given twice; give it once, with a weight")
    return tuple(checked)


def _check_pair(entry: Any) -> tuple[Any, Any]:
    if isinstance(entry, (tuple, list)) and len(entry) == 2 and isinstance(entry[0], str):
        return entry[0], entry[1]
    raise ArgumentError(f"{entry!r} is no feature; needed: a name or a (name, weight) pair")


def _check_positive(name: str, value: Any) -> float:
    if (
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and 0 < value <= sys.float_info.max
    ):
        return float(value)
    raise ArgumentError(f"{name} is {shown(value)}; use a positive finite number")


def _check_int(name: str, value: Any, least: int) -> int:
    if (
        isinstance(value, (int, np.integer))
        and not isinstance(value, bool)
        and least <= value <= _MOST
    ):
        return int(value)
    raise ArgumentError(f"{name}={value!r}; use a whole number from {least} to {_MOST}")
