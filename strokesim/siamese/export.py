"""An encoder as one ONNX file, checked against torch before it is there."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from strokesim.errors import MissingExtraError, ModelError
from strokesim.learned.checkpoint import FORMAT, VERSION
from strokesim.learned.encoder import Encoder as AnyEncoder
from strokesim.learned.networks import Weights, embeddings
from strokesim.learned.onnx_file import KEY, SEAL, sealed
from strokesim.replacing import replacing
from strokesim.siamese.embedding import Encoder, encoder_of, storable

TOLERANCE = 1e-5
"""How far a coordinate may be from what torch finds for the sequence alone."""

_OPSET, _IR = 18, 9
_LENGTHS = ((1,), (2,), (64,), (5, 1, 9), (32,) * 16, (40, 3, 40, 17, 1, 64, 2))

# What an app does: read the file where there is no torch, and embed. Padding holds what would
# show at once.
_PROGRAM = """
import io, sys
sys.modules["torch"] = None
import numpy as np
from strokesim.learned import open_encoder
encoder = open_encoder(sys.argv[1])
batches = np.load(io.BytesIO(sys.stdin.buffer.read()))
found = {}
for number in range(len(batches.files) // 2):
    steps, lengths = batches[f"steps{number}"], batches[f"lengths{number}"]
    found[f"whole{number}"] = encoder.points(steps, lengths)
    found[f"each{number}"] = encoder.per_step().points(steps, lengths)
np.savez(sys.stdout.buffer, **found)
"""


class Exported(NamedTuple):
    """What was written, and how near it is.

    ``n_bytes`` is the size of the file; ``off`` the largest difference of a coordinate from
    what torch finds with the weights of the file; ``moved`` the largest distance between an
    embedding and that of the encoder as it was, which is more where weights were quantised.
    """

    n_bytes: int
    off: float
    moved: float


def export_onnx(
    encoder: AnyEncoder, path: str | os.PathLike[str], *, quantised: bool = False
) -> Exported:
    """Write an encoder as an ONNX file that suffices by itself; see `learned.onnx_file`.

    The file is read by ONNX Runtime in a fresh process without torch, embeds batches of several
    sizes and lengths with rubbish for padding, and is put in place only where every point is
    within 1e-5 of what torch finds for that sequence alone.

    Parameters
    ----------
    encoder : Encoder
        Of torch, or what `strokesim.open_encoder` makes of the folder of a training.
    path : path-like
        Replaced where it is there.
    quantised : bool
        Store matrices as int8, one scale a row, from which they are unpacked on loading: a
        quarter of the size, the same speed, and a little less accurate. What is computed is
        float32 either way; it is checked against a tower with the same rounded weights.

    Raises
    ------
    ArgumentError
        If it is an encoder that ONNX Runtime runs, or none.
    ModelError
        If a weight is no finite number, or the file finds other embeddings than torch does.
    MissingExtraError
        If onnx or onnxruntime is not installed.
    OutputError
        If it cannot be written.
    """
    target, encoder = Path(path), storable(encoder)
    model = _model(encoder, quantised)
    stored = _rounded(encoder) if quantised else encoder
    rng = np.random.default_rng(0)
    batches = [_batch(encoder, lengths, rng) for lengths in _LENGTHS]
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.onnx"
        trial.write_bytes(model)
        found = _embedded(trial, batches)
    off = moved = 0.0
    for number, (steps, lengths) in enumerate(batches):
        for row, length in enumerate(lengths):
            alone = steps[row : row + 1, :length], lengths[row : row + 1]
            whole, each = found[f"whole{number}"][row], found[f"each{number}"][row]
            expected = stored.points(*alone)[0]
            per_step = stored.per_step().points(*alone)[0]
            each = each[: len(per_step)]
            gaps = [np.abs(whole - expected).max(), np.abs(each - per_step).max()]
            # Not max(): a NaN is to be seen.
            off = float(np.max([off, *gaps]))
            moved = max(moved, float(np.linalg.norm(whole - encoder.points(*alone)[0])))
    if not off <= TOLERANCE:
        raise ModelError(
            f"{target} was not written: ONNX Runtime is {off:.2g} from torch in a coordinate, more "
            f"than {TOLERANCE:g}; is onnxruntime up to date?"
        )
    with replacing(target) as file:
        file.write(model)
    return Exported(len(model), off, moved)


def _model(encoder: Encoder, quantised: bool) -> bytes:
    try:
        import onnxruntime  # noqa: F401  # for the fresh process
        from onnx import TensorProto, checker, helper

        from strokesim.siamese.graph import Graph
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"exporting needs {error.name}, which is not installed; pip install 'strokesim[learn]'"
        ) from error
    settings = encoder.tower.settings.to_dict()
    graph = Graph(quantised=quantised)
    whole, per_step = embeddings(graph, encoder.weights, settings, "steps", "lengths")
    # Names that an app may rely on.
    for inner, name in ((whole, "embedding"), (per_step(), "per_step")):
        graph.nodes.append(helper.make_node("Identity", [inner], [name]))
    shape: list[str | int | None] = ["batch", "steps", encoder.n_inputs]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [
                helper.make_tensor_value_info("steps", TensorProto.FLOAT, shape),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
            ],
            [
                helper.make_tensor_value_info(
                    "embedding", TensorProto.FLOAT, ["batch", encoder.n_features]
                ),
                helper.make_tensor_value_info(
                    "per_step", TensorProto.FLOAT, ["batch", "patches", encoder.n_features]
                ),
            ],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="strokesim",
    )
    content = {
        "format": FORMAT,
        "version": VERSION,
        "n_features": encoder.n_inputs,
        "spec": None if encoder.spec is None else encoder.spec.to_dict(),
        "encoder": settings,
        "origin": asdict(encoder.origin),
        "quantised": quantised,
        "identity": f"{encoder.fingerprint}{'/int8' if quantised else ''}",
    }
    helper.set_model_props(model, {KEY: json.dumps(content), SEAL: "0" * 64})
    checker.check_model(model, full_check=True)
    return sealed(model.SerializeToString(deterministic=True))


def _rounded(encoder: Encoder) -> Encoder:
    """Return the encoder with the weights that are left of its matrices as int8."""
    from strokesim.siamese.graph import quantise

    def rounded(values: np.ndarray) -> np.ndarray:
        if values.ndim < 2:
            return values
        whole, scale = quantise(values.reshape(len(values), -1))
        return (whole * scale).reshape(values.shape)

    weights = {name: rounded(values) for name, values in encoder.weights.items()}
    shape = encoder.tower.settings
    return encoder_of(weights, shape, encoder.n_inputs, encoder.spec, encoder.origin)


def _batch(
    encoder: Encoder, lengths: tuple[int, ...], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return features such as the encoder has seen, and others behind the ends."""
    shape = (len(lengths), max(lengths), encoder.n_inputs)
    scale, shift = encoder.weights["scale"], encoder.weights["shift"]
    steps = rng.normal(size=shape).astype(np.float32) / scale + shift
    steps[np.arange(shape[1]) >= np.array(lengths)[:, np.newaxis]] += 100
    return steps, np.array(lengths, np.int32)


def _embedded(place: Path, batches: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    given = io.BytesIO()
    named: Weights = {
        f"{name}{number}": values
        for number, batch in enumerate(batches)
        for name, values in zip(("steps", "lengths"), batch, strict=True)
    }
    np.savez(given, **named)  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, place], input=given.getvalue(), capture_output=True
    )
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
        raise ModelError(f"a fresh process cannot run what was exported: {words[-1]}")
    with np.load(io.BytesIO(done.stdout)) as found:
        return dict(found)
