"""The manifest of a corpus folder: the one file that says which shards are the corpus."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar, cast

from strokesim.errors import CorpusError, StrokesimError
from strokesim.features import FeatureSpec, spec_from_dict
from strokesim.replacing import replacing
from strokesim.shards import REMEDY, ShardFile

NAME = "manifest.json"
FORMAT = "strokesim corpus"
VERSION = 1
SHARD_NAME = re.compile(r"[0-9]{8,}\.arrow")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus is made of.

    Parameters
    ----------
    spec : FeatureSpec or None
        What turned ink into these features, or the `EmbeddingSpec` that stands for it; None
        where they were brought along.
    n_features : int
        Per step. 0 while nothing is there that settles it.
    shards : tuple of ShardFile
        In the order of their entries.
    """

    spec: FeatureSpec | None
    n_features: int
    shards: tuple[ShardFile, ...] = ()


def to_json(manifest: Manifest) -> str:
    """Write a manifest as JSON that holds its own checksum."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "spec": None if manifest.spec is None else manifest.spec.to_dict(),
        "n_features": manifest.n_features,
        "shards": [asdict(shard) for shard in manifest.shards],
    }
    return json.dumps(content | {"sha256": _checksum(content)}, indent=1) + "\n"


def from_json(text: str | bytes, place: str) -> Manifest:
    """Read what `to_json` wrote.

    Parameters
    ----------
    text : str or bytes
        Not trusted.
    place : str
        What errors call it: the path of the file.

    Raises
    ------
    CorpusError
        If it is no manifest, of a newer version, or damaged.
    """
    try:
        content = json.loads(text)
        named = content.get("format") == FORMAT
    except (ValueError, AttributeError, RecursionError):
        raise CorpusError(f"{place} is damaged: no manifest of a corpus; {REMEDY}") from None
    if not named:
        raise CorpusError(f"{place} belongs to something else than a corpus; name another folder")
    version = content.get("version")
    if isinstance(version, int) and version > VERSION:
        raise CorpusError(
            f"{place} is of version {version}, this strokesim reads up to {VERSION}; "
            "install a newer strokesim"
        )
    if content.pop("sha256", None) != _checksum(content):
        raise CorpusError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    try:
        spec, n_features = content["spec"], content["n_features"]
        shards = tuple(ShardFile(**shard) for shard in content["shards"])
        if spec is not None:
            spec = cast(FeatureSpec, spec_from_dict(spec))
    except (KeyError, TypeError, StrokesimError) as error:
        raise CorpusError(f"{place} cannot be understood: {error}; {REMEDY}") from error
    if not all(isinstance(s.name, str) and SHARD_NAME.fullmatch(s.name) for s in shards):
        raise CorpusError(f"{place} names a shard outside of its folder; {REMEDY}")
    names = [shard.name for shard in shards]
    if len(set(names)) != len(names):
        raise CorpusError(f"{place} names a shard twice; {REMEDY}")
    return Manifest(spec, n_features, shards)


def _checksum(content: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a corpus folder.

    Raises
    ------
    CorpusError
        If the folder is missing, is no corpus, or its manifest is damaged or newer.
    """
    path = folder / NAME
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise CorpusError(_why_missing(folder)) from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
    return from_json(text, str(path))


def _why_missing(folder: Path) -> str:
    if not folder.exists():
        return f"there is no corpus {folder}; build it first"
    if not folder.is_dir():
        return f"{folder} is a file; a corpus is a folder: build one from the inks in it"
    if any(SHARD_NAME.fullmatch(entry.name) for entry in folder.iterdir()):
        return f"{folder} has shards and no {NAME}: its build is under way, or broke off; redo it"
    return f"{folder} is no corpus: it has no {NAME}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a folder: from here on, its shards are the corpus.

    Raises
    ------
    OutputError
        If it cannot be written; the old one is in place then.
    """
    text = to_json(manifest)
    with replacing(folder / NAME) as file:
        file.write(text.encode())


def read_shards(
    folder: Path, read: Callable[[Path, ShardFile, int], T]
) -> tuple[Manifest, tuple[T, ...]]:
    """Read the manifest and every shard that it lists, as of one moment.

    Parameters
    ----------
    folder : Path
        The corpus.
    read : callable
        Called with the folder, a shard and the number of features.

    Raises
    ------
    CorpusError
        See `read_manifest`; also if a shard is missing, and what ``read`` raises.
    """
    manifest = read_manifest(folder)
    while True:
        shards: list[T] = []
        try:
            for file in manifest.shards:
                shards.append(read(folder, file, manifest.n_features))
            return manifest, tuple(shards)
        except FileNotFoundError:
            # An appender joined small shards in the meantime; its manifest names the new one.
            latest = read_manifest(folder)
            if latest == manifest:
                raise CorpusError(f"{folder / file.name} is missing; {REMEDY}") from None
            manifest = latest
