"""Opening an encoder to use it, whatever it is stored as, without torch."""

from __future__ import annotations

import importlib.util
import os
from importlib import resources
from pathlib import Path

from strokesim.errors import ArgumentError, StrokesimError
from strokesim.learned.arithmetic import NumpyEncoder
from strokesim.learned.checkpoint import NAME, misunderstood, read_checkpoint
from strokesim.learned.encoder import Encoder
from strokesim.learned.onnx_file import open_onnx

DEFAULT = "default"
"""The name of the encoder that comes with strokesim."""

# Packages are folders here: Numba's cache needs them to be, too.
MODELS = Path(str(resources.files("strokesim"))) / "models"
"""Where that encoder lies, as a folder and as a file ``.onnx``."""


def check_path(path: object) -> None:
    """Refuse what is no path.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"an encoder is opened by its path, not by a {type(path).__name__}")


def open_encoder(path: str | os.PathLike[str]) -> Encoder:
    """Open an encoder to embed and search with; it cannot be trained on.

    Parameters
    ----------
    path : path-like
        A file ``.onnx``, which ONNX Runtime runs (the extra ``app``); the folder of a training,
        which NumPy runs; or "default", the encoder that comes with strokesim: by ONNX Runtime
        where that is installed, else by NumPy. The two agree to about six digits.

    Raises
    ------
    ArgumentError
        If it is no path.
    ModelError
        If there is none, a damaged one, or one of a newer version.
    MissingExtraError
        If it is an ONNX file and ONNX Runtime is not installed.

    Notes
    -----
    `strokesim.siamese.open_encoder` opens the folder of a training with torch, to go on from it.
    """
    check_path(path)
    if str(path) == DEFAULT:
        fast = importlib.util.find_spec("onnxruntime") is not None
        path = MODELS / ("default.onnx" if fast else "default")
    place = Path(path)
    if place.suffix == ".onnx" and not place.is_dir():
        return open_onnx(place)
    found = read_checkpoint(place)
    try:
        return NumpyEncoder(found.weights, found.settings, found.spec, found.origin)
    except (KeyError, TypeError, ValueError, StrokesimError) as error:
        raise misunderstood(place / NAME, error) from error
