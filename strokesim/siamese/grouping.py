"""Classes for ink without labels: groups of what a distance that learned nothing finds alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from scipy.cluster.hierarchy import fcluster, linkage

from strokesim.distances import pdist
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.siamese.checking import whole_number
from strokesim.siamese.examples import inks_of

GROUPING = FeatureSpec.parse("x,y,0.25*cos2,0.25*sin2;steps=32")
"""What the order-free distance looks at; weights were chosen on alphabets of Omniglot small1."""

INKS_PER_GROUP = 7


def grouped(
    inks: Iterable[Ink],
    per_group: int = INKS_PER_GROUP,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[Ink]:
    """Return ink of no writer, labelled by groups of what the order-free distance finds alike.

    Complete linkage: no two inks of a group are far apart. Groups are often wrong, yet unlike two
    variations of one ink they hold what other hands make of a character. Train on them as if they
    were classes.

    Parameters
    ----------
    inks : iterable of Ink
        Their labels and writers are not looked at.
    per_group : int
        How many inks a group has on average, at least 2: fewer than there are of a class.
    threads : int, optional
        None means every core.
    progress : callable, optional
        Called with the number of inks compared with all behind them since the last call.

    Returns
    -------
    list of Ink
        In the order given, each with a label such as "group 12" and no writer.

    Raises
    ------
    ArgumentError
        If there are too few inks for two groups, or one has no such features.

    Notes
    -----
    All pairs are compared and their distances kept: 8 bytes each, 1.6 GB for 20,000 inks.
    """
    given = inks_of(inks, "inks")
    per_group = whole_number("per_group", per_group, 2, 10**9)
    if len(given) < 2 * per_group:
        raise ArgumentError(
            f"per_group={per_group}, and {len(given)} inks make no two groups of that; group fewer "
            "together, or give more ink"
        )
    features = GROUPING.transform_all(given, threads=threads)
    distances = pdist(features, distance="cloud", threads=threads, progress=progress)
    tree = linkage(distances, "complete")
    groups = fcluster(tree, len(given) // per_group, "maxclust")
    return [
        replace(ink, label=f"group {group}", writer=None)
        for ink, group in zip(given, groups, strict=True)
    ]
