"""Groups of ink that stand for classes where there are no labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from test_siamese_training import inks_of

from strokesim import cdist
from strokesim.errors import ArgumentError
from strokesim.siamese import grouped
from strokesim.siamese.grouping import GROUPING

INKS = inks_of("abcdefgh", 6)


def test_groups_are_those_of_complete_linkage_under_the_order_free_distance():
    table = cdist(GROUPING.transform_all(INKS), distance="cloud")
    tree = linkage(squareform(table, checks=False), "complete")
    expected = fcluster(tree, len(INKS) // 4, "maxclust")
    assert [ink.label for ink in grouped(INKS, 4)] == [f"group {number}" for number in expected]


def test_labels_and_writers_are_neither_looked_at_nor_kept():
    bare = [replace(ink, label=None, writer=None) for ink in INKS]
    seen = []
    found = grouped(INKS, 4, progress=seen.append, threads=1)
    assert found == grouped(bare, 4)
    assert sum(seen) == len(INKS)
    assert {ink.writer for ink in found} == {None}
    assert [ink.id for ink in found] == [ink.id for ink in INKS]
    for ink, other in zip(found, INKS, strict=True):
        assert np.array_equal(ink.strokes[0].samples, other.strokes[0].samples)


def test_ink_that_looks_alike_comes_together():
    found = grouped(INKS, 6)
    right = 0
    for group in {ink.label for ink in found}:
        labels = [one.label for one, ink in zip(INKS, found, strict=True) if ink.label == group]
        right += max(labels.count(label) for label in labels)
    assert right > 0.6 * len(INKS)


@pytest.mark.parametrize(
    ("inks", "per_group", "message"),
    [
        (INKS, 1, "per_group=1; use a whole number from 2"),
        (INKS, 2.5, "per_group=2.5; use a whole number"),
        (INKS, 25, "per_group=25, and 48 inks make no two groups of that"),
        ([], 7, "0 inks make no two groups"),
        ([3], 7, "inks: item 0, 3, is no ink"),
        ("ink.jsonl", 7, "is a path; strokesim.read_inks reads it"),
    ],
)
def test_what_makes_no_groups_is_refused(inks, per_group, message):
    with pytest.raises(ArgumentError, match=message):
        grouped(inks, per_group)
