"""Distances of every sequence to every other, in memory or streamed to a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from strokesim.distances.checks import unequal_lengths
from strokesim.distances.searcher import BATCH, BATCH_STEPS, Searcher
from strokesim.distances.table import Distance, find_distance
from strokesim.errors import ArgumentError, OutputError
from strokesim.ragged import Ragged
from strokesim.replacing import replacing
from strokesim.threads import falling_slices, run, thread_count

LARGEST_BATCH = 2**22
"""How many distances, at most, a thread holds before they are written."""

TILE = 1024
"""Rows and columns that are mirrored at once, so that neither side leaves the cache."""


def cdist(
    a: Ragged | Iterable[object],
    b: Ragged | Iterable[object] | None = None,
    *,
    distance: str = "dtw",
    radius: int | None = None,
    dtype: type[np.floating] = np.float64,
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Return the distances of all sequences of ``a`` to all of ``b``.

    Parameters
    ----------
    a : Ragged, Corpus or iterable of array_like
        Feature sequences, each (n_steps, n_features).
    b : Ragged, Corpus or iterable of array_like, optional
        None compares ``a`` with itself, each pair once; `pdist` keeps half of that.
    distance : str
        A name in `DISTANCES`.
    radius : int, optional
        Sakoe-Chiba radius in steps; see `dtw`.
    dtype : type
        ``numpy.float64``: each is the number that the distance gives for the two sequences
        alone, to the last bit. ``numpy.float32``: within 1e-5 of it, in half the time.
    out : path-like, optional
        A NumPy file (.npy) to write to, for what is larger than memory. It is there when the
        last distance is.
    threads : int, optional
        None uses every core. Without influence on the result.
    progress : callable, optional
        Called with the number of rows done since the last call.

    Returns
    -------
    ndarray of dtype, shape (n_a, n_b)
        Read-only and mapped from the file where ``out`` names one.

    Raises
    ------
    ArgumentError
        If a sequence is no feature sequence, the numbers of features differ, lengths differ
        where the distance needs equal ones, or the radius or dtype means nothing.
    UnknownNameError
        If the distance is not in `DISTANCES`.
    OutputError
        If the file cannot be written; none is left behind.

    Examples
    --------
    >>> cdist([[0, 0, 3], [1]], [[0, 3, 3, 5]]).round(2).tolist()
    [[2.0], [5.0]]
    """
    measure, number = find_distance(distance), _check_dtype(dtype)
    rows = sequences_of(a, "a")
    columns = rows if b is None else sequences_of(b, "b")
    searcher = measure.prepare(columns, radius)
    if len(rows) and len(columns):
        _check_comparable(rows, columns, measure)
    with _filling(out, (len(rows), len(columns)), number) as matrix:
        batches = _batches(rows, len(columns), threads) if matrix.size else []

        def fill(which: int) -> int:
            batch = batches[which]
            start = batch.start if b is None else 0
            matrix[batch, start:] = searcher.rows(_taken(rows, batch), start, number)
            return batch.stop - batch.start

        run(fill, len(batches), threads=threads, progress=progress)
        if b is None:
            _mirror(matrix)
    return matrix if out is None else np.load(out, mmap_mode="r")


