"""Matrices of distances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import corpora, radii
from strokesim import DISTANCES, Corpus, cdist, dtw
from strokesim.distances import pdist
from strokesim.errors import ArgumentError, OutputError, UnknownNameError
from strokesim.ragged import Ragged

every_distance = pytest.mark.parametrize("entry", DISTANCES.values(), ids=DISTANCES)


@every_distance
@given(data=st.data())
def test_an_element_is_the_distance_of_the_two_alone(entry, data):
    a, b = data.draw(corpora(equal_length=not entry.unequal))
    matrix = cdist(a, b, distance=entry.name)
    assert matrix.dtype == np.float64
    assert matrix.tolist() == [[entry.function(row, column) for column in b] for row in a]


@every_distance
@given(data=st.data())
def test_a_set_with_itself_is_symmetric_to_the_last_bit(entry, data):
    a, _ = data.draw(corpora(equal_length=not entry.unequal))
    matrix = cdist(a, distance=entry.name)
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(matrix, cdist(a, a, distance=entry.name))


@given(sets=corpora(), radius=radii)
def test_the_radius_is_that_of_dtw(sets, radius):
    a, b = sets
    expected = [[dtw(row, column, radius=radius) for column in b] for row in a]
    assert cdist(a, b, radius=radius).tolist() == expected


@every_distance
def test_threads_have_no_influence(entry):
    a = list(np.random.default_rng(3).normal(size=(40, 8, 2)))
    for b in (None, a[::-1]):
        alone = cdist(a, b, distance=entry.name, threads=1)
        for threads in (2, 3, 8, None):
            assert np.array_equal(cdist(a, b, distance=entry.name, threads=threads), alone)


def test_every_kind_of_set_gives_the_same_matrix():
    arrays = np.random.default_rng(4).normal(size=(5, 6, 2))
    expected = cdist(list(arrays))
    ragged = Ragged.from_arrays(arrays)
    behind = Ragged(np.vstack([ragged[0], ragged.values]), ragged.offsets + 6)
    for given_set in (
        arrays,
        tuple(arrays),
        arrays.tolist(),
        ragged,
        behind,
        Corpus.from_arrays(arrays),
    ):
        assert np.array_equal(cdist(given_set), expected)
        assert np.array_equal(cdist(arrays, given_set), expected)
    assert np.array_equal(cdist(array for array in arrays), expected)


def test_an_empty_set_gives_an_empty_matrix():
    assert cdist([]).shape == (0, 0)
    assert cdist([], [[1, 2]]).shape == (0, 1)
    assert cdist([[1, 2], [3]], []).shape == (2, 0)
    assert cdist([], [[1, 2]], distance="euclidean").shape == (0, 1)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((3, 4)), None, r"a is one array of shape \(3, 4\).*give \[a\] for one sequence"),
        ([[1]], np.zeros(4), r"b is one array of shape \(4,\), and several sequences are needed"),
        ([[1], []], None, "a: sequence 1 has 0 steps"),
        ([[1]], [[1], [math.nan]], "b: sequence 1: step 0, feature 0 is nan"),
        ([[1]], [[[1, 2]]], "of a have 1 features, those of b 2; both need the same"),
        ([[1], [[1, 2]]], None, "a: sequence 1 has 2 features, sequence 0 has 1"),
        (3, None, "a is 3; give a list of arrays"),
    ],
)
def test_what_is_no_set_of_sequences_is_refused(a, b, message):
    with pytest.raises(ArgumentError, match=message):
        cdist(a, b)


def test_a_ragged_of_no_use_is_refused():
    given = Ragged(np.array([[1.0], [np.nan]], np.float32), np.array([0, 1, 2]))
    with pytest.raises(ArgumentError, match="b: sequence 1: step 0, feature 0 is nan"):
        cdist([[1.0]], given)
    with pytest.raises(ArgumentError, match="the offsets of Ragged ascend"):
        pdist(Ragged(given.values, np.array([0, 5])))


def test_euclidean_refuses_unequal_lengths():
    with pytest.raises(ArgumentError, match=r"sequence 2 has 1 steps, sequence 0 has 2.*shifted"):
        cdist([[1, 2], [3, 4], [5]], distance="euclidean")
    with pytest.raises(ArgumentError, match="sequence 1 of a has 3 steps, those of b have 2"):
        cdist([[1, 2], [3, 4, 5]], [[1, 2]], distance="euclidean")


def test_a_radius_that_means_nothing_is_refused():
    with pytest.raises(ArgumentError, match="radius=2 means nothing to cloud; leave it out or use"):
        cdist([[1]], distance="cloud", radius=2)
    with pytest.raises(ArgumentError, match="radius=-1; use a whole number of steps"):
        cdist([[1]], radius=-1)


def test_an_unknown_distance_and_no_threads_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'euclidean'"):
        cdist([[1]], distance="euklidean")
    with pytest.raises(ArgumentError, match="threads=0; use at least 1"):
        cdist([[1]], threads=0)


@every_distance
@given(data=st.data())
def test_the_condensed_matrix_holds_every_pair_once(entry, data):
    a, _ = data.draw(corpora(equal_length=not entry.unequal))
    square = cdist(a, distance=entry.name)
    expected = [square[i, j] for i in range(len(a)) for j in range(i + 1, len(a))]
    assert pdist(a, distance=entry.name).tolist() == expected


@pytest.mark.parametrize("radius", [None, 3])
def test_float32_is_within_its_promise(radius):
    rng = np.random.default_rng(6)
    a = [rng.normal(size=(n, 3)).cumsum(axis=0) for n in (1, 2, 30, 150, 151, 500)]
    a += [a[2] * 1e-30, a[2] * 1e-30 + 1e-37, a[3] * 1e20]
    exact = cdist(a, radius=radius)
    fast = cdist(a, radius=radius, dtype=np.float32)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, exact, rtol=1e-5, atol=0)
    np.testing.assert_array_equal(fast == 0, exact == 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_matrix_may_be_streamed_to_a_file(tmp_path, dtype):
    a = list(np.random.default_rng(7).normal(size=(30, 5, 2)))
    path = tmp_path / "distances.npy"
    done = []
    for function, given_sets in ((cdist, (a,)), (cdist, (a, a[:7])), (pdist, (a,))):
        expected = function(*given_sets, dtype=dtype)
        mapped = function(*given_sets, dtype=dtype, out=path, progress=done.append)
        assert isinstance(mapped, np.memmap)
        assert not mapped.flags.writeable
        np.testing.assert_array_equal(mapped, expected)
        np.testing.assert_array_equal(np.load(path), expected)
    assert sum(done) == 30 + 30 + 30
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_large_matrices_are_mirrored_tile_by_tile(monkeypatch):
    monkeypatch.setattr("strokesim.distances.matrix.TILE", 4)
    a = list(np.random.default_rng(8).normal(size=(11, 5, 2)))
    assert np.array_equal(cdist(a), cdist(a, a))


def test_an_empty_file_of_distances_is_written_too(tmp_path):
    path = tmp_path / "none.npy"
    assert pdist([[1.0]], out=path).shape == np.load(path).shape == (0,)


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match=r"cannot write .*nowhere"):
        cdist([[1.0]], out=tmp_path / "nowhere" / "distances.npy")

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cdist([[1.0], [2.0]], out=tmp_path / "distances.npy", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_an_error_before_anything_is_computed(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    with pytest.raises(OutputError, match=r"bytes needed; No space left"):
        cdist([[1.0]], out=tmp_path / "distances.npy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_neither_parts_nor_batches_nor_threads_change_a_pair(threads, monkeypatch):
    rng = np.random.default_rng(9)
    walks = [rng.integers(-1, 2, (n, 2)).cumsum(axis=0) for n in rng.integers(1, 60, 50)]
    expected = [[dtw(row, column) for column in walks] for row in walks]
    monkeypatch.setattr("strokesim.distances.parts.STEPS_PER_PART", 300)
    monkeypatch.setattr("strokesim.distances.matrix.LARGEST_BATCH", 350)
    upper = np.triu_indices(50, 1)
    assert cdist(walks, threads=threads).tolist() == expected
    assert pdist(walks, threads=threads).tolist() == np.array(expected)[upper].tolist()
    near = pdist(walks, threads=threads, dtype=np.float32)
    np.testing.assert_allclose(near, np.array(expected)[upper], rtol=1e-5)


def test_a_dtype_that_promises_nothing_is_refused():
    with pytest.raises(ArgumentError, match=r"dtype=.*int.*; use numpy.float64 or numpy.float32"):
        cdist([[1.0]], dtype=int)


def test_long_sequences_are_compared_in_several_calls(monkeypatch):
    rng = np.random.default_rng(2)
    walks = [rng.integers(-1, 2, (n, 3)).cumsum(axis=0) for n in rng.integers(1, 40, 50)]
    expected = [cdist(walks, dtype=dtype) for dtype in (np.float64, np.float32)]
    monkeypatch.setattr("strokesim.distances.lane_search.CELLS", 1)
    for dtype, matrix in zip((np.float64, np.float32), expected, strict=True):
        np.testing.assert_array_equal(cdist(walks, dtype=dtype), matrix)


@pytest.mark.parametrize("distance", ["cloud", "euclidean_shifted"])
def test_other_distances_of_long_sequences_are_computed_in_several_calls(distance, monkeypatch):
    rng = np.random.default_rng(3)
    walks = [rng.integers(-1, 2, (n, 2)).cumsum(axis=0) for n in rng.integers(1, 40, 50)]
    expected = [cdist(walks, distance=distance, dtype=dtype) for dtype in (np.float64, np.float32)]
    monkeypatch.setattr("strokesim.distances.batch_search.CELLS", 1)
    for dtype, matrix in zip((np.float64, np.float32), expected, strict=True):
        np.testing.assert_array_equal(cdist(walks, distance=distance, dtype=dtype), matrix)
