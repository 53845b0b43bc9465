"""Dynamic time warping: worked by hand, by enumeration, by other people's code."""

import math

import numpy as np
import pytest
from hypothesis import given

import oracle
from strategies import radii, sequences, tuples_of_sequences
from strokesim import dtw, dtw_path
from strokesim.errors import ArgumentError

# Müller, Fundamentals of Music Processing (Springer 2015), chapter 3: sequences and their
# accumulated costs where a step costs |x - y|.
MULLER_X = [1, 3, 3, 8, 1]
MULLER_Y = [2, 0, 0, 8, 7, 2]
MULLER_COSTS = [
    [1, 2, 3, 10, 16, 17],
    [2, 4, 5, 8, 12, 13],
    [3, 5, 7, 10, 12, 13],
    [9, 11, 13, 7, 8, 14],
    [10, 10, 11, 14, 13, 9],
]


def in_unary(numbers):
    """Write 3 as 1 1 1 0 0 0 0 0: |x - y| becomes the squared distance of two codes."""
    return [[1.0] * number + [0.0] * (8 - number) for number in numbers]


@pytest.mark.parametrize("i", range(5))
@pytest.mark.parametrize("j", range(6))
def test_a_worked_example_of_a_textbook_comes_out(i, j):
    x, y = in_unary(MULLER_X[: i + 1]), in_unary(MULLER_Y[: j + 1])
    assert dtw(x, y) == math.sqrt(MULLER_COSTS[i][j])


def test_the_path_of_the_worked_example_comes_out():
    distance, path = dtw_path(in_unary(MULLER_X), in_unary(MULLER_Y))
    assert distance == 3
    # The least neighbours of 9 back to 1 are 8, 7, 7, 4, 1; none of them is tied.
    assert path.tolist() == [[0, 0], [1, 1], [2, 2], [3, 3], [3, 4], [4, 5]]


@given(pair=tuples_of_sequences(2), radius=radii)
def test_every_radius_gives_the_definition_to_the_last_bit(pair, radius):
    a, b = pair
    assert dtw(a, b, radius=radius) == oracle.dtw(a.tolist(), b.tolist(), radius)


@given(pair=tuples_of_sequences(2, max_steps=40, max_features=2), radius=radii)
def test_long_sequences_give_the_definition_to_the_last_bit(pair, radius):
    a, b = pair
    assert dtw(a, b, radius=radius) == oracle.dtw(a.tolist(), b.tolist(), radius)


@given(pair=tuples_of_sequences(2), radius=radii)
def test_a_band_is_the_same_number_both_ways(pair, radius):
    a, b = pair
    assert dtw(a, b, radius=radius) == dtw(b, a, radius=radius)


@given(a=sequences(2, max_steps=5), b=sequences(2, max_steps=5), radius=radii)
def test_no_warping_path_costs_less(a, b, radius):
    n, m = len(a), len(b)
    costs = [
        sum(oracle.step_square(a[i].tolist(), b[j].tolist()) for i, j in path)
        for path in oracle.warping_paths(n, m)
        if all(oracle.in_band(i, j, n, m, radius) for i, j in path)
    ]
    assert dtw(a, b, radius=radius) == math.sqrt(min(costs))


def test_there_are_as_many_warping_paths_as_delannoy_counted():
    counts = [sum(1 for _ in oracle.warping_paths(n, n)) for n in (1, 2, 3, 4)]
    assert counts == [1, 3, 13, 63]


@given(pair=tuples_of_sequences(2), radius=radii)
def test_the_path_is_one_that_attains_the_distance(pair, radius):
    a, b = pair
    distance, path = dtw_path(a, b, radius=radius)
    assert path.dtype == np.int64
    assert path.shape == (len(path), 2)
    pairs = [(i, j) for i, j in path.tolist()]
    assert oracle.is_warping_path(pairs, len(a), len(b))
    assert all(oracle.in_band(i, j, len(a), len(b), radius) for i, j in pairs)
    total = 0.0
    for i, j in pairs:
        total += oracle.step_square(a[i].tolist(), b[j].tolist())
    assert distance == dtw(a, b, radius=radius) == math.sqrt(total)


@given(pair=tuples_of_sequences(2, max_features=1), radius=radii)
def test_of_tied_predecessors_the_diagonal_comes_first_then_the_row_above(pair, radius):
    a, b = pair
    _, path = dtw_path(a, b, radius=radius)
    costs = oracle.dtw_matrix(a.tolist(), b.tolist(), radius)
    expected = [(len(a) - 1, len(b) - 1)]
    while expected[-1] != (0, 0):
        i, j = expected[-1]
        before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        expected.append(min(before, key=lambda cell: costs.get(cell, math.inf)))
    assert [(i, j) for i, j in path.tolist()] == expected[::-1]


