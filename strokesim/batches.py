"""Feature sequences and what is known about them, as Arrow record batches.

The columns are ``features``, a list of lists whose innermost buffer is float32 of shape
(n_steps of all, n_features) and whose offsets are int64, and one column of text, null where
unknown, for each of `TEXTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.ragged import Ragged

TEXTS = ("label", "writer", "id", "source")
"""What is known about an entry beside its features; also the names of these fields of `Ink`."""

# Rows handled in one go where a whole corpus passes through, to bound the memory that takes.
ROWS_AT_ONCE = 4096
# Samples of the inks converted in one go, for inks that are long.
SAMPLES_AT_ONCE = 2**20


def schema_of(n_features: int) -> pa.Schema:
    """Return the columns of a record batch of sequences with that many features."""
    step = pa.list_(pa.field("item", pa.float32(), nullable=False), n_features)
    sequence = pa.large_list(pa.field("item", step, nullable=False))
    texts = [pa.field(name, pa.large_string()) for name in TEXTS]
    return pa.schema([pa.field("features", sequence, nullable=False), *texts])


def text_column(name: str, texts: Iterable[str | None] | None, count: int) -> pa.Array:
    """Check one column of text and turn it into Arrow.

    Parameters
    ----------
    name : str
        One of `TEXTS`, for errors.
    texts : iterable of str or None, optional
        One per entry, None where unknown; None in place of the whole means unknown throughout.
    count : int
        How many entries there are.

    Raises
    ------
    ArgumentError
        If the length is another one, or an item is no text that UTF-8 can hold.
    """
    if texts is None:
        return pa.nulls(count, pa.large_string())
    items = list(texts)
    if len(items) != count:
        raise ArgumentError(
            f"{len(items)} {name}s for {count} sequences; give one each, None where unknown"
        )
    encoded = []
    for number, item in enumerate(items):
        if item is not None and not isinstance(item, str):
            raise ArgumentError(
                f"{name} {number} is {item!r}, of type {type(item).__name__}; "
                "it has to be text or None"
            )
        try:
            encoded.append((item or "").encode())
        except UnicodeEncodeError:
            raise ArgumentError(f"{name} {number} is {item!r}, which is no Unicode text") from None
    known = np.packbits(np.array([item is not None for item in items], bool), bitorder="little")
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    buffers = [pa.py_buffer(known), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), count, buffers)


def batch_of(sequences: Ragged, texts: Mapping[str, Iterable[str | None] | None]) -> pa.RecordBatch:
    """Put sequences and their texts into one record batch, the features without copying.

    Parameters
    ----------
    sequences : Ragged
        At least one feature.
    texts : mapping of str to iterable of str or None
        A column for each of `TEXTS`; see `text_column`.

    Raises
    ------
    ArgumentError
        See `text_column`.
    """
    columns = [text_column(name, texts[name], len(sequences)) for name in TEXTS]
    return pa.record_batch([_features(sequences), *columns], schema_of(sequences.n_features))


def _features(sequences: Ragged) -> pa.LargeListArray:
    kind = schema_of(sequences.n_features).field("features").type
    first, last = int(sequences.offsets[0]), int(sequences.offsets[-1])
    values = _to_arrow(sequences.values[first:last].ravel())
    steps = pa.FixedSizeListArray.from_arrays(values, type=kind.value_type)
    return pa.LargeListArray.from_arrays(_to_arrow(sequences.offsets - first), steps, type=kind)


# pa.array and Array.to_numpy import pandas wherever it is installed, which takes half a second
# of the first search in a process.
def _to_arrow(array: np.ndarray) -> pa.Array:
    kind = pa.from_numpy_dtype(array.dtype)
    return pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(array)])


def _to_numpy(array: pa.Array, dtype: type[np.generic]) -> np.ndarray:
    if array.null_count:
        raise pa.ArrowInvalid(f"{array.null_count} numbers are missing")
    skipped = array.offset * np.dtype(dtype).itemsize
    numbers = np.frombuffer(array.buffers()[1], dtype, len(array), skipped)
    numbers.flags.writeable = False
    return numbers


def n_features_of(batch: pa.RecordBatch) -> int:
    """Return the number of features per step."""
    return int(batch.schema.field("features").type.value_type.list_size)


def sequences_of(batch: pa.RecordBatch) -> Ragged:
    """Return the features as views of the batch, unchecked.

    Raises
    ------
    pyarrow.ArrowException
        If a damaged batch marks some of them as missing.
    """
    features = batch.column("features")
    values = _to_numpy(features.values.values, np.float32).reshape(-1, n_features_of(batch))
    return Ragged(values, _to_numpy(features.offsets, np.int64))


def texts_of(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """Decode one of `TEXTS`, shape (n_entries,), objects of type str or None.

    Equal texts are one object, so a column costs little where it repeats itself.

    Raises
    ------
    pyarrow.ArrowException
        If the bytes of a damaged batch are not text.
    """
    column = batch.column(name)
    column.validate(full=True)
    known: dict[str | None, str | None] = {}
    texts = np.empty(len(column), object)
    texts[:] = [known.setdefault(text, text) for text in column.to_pylist()]
    return texts


def check_n_features(batch: pa.RecordBatch, n_features: int, whose: str) -> None:
    """Refuse a batch that does not fit to what is there.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        With the columns of `schema_of`.
    n_features : int
        What is needed; 0 takes any.
    whose : str
        What needs it, for the error.

    Raises
    ------
    ArgumentError
        If the number of features per step is another one.
    """
    if n_features not in (0, n_features_of(batch)):
        raise ArgumentError(
            f"sequences of {n_features_of(batch)} features per step do not go into {whose}, "
            f"which has {n_features}"
        )


def joined(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Return several batches, at least one row in all, as a single one."""
    table = pa.Table.from_batches(batches).combine_chunks()
    return table.to_batches()[0]


