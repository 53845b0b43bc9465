"""Distances: the definitions, bit by bit, and what the table claims of them."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance as scipy_distance

import oracle
from strategies import radii, tuples_of_sequences
from strokesim import DISTANCES, cloud, dtw, dtw_path, euclidean, euclidean_shifted
from strokesim.distances import find_distance
from strokesim.errors import ArgumentError, UnknownNameError

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).smallest_subnormal)

every_distance = pytest.mark.parametrize("entry", DISTANCES.values(), ids=DISTANCES)
SYMMETRIC = {name: entry for name, entry in DISTANCES.items() if entry.symmetric}
TRIANGLE = {name: entry for name, entry in DISTANCES.items() if entry.triangle}


def drawn(entry, data, count):
    return data.draw(tuples_of_sequences(count, equal_length=not entry.unequal))


@every_distance
@given(data=st.data())
def test_a_distance_is_the_definition_to_the_last_bit(entry, data):
    a, b = drawn(entry, data, 2)
    expected = getattr(oracle, entry.name)(a.tolist(), b.tolist())
    assert entry.function(a, b) == expected


@every_distance
@given(data=st.data())
def test_a_distance_is_a_python_float_and_never_negative(entry, data):
    distance = entry.function(*drawn(entry, data, 2))
    assert type(distance) is float
    assert distance >= 0


@every_distance
@given(data=st.data())
def test_a_sequence_is_at_distance_zero_from_itself(entry, data):
    (a,) = drawn(entry, data, 1)
    assert entry.function(a, a) == 0


@pytest.mark.parametrize(
    "entry", [e for e in DISTANCES.values() if e.symmetric], ids=lambda entry: entry.name
)
@given(data=st.data())
def test_a_symmetric_distance_is_the_same_number_both_ways(entry, data):
    a, b = drawn(entry, data, 2)
    assert entry.function(a, b) == entry.function(b, a)


@pytest.mark.parametrize(
    "entry", [e for e in DISTANCES.values() if e.triangle], ids=lambda entry: entry.name
)
@given(data=st.data())
def test_the_triangle_inequality_holds_where_it_is_claimed(entry, data):
    a, b, c = drawn(entry, data, 3)
    around = entry.function(a, b) + entry.function(b, c)
    assert entry.function(a, c) <= around * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "a", "b", "c"),
    [
        ("dtw", [0], [1, 2], [2, 2, 2]),
        ("euclidean_shifted", [0, 0], [0], [0, 9]),
        ("cloud", [0, 9], [0, 0, 0, 9], [0]),
    ],
)
def test_the_triangle_inequality_is_not_claimed_where_it_fails(name, a, b, c):
    entry = DISTANCES[name]
    assert not entry.triangle
    assert entry.function(a, c) > entry.function(a, b) + entry.function(b, c)


@given(pair=tuples_of_sequences(2, equal_length=True))
def test_shifted_is_euclidean_where_there_is_nothing_to_shift(pair):
    assert euclidean_shifted(*pair) == euclidean(*pair)


@given(pair=tuples_of_sequences(2, equal_length=True))
def test_euclidean_agrees_with_scipy(pair):
    a, b = (array.astype(np.float64).ravel() for array in pair)
    # scipy's sum of squares underflows to nothing for gaps below 1e-154, ours cannot:
    # the least gap of two float32 numbers is 1.4e-45.
    assert euclidean(*pair) == pytest.approx(scipy_distance.euclidean(a, b), rel=1e-12, abs=0)


@given(pair=tuples_of_sequences(2))
def test_cloud_agrees_with_scipy(pair):
    gaps = scipy_distance.cdist(*(array.astype(np.float64) for array in pair))
    expected = (gaps.min(axis=0).mean() + gaps.min(axis=1).mean()) / 2
    assert cloud(*pair) == pytest.approx(expected, rel=1e-12, abs=0)


@given(data=st.data(), pair=tuples_of_sequences(2))
def test_cloud_is_blind_to_the_order_of_steps(data, pair):
    a, b = pair
    shuffled = a[data.draw(st.permutations(range(len(a))))]
    assert cloud(shuffled, b) == pytest.approx(cloud(a, b), rel=1e-12, abs=0)


def test_shifted_finds_the_window():
    stroke = np.random.default_rng(1).normal(size=(30, 2))
    assert euclidean_shifted(stroke[11:17], stroke) == 0
    assert euclidean_shifted(stroke, stroke[11:17]) == 0


@every_distance
def test_the_largest_and_the_smallest_numbers_neither_overflow_nor_vanish(entry):
    steps = np.full((3, 12), LARGEST)
    expected = getattr(oracle, entry.name)(steps.tolist(), (-steps).tolist())
    assert expected < math.inf
    assert entry.function(steps, -steps) == expected
    assert entry.function([0.0], [SMALLEST]) == SMALLEST


def forms_of(array):
    read_only = array.astype(np.float32)
    read_only.flags.writeable = False
    wide = np.zeros((2 * len(array), 3 * array.shape[1]), np.float32)
    wide[::2, ::3] = array
    return {
        "float32": array.astype(np.float32),
        "read-only": read_only,
        "strided": wide[::2, ::3],
        "backwards": array[::-1].astype(np.float32)[::-1],
        "column by column": np.asfortranarray(array, np.float32),
        "float64": array.astype(np.float64),
        "float16": array.astype(np.float16),
        "integers": array.astype(np.int64),
        "bytes": array.astype(np.uint8),
        "big-endian": array.astype(">f4"),
        "big-endian integers": array.astype(">i2"),
        "list": array.tolist(),
    }


@every_distance
@pytest.mark.parametrize("form", forms_of(np.ones((1, 1))))
def test_every_kind_of_array_gives_the_same_distance(entry, form):
    a = np.array([[0, 1], [2, 3], [5, 5]])
    b = np.array([[0, 0], [1, 3], [7, 5]])
    assert entry.function(forms_of(a)[form], forms_of(b)[form]) == entry.function(a, b)


@pytest.mark.parametrize("entry", DISTANCES.values(), ids=DISTANCES)
def test_a_distance_is_the_same_however_many_steps_one_call_compares(entry, monkeypatch):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(30, 2)), rng.normal(size=(30 if not entry.unequal else 21, 2))
    expected = entry.function(a, b), entry.function(b, a)
    for cells in (1, 60):
        monkeypatch.setattr("strokesim.distances.checks.CELLS", cells)
        assert (entry.function(a, b), entry.function(b, a)) == expected


def test_one_dimension_is_one_feature():
    assert dtw([0, 0, 3], [0, 3, 3, 5]) == dtw([[0], [0], [3]], [[0], [3], [3], [5]]) == 2


@pytest.mark.parametrize("function", [*(e.function for e in DISTANCES.values()), dtw_path])
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[1, 2]], [[1, 2, 3]], "first sequence has 2 features, the second 3; both need the same"),
        ([], [1], "the first sequence has 0 steps; a feature sequence needs at least one"),
        ([1], np.empty((0, 1)), "the second sequence has 0 steps"),
        ([1, math.nan], [1, 2], "the first sequence: step 1, feature 0 is nan"),
        ([1, 2], [1, math.inf], "the second sequence: step 1, feature 0 is inf"),
        ([1], [1e39], r"step 0, feature 0 is 1e\+39; features are finite float32 numbers"),
        (["a"], [1], "the first sequence is not an array of numbers"),
        (np.zeros((2, 2, 2)), [1], r"shape \(2, 2, 2\); needed: \(n_steps, n_features\)"),
        (np.empty((3, 0)), [1], r"shape \(3, 0\)"),
        (None, [1], "the first sequence"),
    ],
)
def test_what_is_no_pair_of_sequences_is_refused(function, a, b, message):
    with pytest.raises(ArgumentError, match=message):
        function(a, b)


def test_euclidean_refuses_unequal_lengths_and_says_what_to_do():
    with pytest.raises(ArgumentError, match=r"2 steps, the second 3.*FeatureSpec\(steps=32\)"):
        euclidean([1, 2], [1, 2, 3])
    with pytest.raises(ArgumentError, match="or use euclidean_shifted"):
        euclidean([1, 2], [1])


def test_an_unknown_distance_names_the_likely_one():
    with pytest.raises(UnknownNameError, match="unknown distance 'dwt'; did you mean 'dtw'"):
        find_distance("dwt")
    with pytest.raises(UnknownNameError, match="known: cloud, dtw, euclidean, euclidean_shifted"):
        find_distance(dtw)


@every_distance
def test_the_table_says_what_the_functions_take(entry):
    assert DISTANCES[entry.name] is entry
    assert find_distance(entry.name) is entry
    assert entry.function.__name__ == entry.name
    assert ("radius" in inspect.signature(entry.function).parameters) == entry.takes_radius


@given(pair=tuples_of_sequences(2), radius=radii)
def test_the_radius_never_makes_a_distance_smaller(pair, radius):
    assert dtw(*pair, radius=radius) >= dtw(*pair)
