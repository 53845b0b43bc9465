"""The table of distances: what each is called, what it claims, and what searches with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from strokesim.distances.batch_search import BatchSearch
from strokesim.distances.bounded_search import BoundedSearch
from strokesim.distances.checks import check_radius, unequal_lengths
from strokesim.distances.cloud import cloud
from strokesim.distances.dtw import dtw
from strokesim.distances.euclidean import euclidean, euclidean_shifted
from strokesim.distances.kernels import CLOUD, EUCLIDEAN, SHIFTED
from strokesim.distances.lane_search import LaneSearch
from strokesim.distances.searcher import Searcher
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.ragged import Ragged


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance of two feature sequences. All are 0 for a sequence and itself.

    Parameters
    ----------
    name : str
    title : str
        What it measures, for help texts and tables.
    function : callable
        Of two sequences, ``radius`` keyword-only where `takes_radius`; returns a float.
    searcher : callable
        Of a `Ragged` and a radius as kernels take it; returns a `Searcher`.
    takes_radius : bool
        Whether a Sakoe-Chiba radius means something.
    unequal : bool
        Whether sequences may differ in their number of steps.
    symmetric : bool
        Whether both orders of the two sequences give the same number, to the last bit.
    triangle : bool
        Whether the triangle inequality holds, up to rounding.
    """

    name: str
    title: str
    function: Callable[..., float]
    searcher: Callable[[Ragged, int], Searcher]
    takes_radius: bool = False
    unequal: bool = True
    symmetric: bool = True
    triangle: bool = False

    def prepare(self, sequences: Ragged, radius: int | None = None) -> Searcher:
        """Make sequences ready to be compared with queries.

        Parameters
        ----------
        sequences : Ragged
        radius : int, optional
            See `dtw`.

        Raises
        ------
        ArgumentError
            If the radius is negative or means nothing here, or if the sequences differ in
            length where they must not.
        """
        reach = check_radius(radius)
        if radius is not None and not self.takes_radius:
            takers = ", ".join(name for name, entry in DISTANCES.items() if entry.takes_radius)
            raise ArgumentError(
                f"radius={radius} means nothing to {self.name}; leave it out or use {takers}"
            )
        lengths = sequences.lengths
        if not self.unequal and len(lengths) and (lengths != lengths[0]).any():
            other = int((lengths != lengths[0]).argmax())
            raise unequal_lengths(
                f"sequence {other} has {lengths[other]} steps, sequence 0 has {lengths[0]}"
            )
        return self.searcher(sequences, reach)


DISTANCES: dict[str, Distance] = {
    entry.name: entry
    for entry in (
        Distance(
            "cloud",
            "symmetric mean nearest-point distance, blind to the order of steps",
            cloud,
            partial(BoundedSearch, CLOUD),
        ),
        Distance(
            "dtw",
            "dynamic time warping, within a Sakoe-Chiba radius or free",
            dtw,
            LaneSearch,
            takes_radius=True,
        ),
        Distance(
            "euclidean",
            "root of the summed squared differences, step by step",
            euclidean,
            partial(BatchSearch, EUCLIDEAN),
            unequal=False,
            triangle=True,
        ),
        Distance(
            "euclidean_shifted",
            "least Euclidean distance of the shorter to a window of the longer",
            euclidean_shifted,
            partial(BoundedSearch, SHIFTED),
        ),
    )
}
"""Every distance by its name."""


def find_distance(name: str) -> Distance:
    """Return the distance of that name.

    Raises
    ------
    UnknownNameError
        If there is none; the message names the likely one.
    """
    if not isinstance(name, str) or name not in DISTANCES:
        raise UnknownNameError("distance", name, DISTANCES)
    return DISTANCES[name]