def taken(batch: pa.RecordBatch, rows: np.ndarray) -> pa.RecordBatch:
    """Copy the named rows, in the order given."""
    features = _features(sequences_of(batch).take(rows))
    texts = [batch.column(name).take(_to_arrow(rows)) for name in TEXTS]
    return pa.record_batch([features, *texts], schema=batch.schema)


def batches_of_inks(
    inks: Iterable[Ink],
    spec: FeatureSpec,
    threads: int | None,
    progress: Callable[[int], object] | None,
) -> Iterator[pa.RecordBatch]:
    """Yield the features and texts of inks, some thousands at a time.

    Parameters
    ----------
    inks : iterable of Ink
        Taken as needed.
    spec : FeatureSpec
        What turns an ink into features.
    threads : int, optional
        None means every core.
    progress : callable, optional
        Called with the number of inks done since the last call.

    Raises
    ------
    ArgumentError
        If an item is no ink, or an ink has no such features.
    """
    first = 0
    for part in _parts(inks):
        sequences = spec.transform_all(part, threads=threads, progress=progress, first=first)
        first += len(part)
        yield batch_of(sequences, {name: [getattr(ink, name) for ink in part] for name in TEXTS})


def _parts(inks: Iterable[Ink]) -> Iterator[list[Ink]]:
    if isinstance(inks, Ink):
        raise ArgumentError("one ink was given where many are needed; put it into a list")
    part: list[Ink] = []
    n_samples = 0
    for number, ink in enumerate(inks):
        if not isinstance(ink, Ink):
            raise ArgumentError(
                f"item {number} is of type {type(ink).__name__}; needed: Ink, as read_inks gives"
            )
        part.append(ink)
        n_samples += ink.n_samples
        if len(part) == ROWS_AT_ONCE or n_samples >= SAMPLES_AT_ONCE:
            yield part
            part, n_samples = [], 0
    if part:
        yield part
