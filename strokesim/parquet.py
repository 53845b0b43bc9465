"""A corpus as one Parquet file, for exchange with other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from strokesim.batches import joined, schema_of
from strokesim.errors import CorpusError
from strokesim.manifest import Manifest, from_json, to_json
from strokesim.replacing import replacing
from strokesim.shards import Shard, check_values

# Key of the file's metadata under which a manifest without shards tells spec and features.
KEY = b"strokesim"
# And how many entries there are, because nothing else guards the file's list of row groups.
COUNT = b"strokesim.entries"
ROWS_PER_GROUP = 65536


def write_parquet(
    path: str | os.PathLike[str],
    manifest: Manifest,
    shards: Sequence[Shard],
    progress: Callable[[int], object] | None = None,
) -> None:
    """Write shards as one Parquet file: a row per entry, ``features`` a list of lists.

    ``progress`` is called with the number of rows written since the last call.

    Raises
    ------
    OutputError
        If it cannot be written; what was there before is there still.
    """
    from pyarrow.parquet import ParquetWriter

    metadata = {KEY: to_json(manifest), COUNT: str(sum(map(len, shards)))}
    schema = schema_of(manifest.n_features).with_metadata(metadata)
    options = {"compression": "zstd", "write_page_checksum": True}
    with replacing(path) as file, ParquetWriter(file, schema, **options) as writer:
        for shard in shards:
            for start in range(0, len(shard), ROWS_PER_GROUP):
                batch = shard.batch.slice(start, ROWS_PER_GROUP)
                writer.write_batch(batch.cast(schema), row_group_size=ROWS_PER_GROUP)
                if progress is not None:
                    progress(batch.num_rows)


def read_parquet(path: str | os.PathLike[str]) -> tuple[Manifest, list[Shard]]:
    """Read what `write_parquet` wrote, all of it into memory: one shard, or none if empty.

    Raises
    ------
    CorpusError
        If the file is missing, is no Parquet, was not made from a corpus, or is damaged.
    """
    from pyarrow.parquet import ParquetFile

    name = os.fspath(path)
    try:
        with (
            open(path, "rb") as stream,
            ParquetFile(stream, page_checksum_verification=True) as file,
        ):
            metadata = file.schema_arrow.metadata or {}
            if KEY not in metadata:
                raise CorpusError(f"{name} was not made from a corpus; Corpus.to_parquet does that")
            manifest, count = from_json(metadata[KEY], name), int(metadata[COUNT])
            schema = schema_of(manifest.n_features)
            batches = [
                batch.select(schema.names).cast(schema)
                for batch in file.iter_batches(ROWS_PER_GROUP)
            ]
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror or error}") from error
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise CorpusError(f"{name} cannot be read as Parquet of a corpus: {error}") from error
    if sum(batch.num_rows for batch in batches) != count:
        raise CorpusError(f"{name} is damaged: it holds not as many entries as it says")
    if not batches:
        return manifest, []
    shard = Shard(joined(batches), str(Path(path)))
    check_values(shard)
    return manifest, [shard]