def test_where_the_diagonal_costs_more_the_row_above_comes_first():
    # Before (2, 2), cells (1, 2) and (2, 1) cost 1 both, and (1, 1) costs 2.
    distance, path = dtw_path([0, 1, 0], [1, 0, 1])
    assert distance == math.sqrt(2)
    assert path.tolist() == [[0, 0], [0, 1], [1, 2], [2, 2]]


def test_a_path_that_is_no_path_is_rejected():
    assert oracle.is_warping_path([(0, 0), (1, 1)], 2, 2)
    assert not oracle.is_warping_path([(0, 0), (1, 1)], 2, 3)
    assert not oracle.is_warping_path([(0, 1), (1, 1)], 2, 2)
    assert not oracle.is_warping_path([(0, 0), (0, 2), (1, 2)], 2, 3)
    assert not oracle.is_warping_path([(0, 0), (0, 0), (1, 1)], 2, 2)


def test_one_step_against_many_costs_every_pair():
    assert dtw([1], [1, 2, 3]) == math.sqrt(0 + 1 + 4)
    assert dtw_path([1], [1, 2, 3])[1].tolist() == [[0, 0], [0, 1], [0, 2]]
    assert dtw_path([1, 2, 3], [1])[1].tolist() == [[0, 0], [1, 0], [2, 0]]
    assert dtw_path([7], [7])[1].tolist() == [[0, 0]]


def test_a_constant_sequence_is_at_distance_zero_from_a_longer_one():
    assert dtw(np.full(3, 5.0), np.full(40, 5.0), radius=0) == 0


@given(pair=tuples_of_sequences(2, equal_length=True))
def test_radius_zero_compares_step_by_step(pair):
    a, b = pair
    assert dtw(a, b, radius=0) == oracle.euclidean(a.tolist(), b.tolist())


@given(pair=tuples_of_sequences(2))
def test_a_radius_beyond_the_lengths_leaves_the_path_free(pair):
    assert dtw(*pair, radius=12) == dtw(*pair, radius=10**30) == dtw(*pair)


@pytest.mark.parametrize("radius", [-1, 2.5, "4", math.nan, math.inf])
def test_a_radius_that_is_no_number_of_steps_is_refused(radius):
    message = f"radius={radius!r}; use a whole number of steps, at least 0, or None"
    for function in (dtw, dtw_path):
        with pytest.raises(ArgumentError, match=message):
            function([1], [1], radius=radius)


def test_a_radius_may_be_any_kind_of_whole_number():
    for radius in (np.int64(1), np.uint8(1), True):
        assert dtw([0, 1, 2], [2, 1, 0], radius=radius) == dtw([0, 1, 2], [2, 1, 0], radius=1)


def walks(count, features):
    rng = np.random.default_rng(count)
    lengths = rng.integers(1, 40, count)
    return [rng.normal(size=(n, features)).cumsum(axis=0).astype(np.float32) for n in lengths]


@pytest.mark.slow
@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("radius", [None, 0, 1, 4, 50])
def test_tslearn_agrees(features, radius):
    metrics = pytest.importorskip("tslearn.metrics")
    walked = walks(16, features)
    for a, b in zip(walked[::2], walked[1::2], strict=True):
        band = {} if radius is None else {"sakoe_chiba_radius": radius}
        expected = metrics.dtw(a.astype(float), b.astype(float), **band)
        assert dtw(a, b, radius=radius) == pytest.approx(expected, rel=1e-12)
        path, distance = metrics.dtw_path(a.astype(float), b.astype(float), **band)
        assert dtw_path(a, b, radius=radius)[0] == pytest.approx(distance, rel=1e-12)
        assert dtw_path(a, b, radius=radius)[1].tolist() == [list(pair) for pair in path]


@pytest.mark.slow
@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("radius", [None, 0, 1, 4, 50])
def test_dtaidistance_agrees(features, radius):
    dtw_ndim = pytest.importorskip("dtaidistance.dtw_ndim")
    walked = walks(16, features)
    for a, b in zip(walked[::2], walked[1::2], strict=True):
        # Its window counts the diagonal, so it is one more than a radius.
        window = None if radius is None else radius + 1
        expected = dtw_ndim.distance(a.astype(float), b.astype(float), window=window)
        assert dtw(a, b, radius=radius) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("radius", [None, 0, 3])
def test_a_path_is_the_same_however_many_rows_are_computed_at_once(radius, monkeypatch):
    rng = np.random.default_rng(8)
    a, b = rng.integers(0, 3, (30, 2)), rng.integers(0, 3, (23, 2))
    distance, path = dtw_path(a, b, radius=radius)
    monkeypatch.setattr("strokesim.distances.checks.CELLS", 60)
    in_pieces, same_path = dtw_path(a, b, radius=radius)
    assert in_pieces == dtw(a, b, radius=radius) == distance
    np.testing.assert_array_equal(same_path, path)
