"""Prototypes kept in the folder of their corpus, so that they are averaged once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from strokesim.errors import OutputError
from strokesim.prototypes import Prototypes, prototypes_of
from strokesim.ragged import Ragged
from strokesim.replacing import replacing

if TYPE_CHECKING:
    from strokesim.corpus import Corpus


def kept_prototypes(
    corpus: Corpus,
    k: int,
    *,
    radius: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Prototypes:
    """Return what `prototypes_of` does, from the folder of the corpus where it holds that.

    What is made is kept in one file per radius, replaced at once. It is taken for what it says
    only while features and labels of the corpus are those that it was made of, to the last bit.
    A corpus in memory, and a folder that cannot be written, keep nothing.

    Parameters
    ----------
    corpus, k, radius, threads, progress
        See `prototypes_of`.

    Raises
    ------
    ArgumentError
        See `prototypes_of`.
    """
    if corpus.path is None:
        return prototypes_of(corpus, k, radius=radius, threads=threads, progress=progress)
    # A name with a dot in front is no obstacle to building a corpus there.
    path = corpus.path / f".prototypes{'' if radius is None else f'-{radius}'}.npz"
    facts = f"{k} {radius} {_fingerprint(corpus)}"
    found = _read(path, facts, corpus)
    if found is None:
        found = prototypes_of(corpus, k, radius=radius, threads=threads, progress=progress)
        with contextlib.suppress(OutputError):
            _write(path, facts, found)
    return found


def _fingerprint(corpus: Corpus) -> str:
    """Return a checksum of what prototypes are made of."""
    sequences = corpus.sequences
    checksum = hashlib.blake2b(json.dumps(corpus.labels.tolist()).encode())
    first, last = sequences.offsets[0], sequences.offsets[-1]
    checksum.update(np.ascontiguousarray(sequences.lengths, np.int64).data)
    checksum.update(np.ascontiguousarray(sequences.values[first:last]).data)
    return checksum.hexdigest()


def _write(path: Path, facts: str, found: Prototypes) -> None:
    sequences = Ragged.from_arrays(found.sequences)
    content = io.BytesIO()
    np.savez(
        content,
        facts=np.array(facts),
        values=sequences.values,
        lengths=sequences.lengths,
        members=np.concatenate(found.members),
        shares=np.array([len(members) for members in found.members]),
    )
    with replacing(path) as file:
        file.write(content.getbuffer())


def _read(path: Path, facts: str, corpus: Corpus) -> Prototypes | None:
    """Return what `_write` wrote, or None where that is missing, damaged or of something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            if str(content["facts"]) != facts:
                return None
            values, members = content["values"], content["members"]
            ends, share_ends = (np.cumsum(content[name])[:-1] for name in ("lengths", "shares"))
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    shares = np.split(members, share_ends)
    labels = [corpus.labels[share[0]] for share in shares]
    return Prototypes(np.split(values, ends), labels, shares)
