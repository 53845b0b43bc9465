"""Parts that share no writer and no class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.evaluation import Split, check_split, split_groups, split_inks


def everybody_wrote_everything(n_writers, n_classes):
    writers, labels = np.mgrid[:n_writers, :n_classes]
    return [f"c{c}" for c in labels.ravel()], [f"w{w}" for w in writers.ravel()]


@given(st.integers(3, 9), st.integers(3, 9), st.sampled_from([0.1, 0.3]), st.integers(0, 99))
def test_parts_share_neither_writers_nor_classes(n_writers, n_classes, share, seed):
    labels, writers = everybody_wrote_everything(n_writers, n_classes)
    split = split_inks(
        labels, writers, validation=share, test=share, rng=np.random.default_rng(seed)
    )
    check_split(split, labels, writers)
    for column, n_names in ((labels, n_classes), (writers, n_writers)):
        named = [{column[ink] for ink in part} for part in split]
        assert sum(map(len, named)) == len(set.union(*named)) == n_names
        assert len(named[1]) == len(named[2]) == max(1, round(share * n_names))


@pytest.mark.parametrize(("by", "other"), [("writers", "labels"), ("labels", "writers")])
def test_a_split_by_one_side_keeps_every_ink_and_all_of_the_other_side(by, other):
    labels, writers = everybody_wrote_everything(5, 6)
    split = split_inks(
        labels, writers, validation=0.2, test=0.4, by=[by], rng=np.random.default_rng(0)
    )
    assert sorted(np.concatenate(split)) == list(range(30))
    check_split(split, labels, writers, by=[by])
    with pytest.raises(ArgumentError, match=rf"train and validation share \d {other}"):
        check_split(split, labels, writers)


def test_a_split_is_the_same_for_the_same_chance():
    labels, writers = everybody_wrote_everything(9, 9)
    one, same, other = (
        split_inks(labels, writers, validation=0.2, test=0.2, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_groups_stay_whole():
    groups = np.repeat([f"alphabet{n}" for n in range(5)], 4)
    labels, writers = np.arange(20), np.arange(20) // 2
    split = split_groups(
        groups, labels, writers, validation=0.2, test=0.2, rng=np.random.default_rng(0)
    )
    assert [len(set(groups[part])) for part in split] == [3, 1, 1]
    assert sorted(np.concatenate(split)) == list(range(20))


def test_groups_that_share_a_writer_are_refused():
    groups, labels = np.repeat(["x", "y", "z"], 2), np.arange(6)
    with pytest.raises(
        ArgumentError, match="train and validation share 1 writers, among them 'ann'"
    ):
        split_groups(
            groups, labels, ["ann"] * 6, validation=0.3, test=0.3, rng=np.random.default_rng(0)
        )


def test_overlapping_parts_are_refused_with_what_they_share():
    labels, writers = list("aabbcc"), list("uvwxyz")
    check_split(Split([0, 1], [2, 3], [4, 5]), labels, writers)
    with pytest.raises(ArgumentError, match="train and test share 1 inks, among them 1;"):
        check_split(Split([0, 1], [2, 3], [4, 1]), labels, writers)
    with pytest.raises(ArgumentError, match="validation and test share 1 labels, among them 'b'"):
        check_split(Split([0, 1], [2], [3, 4]), labels, writers)
    with pytest.raises(ArgumentError, match="train and test share 2 writers, among them 'u'"):
        check_split(Split([0, 1], [2, 3], [4, 5]), labels, list("uvwxvu"))


def test_what_is_no_split_is_refused():
    labels, writers = list("aabbcc"), list("uvwxyz")
    with pytest.raises(ArgumentError, match=r"the validation part has shape \(0,\)"):
        check_split(Split([0], [], [4]), labels, writers)
    with pytest.raises(ArgumentError, match=r"the train part has shape \(1,\) of float64"):
        check_split(Split([0.5], [1], [4]), labels, writers)
    with pytest.raises(ArgumentError, match="the test part reaches from ink 4 to 6; there are 6"):
        check_split(Split([0], [2], [4, 6]), labels, writers)
    with pytest.raises(ArgumentError, match="the train part reaches from ink -1"):
        check_split(Split([-1], [2], [4]), labels, writers)
    with pytest.raises(ArgumentError, match="the label of entry 0 is None"):
        check_split(Split([0], [2], [4]), [None, *"abbcc"], writers)
    check_split(Split([0], [2], [4]), [None, *"abbcc"], writers, by=["writers"])


def test_shares_that_leave_a_part_empty_are_refused():
    rng = np.random.default_rng(0)
    labels, writers = everybody_wrote_everything(4, 4)
    with pytest.raises(ArgumentError, match=r"validation=0 and test=0\.5"):
        split_inks(labels, writers, validation=0, test=0.5, rng=rng)
    with pytest.raises(ArgumentError, match="validation=nan and test"):
        split_inks(labels, writers, validation=np.nan, test=0.5, rng=rng)
    with pytest.raises(
        ArgumentError, match="4 writers: 2 for validation and 2 for tests leave none"
    ):
        split_inks(labels, writers, validation=0.49, test=0.49, rng=rng)
    with pytest.raises(ArgumentError, match="1 writers: 1 for validation and 1 for tests"):
        split_inks(["a", "b"], ["u", "u"], validation=0.1, test=0.1, rng=rng)
    with pytest.raises(ArgumentError, match="0 writers"):
        split_inks([], [], validation=0.1, test=0.1, rng=rng)
    with pytest.raises(ArgumentError, match="part is empty: no ink of its classes"):
        split_inks(list("abcd"), list("uvwx"), validation=0.25, test=0.25, rng=rng)
    with pytest.raises(ArgumentError, match="rng is 7"):
        split_inks(labels, writers, validation=0.2, test=0.2, rng=7)


def test_sides_are_writers_and_labels():
    labels, writers = everybody_wrote_everything(4, 4)
    split = Split([0], [5], [10])
    with pytest.raises(UnknownNameError, match="did you mean 'writers'"):
        check_split(split, labels, writers, by=["writer"])
    with pytest.raises(ArgumentError, match="by='writers'; needed: one or more of"):
        check_split(split, labels, writers, by="writers")
    with pytest.raises(ArgumentError, match=r"by=\(\); needed"):
        check_split(split, labels, writers, by=())
    with pytest.raises(ArgumentError, match=r"\(16,\) labels and \(15,\) writers"):
        check_split(split, labels, writers[1:])
