"""Sequences of unequal length in one array."""

import numpy as np
import pytest

from strokesim.errors import ArgumentError
from strokesim.ragged import Ragged, check_sequence


def test_sequences_come_back_as_they_went_in():
    given = [np.ones((2, 3)), np.zeros((1, 3)), np.full((4, 3), 7)]
    ragged = Ragged.from_arrays(given)
    assert len(ragged) == 3
    assert ragged.n_features == 3
    assert ragged.lengths.tolist() == [2, 1, 4]
    for went, came in zip(given, ragged, strict=True):
        assert came.dtype == np.float32
        assert np.array_equal(went, came)
    assert np.array_equal(ragged[-1], given[2])


def test_a_sequence_is_a_view():
    ragged = Ragged.from_arrays([[1.0, 2.0], [3.0]])
    assert np.shares_memory(ragged[1], ragged.values)


def test_take_keeps_the_order_given_and_may_repeat():
    ragged = Ragged.from_arrays([[1, 2], [3], [4, 5, 6]])
    chosen = ragged.take([2, 0, 0])
    assert [part.ravel().tolist() for part in chosen] == [[4, 5, 6], [1, 2], [1, 2]]
    assert len(ragged.take([])) == 0


def test_take_works_where_the_offsets_begin_above_zero():
    part = Ragged(np.arange(6, dtype=np.float32)[:, None], np.array([2, 3, 6]))
    assert [sequence.ravel().tolist() for sequence in part.take([1, 0])] == [[3, 4, 5], [2]]


def test_no_sequences_are_an_empty_ragged():
    assert len(Ragged.from_arrays([])) == 0


def test_indices_out_of_range_are_refused():
    with pytest.raises(IndexError, match="sequence 2 of 2"):
        Ragged.from_arrays([[1], [2]])[2]


def test_one_dimension_is_one_feature():
    assert check_sequence([1, 2, 3]).shape == (3, 1)


@pytest.mark.parametrize(
    "given",
    [
        np.arange(6).reshape(3, 2),
        np.arange(6, dtype=np.int8).reshape(3, 2),
        np.arange(6, dtype=">f8").reshape(3, 2),
        np.arange(12, dtype=float).reshape(3, 4)[:, ::2] / 2,
        np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        [[0, 1], [2, 3], [4, 5]],
    ],
)
def test_every_layout_and_type_of_number_is_taken(given):
    checked = check_sequence(given)
    assert checked.flags.c_contiguous
    assert checked.dtype == np.float32
    assert np.array_equal(checked, np.asarray(given))


def test_float32_is_not_copied_and_may_be_read_only():
    given = np.zeros((2, 2), np.float32)
    given.flags.writeable = False
    assert check_sequence(given) is given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "sequence 17 has 0 steps; a feature sequence needs at least one"),
        (np.empty((0, 3)), "has 0 steps"),
        (np.empty((3, 0)), r"shape \(3, 0\); needed: \(n_steps, n_features\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (3.0, r"shape \(\)"),
        ([[1, float("nan")]], "step 0, feature 1 is nan"),
        ([[1], [float("inf")]], "step 1, feature 0 is inf"),
        ([1e300], r"step 0, feature 0 is 1e\+300; features are finite float32 numbers"),
        ([1 + 2j], "not an array of numbers: complex numbers; give both parts"),
        (["a"], "is not an array of numbers"),
        (["1", "2"], "text or time; give numbers"),
        (np.array(["2020-01-01"], "datetime64[D]"), "text or time; give numbers"),
        (np.ma.masked_equal([1, 2], 2), "some are masked"),
        ([10**400], "is not an array of numbers"),
        ([[1], [2, 3]], "is not an array of numbers"),
        (None, "sequence 17"),
    ],
)
def test_what_is_no_sequence_is_refused_by_name(given, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        check_sequence(given, "sequence 17")
    assert "sequence 17" in str(caught.value)


def test_sequences_with_other_features_are_refused():
    with pytest.raises(ArgumentError, match="sequence 1 has 3 features, sequence 0 has 2"):
        Ragged.from_arrays([np.zeros((1, 2)), np.zeros((1, 3))])


def test_sequences_laid_out_otherwise_are_put_right():
    values = np.asfortranarray(np.arange(12.0).reshape(6, 2))
    given = Ragged(values, [1, 3, 6])
    expected = [values[1:3].tolist(), values[3:].tolist()]
    assert [one.tolist() for one in given.checked()] == expected
    sound = Ragged.from_arrays([[1.0], [2.0, 3.0]])
    assert sound.checked().values is sound.values


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([0, 2, 9], "the offsets of Ragged ascend within its values"),
        ([-1, 2], "the offsets of Ragged ascend"),
        ([0, 3, 2], "the offsets of Ragged ascend"),
        ([], "the offsets of Ragged ascend"),
        ([0.0, 1.0], "the offsets of Ragged ascend"),
        ([0, 0, 2], "entry 0 has 0 steps"),
        ([0, 2, 3], "entry 1: step 0, feature 0 is nan"),
    ],
)
def test_what_is_no_ragged_is_refused(offsets, message):
    given = Ragged(np.array([[1.0], [2.0], [np.nan]], np.float32), np.array(offsets))
    with pytest.raises(ArgumentError, match=message):
        given.checked("entry")
