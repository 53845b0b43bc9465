"""An encoder in one ONNX file, run by ONNX Runtime: the extra ``app``, without torch.

The file says all that is needed. Inputs are ``steps``, float32 (batch, steps, features), and
``lengths``, int32 (batch,); outputs are ``embedding``, float32 (batch, coordinates), and
``per_step``, float32 (batch, patches, coordinates), whose rows behind the end of a sequence mean
nothing; a patch is as many steps as the encoder takes as one. The entry `KEY` of its metadata is
JSON: the FeatureSpec that makes the steps, what the encoder learned from, its threshold and its
card. The entry `SEAL` is the checksum of the file with zeros for that checksum.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from strokesim.errors import MissingExtraError, ModelError, StrokesimError
from strokesim.learned.checkpoint import (
    FORMAT,
    REMEDY,
    check_version,
    count_of,
    misunderstood,
    origin_of,
    settings_of,
    spec_of,
)
from strokesim.learned.constants import check_constants
from strokesim.learned.encoder import Encoder

KEY, SEAL = "strokesim", "strokesim-sha256"
_SEALED = re.compile(re.escape(SEAL.encode()) + rb"\x12\x40([0-9a-f]{64})")


def sealed(model: bytes) -> bytes:
    """Return a model whose entry `SEAL` is 64 zeros with its checksum instead.

    Parameters
    ----------
    model : bytes
        With exactly one such entry.
    """
    found = _SEALED.search(model)
    assert found is not None
    checksum = hashlib.sha256(model).hexdigest().encode()
    return model[: found.start(1)] + checksum + model[found.end(1) :]


def open_onnx(path: str | os.PathLike[str]) -> Encoder:
    """Read what `strokesim.siamese.export_onnx` wrote.

    Raises
    ------
    ModelError
        If the file is missing, is something else than an encoder, damaged, or of a newer version.
    MissingExtraError
        If ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "running ONNX needs onnxruntime, which is not installed; pip install 'strokesim[app]', "
            "or give the folder that the encoder was exported from"
        ) from error
    place = Path(path)
    model = _read(place)
    options = onnxruntime.SessionOptions()
    # A stroke is too little work to share out; who has many calls from many threads.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    # ONNX Runtime's own errors have nothing in common but this.
    except Exception as error:
        raise misunderstood(place, error) from error
    try:
        content = json.loads(session.get_modelmeta().custom_metadata_map[KEY])
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}")
        check_version(content["version"], place)
        check_constants(model)
        return OnnxEncoder(session, content)
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError, StrokesimError) as error:
        raise misunderstood(place, error) from error


def _read(place: Path) -> bytes:
    try:
        model = place.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{place} is no encoder: there is no such file") from None
    except OSError as error:
        raise ModelError(f"{place} cannot be read: {error.strerror}") from error
    seals = list(_SEALED.finditer(model))
    if len(seals) != 1:
        raise ModelError(
            f"{place} is no encoder: it is damaged, or not written by `strokesim export`; {REMEDY}"
        )
    start, end = seals[0].span(1)
    blank = model[:start] + b"0" * 64 + model[end:]
    if hashlib.sha256(blank).hexdigest().encode() != model[start:end]:
        raise ModelError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    return model


class OnnxEncoder(Encoder):
    """An encoder that ONNX Runtime runs, on one thread.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    content : dict
        What its metadata says.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the metadata is not that of an encoder, or the session does something else.
    """

    # ONNX Runtime is fastest while what passes between its nodes fits the cache.
    at_once = 32

    def __init__(self, session: Any, content: dict[str, Any]) -> None:
        import onnxruntime

        settings = settings_of(content["encoder"])
        for name, kind in (("quantised", bool), ("identity", str)):
            if not isinstance(content[name], kind):
                raise ValueError(f"its {name} is {content[name]!r}")
        super().__init__(
            title=f"{settings['network']}{', int8' if content['quantised'] else ''}",
            n_inputs=count_of(content["n_features"]),
            dim=settings["dim"],
            patch=settings["patch"],
            spec=spec_of(content["spec"]),
            origin=origin_of(content["origin"]),
            identity=content["identity"],
        )
        self.quantised: bool = content["quantised"]
        if settings["network"] == "gru-attention":
            self.longest = 2**12
        self._session = session
        self._options = onnxruntime.RunOptions()
        # What is not asked for is not computed.
        self._options.only_execute_path_to_fetches = True
        try:
            self.check_runs()
        except ValueError:
            raise
        # ONNX Runtime's own errors have nothing in common but this.
        except Exception as error:
            raise ValueError(f"ONNX Runtime cannot run it: {error}") from error

    def points(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what the network makes of a padded batch; see `Encoder.points`."""
        given = {"steps": steps, "lengths": lengths}
        wanted = ["per_step" if self.stepwise else "embedding"]
        points: np.ndarray = self._session.run(wanted, given, self._options)[0]
        return points
