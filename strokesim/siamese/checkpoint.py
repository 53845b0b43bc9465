"""An encoder in a folder: weights as safetensors, everything else as JSON. Nothing is pickled.

``encoder.json`` names the file of the weights and holds its checksum. Weights are written under
a name made of that checksum before ``encoder.json`` is replaced, so a reader finds the old
encoder or the new one, whatever happens in between.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from strokesim.errors import ModelError, OutputError, StrokesimError
from strokesim.learned.checkpoint import (
    FORMAT,
    NAME,
    VERSION,
    as_halves,
    checksum_of,
    misunderstood,
    read_checkpoint,
)
from strokesim.learned.encoder import Encoder as AnyEncoder
from strokesim.learned.opening import DEFAULT, MODELS, check_path
from strokesim.replacing import replacing, sync_folder
from strokesim.siamese.embedding import Encoder, encoder_of, storable
from strokesim.siamese.encoders import EncoderSettings


def save_encoder(encoder: AnyEncoder, path: str | os.PathLike[str]) -> None:
    """Write an encoder into a folder, in place of one that is there.

    Parameters
    ----------
    encoder : Encoder
        Of torch, or what `strokesim.open_encoder` makes of the folder of a training. One that is
        per step is stored as the one of a point per ink.
    path : path-like
        Made where it is missing; the folder that it is in must exist.

    Raises
    ------
    ArgumentError
        If it is an encoder that ONNX Runtime runs, or none.
    ModelError
        If a weight is no finite number, or not float32.
    OutputError
        If it cannot be written, or the folder holds something else; an encoder that was there
        is there still.
    """
    folder, encoder = Path(path), storable(encoder)
    make_folder(folder)
    stored = {}
    for name, values in encoder.weights.items():
        halves = as_halves(values)
        stored[name] = np.ascontiguousarray(values if halves is None else halves)
    new = folder / "weights-new.safetensors"
    with replacing(new) as file:
        # By name: a copy in memory, if there is no room for it, would end the process.
        try:
            safetensors.numpy.save_file(stored, file.name)
        except safetensors.SafetensorError as error:
            raise OSError(str(error)) from error
        with open(file.name, "rb") as written:
            checksum = hashlib.file_digest(written, "sha256").hexdigest()
    name = f"weights-{checksum[:16]}.safetensors"
    new.replace(folder / name)
    sync_folder(folder)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "weights": {"name": name, "sha256": checksum},
        "n_features": encoder.tower.n_features,
        "spec": None if encoder.spec is None else encoder.spec.to_dict(),
        "encoder": encoder.tower.settings.to_dict(),
        "origin": asdict(encoder.origin),
    }
    text = json.dumps(content | {"sha256": checksum_of(content)}, indent=1)
    with replacing(folder / NAME) as file:
        file.write(f"{text}\n".encode())
    for old in folder.glob("weights-*.safetensors"):
        if old.name != name:
            old.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for an encoder, or check that it is one, or empty.

    Raises
    ------
    OutputError
        If it cannot be made, or holds something else.
    """
    try:
        folder.mkdir(exist_ok=True)
        entries = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    except ValueError as error:
        raise OutputError(f"cannot write {str(folder)!r}: {error}") from error
    ours = {NAME, "resume.safetensors", "metrics.jsonl"}
    if entries and not entries & ours:
        raise OutputError(
            f"cannot write an encoder into {folder}: it holds other files, {min(entries)} among "
            "them; name a new folder"
        )


def open_encoder(path: str | os.PathLike[str]) -> Encoder:
    """Read what `save_encoder` wrote. Nothing in the folder is run as code.

    Parameters
    ----------
    path : path-like
        The folder; "default" is that of the encoder that comes with strokesim.

    Raises
    ------
    ArgumentError
        If it is no path.
    ModelError
        If the folder is missing, holds no encoder, a damaged one, or one of a newer version; or
        it is an ONNX file, which `strokesim.open_encoder` opens.
    """
    check_path(path)
    place = MODELS / DEFAULT if str(path) == DEFAULT else Path(path)
    if place.suffix == ".onnx" and place.is_file():
        raise ModelError(
            f"{place} cannot be trained on: an ONNX file keeps no weights that torch reads; give "
            "the folder that it was exported from, or 'default'"
        )
    found = read_checkpoint(place)
    try:
        settings = EncoderSettings(**found.settings)
        encoder = encoder_of(found.weights, settings, found.n_features, found.spec, found.origin)
        encoder.check_runs()
        return encoder
    except (TypeError, ValueError, RuntimeError, StrokesimError) as error:
        raise misunderstood(place / NAME, error) from error
