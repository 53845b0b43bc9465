"""Prototypes: a few sequences per label that stand for all, computed by averaging under DTW."""

from __future__ import annotations

import operator
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strokesim.distances import cdist
from strokesim.distances.checks import check_radius
from strokesim.errors import ArgumentError, MissingExtraError
from strokesim.ragged import Ragged

if TYPE_CHECKING:
    from strokesim.corpus import Corpus

ITERATIONS = 10
"""Of barycentre averaging; it settles after a few."""

AVERAGED = 50
"""Entries that an average is made of at most: it takes 0.1 ms and more for each, ten times."""

MOST = 30_000
"""Entries of one label: the table of their distances to each other takes 3.6 GB then."""


class Prototypes(NamedTuple):
    """Averages of entries of a corpus."""

    sequences: list[np.ndarray]  # each (n_steps, n_features) float32
    labels: list[str | None]
    members: list[np.ndarray]  # numbers of the entries that each one stands for


def prototypes_of(
    corpus: Corpus,
    k: int = 1,
    *,
    radius: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Prototypes:
    """Return at most k prototypes per label, in the order in which labels first appear.

    The entries of a label are divided among k of them, the first being the one nearest to all
    others and each next one the farthest from those chosen (Gonzalez, Clustering to minimize
    the maximum intercluster distance, 1985); every share, or `AVERAGED` entries spread evenly
    over a larger one, is averaged by DTW barycentre averaging from its own centre (Petitjean,
    Ketterlin, Gançarski, Pattern Recognition 44, 2011), through tslearn. Nothing is random.

    Parameters
    ----------
    corpus : Corpus
        At least one entry.
    k : int
        At least 1; a label with fewer different entries gets fewer prototypes.
    radius : int, optional
        Sakoe-Chiba radius of the warping; None leaves it free.
    threads : int, optional
        None uses every core. Without influence on the result.
    progress : callable, optional
        Called with the number of entries divided since the last call.

    Raises
    ------
    ArgumentError
        If k is no whole number, or less than 1, the radius means nothing, or a label has more
        than `MOST` entries.
    MissingExtraError
        If tslearn (extra ``learn``) is not installed.
    """
    try:
        sound = operator.index(k) >= 1
    except TypeError:
        sound = False
    if not sound:
        raise ArgumentError(f"k={k!r}; use a whole number, at least 1 prototype per label")
    if radius is not None:
        # tslearn counts in machine integers, and beyond the longest sequence nothing changes.
        radius = min(check_radius(radius), int(corpus.sequences.lengths.max(initial=1)))
    labelled = defaultdict(list)
    for number, label in enumerate(corpus.labels.tolist()):
        labelled[label].append(number)
    found = Prototypes([], [], [])
    for label, members in labelled.items():
        numbers = np.array(members)
        if len(numbers) > MOST:
            raise ArgumentError(
                f"label {label!r} has {len(numbers):,} entries; prototypes are made of {MOST:,} at "
                "most: give finer labels, or search without prototypes"
            )
        sequences = corpus.sequences.take(numbers)
        distances = cdist(sequences, radius=radius, dtype=np.float32, threads=threads)
        centres = [int(distances.sum(axis=1).argmin())]
        while len(centres) < k and (gaps := distances[centres].min(axis=0)).max() > 0:
            centres.append(int(gaps.argmax()))
        share = distances[centres].argmin(axis=0)
        for place, centre in enumerate(centres):
            inside = np.flatnonzero(share == place)
            some = inside[np.arange(0, len(inside), -(-len(inside) // AVERAGED))]
            found.sequences.append(_average(sequences.take(some), sequences[centre], radius))
            found.labels.append(label)
            found.members.append(numbers[inside])
            if progress is not None:
                progress(len(inside))
    return found


def _average(sequences: Ragged, start: np.ndarray, radius: int | None) -> np.ndarray:
    """Return the DTW barycentre of sequences, as long as ``start``."""
    if len(sequences) == 1:
        return start
    try:
        with warnings.catch_warnings():
            # It warns of optional packages that nothing here needs.
            warnings.simplefilter("ignore")
            from tslearn.barycenters import dtw_barycenter_averaging
    except ImportError:
        raise MissingExtraError(
            "prototypes need tslearn; install it with: pip install 'strokesim[learn]'"
        ) from None
    band = None if radius is None else {"sakoe_chiba_radius": radius}
    average = dtw_barycenter_averaging(
        [sequence.astype(np.float64) for sequence in sequences],
        init_barycenter=start.astype(np.float64),
        barycenter_size=len(start),
        max_iter=ITERATIONS,
        metric_params=band,
    )
    return np.ascontiguousarray(average, np.float32)
