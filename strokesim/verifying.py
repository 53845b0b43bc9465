"""Reading a corpus again, all of it, to see that it is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from strokesim.manifest import read_shards
from strokesim.shards import Shard, ShardFile, check_shard, check_values


class Verification(NamedTuple):
    """What was looked at, all of it sound."""

    shards: int
    entries: int
    steps: int
    bytes: int


def verify_folder(folder: Path, report: Callable[[int], object]) -> Verification:
    """Check the checksum and every value of a corpus on disk, as it is now.

    ``report`` is called with the number of entries of each shard that was checked.

    Raises
    ------
    CorpusError
        If something is damaged; the message names the file.
    """

    def checked(folder: Path, file: ShardFile, n_features: int) -> Shard:
        shard = check_shard(folder, file, n_features)
        report(len(shard))
        return shard

    manifest, shards = read_shards(folder, checked)
    return _counted(shards, sum(file.bytes for file in manifest.shards))


def verify_shards(shards: Sequence[Shard], report: Callable[[int], object]) -> Verification:
    """Check every value of shards in memory; see `verify_folder`."""
    for shard in shards:
        check_values(shard)
        report(len(shard))
    return _counted(shards, sum(shard.batch.nbytes for shard in shards))


def _counted(shards: Sequence[Shard], n_bytes: int) -> Verification:
    steps = sum(int(shard.sequences.lengths.sum()) for shard in shards)
    return Verification(len(shards), sum(map(len, shards)), steps, n_bytes)