def pdist(
    a: Ragged | Iterable[object],
    *,
    distance: str = "dtw",
    radius: int | None = None,
    dtype: type[np.floating] = np.float64,
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Return the distances of all pairs of ``a``, each pair once.

    Parameters
    ----------
    a : Ragged, Corpus or iterable of array_like
        Feature sequences, each (n_steps, n_features).
    distance, radius, dtype, out, threads, progress
        See `cdist`.

    Returns
    -------
    ndarray of dtype, shape (n * (n - 1) / 2,)
        Row by row, what lies right of the diagonal: (0, 1), (0, 2), ..., (1, 2), ..., as
        `scipy.spatial.distance.squareform` and `scipy.cluster` take it.

    Raises
    ------
    ArgumentError, UnknownNameError, OutputError
        See `cdist`.

    Examples
    --------
    >>> pdist([[0], [3], [7]]).tolist()
    [3.0, 7.0, 4.0]
    """
    measure, number = find_distance(distance), _check_dtype(dtype)
    rows = sequences_of(a, "a")
    searcher: Searcher = measure.prepare(rows, radius)
    count = len(rows)
    with _filling(out, (count * (count - 1) // 2,), number) as condensed:
        batches = _batches(rows, count, threads) if condensed.size else []

        def fill(which: int) -> int:
            batch = batches[which]
            found = searcher.rows(_taken(rows, batch), batch.start, number)
            for i in range(batch.start, batch.stop):
                start = i * count - i * (i + 1) // 2
                condensed[start : start + count - i - 1] = found[
                    i - batch.start, i - batch.start + 1 :
                ]
            return batch.stop - batch.start

        run(fill, len(batches), threads=threads, progress=progress)
    return condensed if out is None else np.load(out, mmap_mode="r")


def sequences_of(given: Ragged | Iterable[object], name: str) -> Ragged:
    """Return what was given as checked sequences; ``name`` is how an error calls it."""
    given = getattr(given, "sequences", given)
    if isinstance(given, Ragged):
        return given.checked(f"{name}: sequence")
    if isinstance(given, np.ndarray) and given.ndim < 3:
        raise ArgumentError(
            f"{name} is one array of shape {given.shape}, and several sequences are needed; "
            f"give [{name}] for one sequence of {given.ndim} dimensions, or list({name}) where "
            "each row is a sequence of one feature"
        )
    try:
        return Ragged.from_arrays(given)
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None
    except TypeError:
        raise ArgumentError(
            f"{name} is {given!r}; give a list of arrays, each (n_steps, n_features)"
        ) from None


def _check_dtype(dtype: object) -> type[np.floating]:
    for known in (np.float64, np.float32):
        if dtype in (known, known.__name__):
            return known
    raise ArgumentError(f"dtype={dtype!r}; use numpy.float64 or numpy.float32")


def _check_comparable(rows: Ragged, columns: Ragged, measure: Distance) -> None:
    if rows.n_features != columns.n_features:
        raise ArgumentError(
            f"the sequences of a have {rows.n_features} features, those of b "
            f"{columns.n_features}; both need the same"
        )
    if not measure.unequal and (rows.lengths != columns.lengths[0]).any():
        other = int((rows.lengths != columns.lengths[0]).argmax())
        raise unequal_lengths(
            f"sequence {other} of a has {rows.lengths[other]} steps, those of b have "
            f"{columns.lengths[0]}"
        )


def _batches(rows: Ragged, n_columns: int, threads: int | None) -> list[slice]:
    """Cut the rows into batches, each for one call of the kernels and small beside the matrix."""
    most = min(BATCH, BATCH_STEPS // int(rows.lengths.max()), LARGEST_BATCH // n_columns)
    return falling_slices(len(rows), most, thread_count(threads))


def _taken(rows: Ragged, batch: slice) -> list[np.ndarray]:
    return [rows[i] for i in range(batch.start, batch.stop)]


def _mirror(matrix: np.ndarray) -> None:
    """Copy what lies above the diagonal to below it."""
    count = len(matrix)
    for top in range(0, count, TILE):
        for left in range(top, count, TILE):
            tile = matrix[top : top + TILE, left : left + TILE]
            if left == top:
                upper = np.triu(tile, 1)
                tile[:] = upper + upper.T
            else:
                matrix[left : left + TILE, top : top + TILE] = tile.T


@contextlib.contextmanager
def _filling(
    out: str | os.PathLike[str] | None, shape: tuple[int, ...], dtype: type[np.floating]
) -> Iterator[np.ndarray]:
    """Yield an array of zeros to be filled: in memory, or mapped from a file that then appears."""
    if out is None:
        yield np.zeros(shape, dtype)
        return
    with replacing(out) as file:
        described = np.lib.format.header_data_from_array_1_0(np.empty(0, dtype))
        np.lib.format.write_array_header_2_0(file, {**described, "shape": shape})
        file.flush()
        start, size = file.tell(), int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size == 0:
            yield np.zeros(shape, dtype)
            return
        # Reserved now: a disk found full while the map is written to would end the process.
        _reserve(file.fileno(), start + size, out)
        mapped = np.memmap(file, dtype, "r+", offset=start, shape=shape)
        yield mapped
        mapped.flush()


def _reserve(handle: int, size: int, out: str | os.PathLike[str]) -> None:
    if not hasattr(os, "posix_fallocate"):
        os.truncate(handle, size)
        return
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {size:,} bytes needed; {error.strerror}") from error
