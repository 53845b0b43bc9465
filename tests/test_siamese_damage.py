"""Checkpoints and files of encoders that state or hold what no encoder has are refused."""

import hashlib
import json
import math
import warnings
from dataclasses import asdict

import numpy as np
import pytest
import safetensors.numpy
import torch

import strokesim.siamese
from strokesim import FeatureSpec, open_encoder
from strokesim.errors import ArgumentError, ModelError
from strokesim.learned import Origin
from strokesim.learned.checkpoint import checksum_of
from strokesim.learned.onnx_file import KEY, SEAL, sealed
from strokesim.learned.shapes import shapes_of
from strokesim.siamese import Encoder, EncoderSettings, export_onnx, save_encoder
from strokesim.siamese.encoders import NETWORKS, Tower
from strokesim.siamese.pooling import POOLINGS

SPEC = FeatureSpec.parse("x,y;steps=12")
ORIGIN = asdict(Origin(classes=("a", "b"), threshold=0.5, card="# A card\n"))
WRONG = [
    *(({"version": version}, f"is of version {version!r}; needed: a whole number up to 2")
      for version in ("2", None, 2.5, 0, True)),
    *(({"origin": {**ORIGIN, "threshold": value}}, f"its threshold is {value!r}; needed")
      for value in ("0.5", math.nan, math.inf, -1, True)),
    *(({"origin": {**ORIGIN, **large}}, r"its \w+ is 1000*[.]{3}; needed: a number from 0 on")
      for large in ({"threshold": 10**400}, {"metrics": {"one_shot_error": 10**400}})),
    *(({"weights": {"name": name, "sha256": ""}}, "its weights are in .*, which names no file")
      for name in ("a\0b", "\ud800", "../../etc/passwd", "", 3)),
    ({"spec": {**SPEC.to_dict(), "features": [["x", 10**400]]}}, "is 1000*[.]{3}; use a positive"),
    *(({"origin": {**ORIGIN, name: value}}, message) for name, value, message in [
        ("metrics", {"one_shot_error": math.nan}, "its one_shot_error is nan"),
        ("metrics", None, "its metrics is None"),
        ("training", [], r"its training is \[\]"),
        ("card", 7, "its card is 7"),
        ("data", 7, "its data is 7"),
        ("classes", "ab", "its classes are no list of text"),
        ("classes", [1], "its classes are no list of text"),
    ]),
    ({"encoder": None}, "cannot be understood"),
    ({"encoder": {"network": "gru"}}, "cannot be understood: the setting 'dim' is missing"),
    ({"n_features": 2.0}, "n_features=2.0; needed: a whole number from 1 to 4096"),
]  # fmt: skip
"""Facts that no encoder has, as a folder or a file may state them, and what is said about them."""


def encoder_of(**settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shape = EncoderSettings(**{"width": 8, "dim": 6, "layers": 3, "patch": 1} | settings)
        tower = Tower(2, shape)
    return Encoder(tower, SPEC, Origin(**ORIGIN))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with an encoder as a checkpoint and as ONNX."""
    folder = tmp_path_factory.mktemp("stored")
    save_encoder(encoder_of(), folder / "model")
    export_onnx(encoder_of(), folder / "model.onnx")
    return folder


def rewritten(path, target, key=KEY, **changes):
    """Change what the metadata says and seal the file again."""
    import onnx

    model = onnx.load(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if key in metadata:
        metadata[key] = json.dumps(json.loads(metadata[key]) | changes)
    else:
        metadata.pop(KEY)
    onnx.helper.set_model_props(model, metadata | {SEAL: "0" * 64})
    target.write_bytes(sealed(model.SerializeToString()))


SETTINGS = EncoderSettings(width=8, dim=6, layers=3, patch=1).to_dict()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 3}, "version 3, this strokesim reads up to 2; install a newer"),
        ({"format": "other"}, "cannot be understood: its format is 'other'"),
        ({"spec": {"features": [["x", 1]]}}, "cannot be understood"),
        ({"origin": {"classes": [], "pickle": 1}}, "cannot be understood"),
        ({"encoder": {**SETTINGS, "patch": -1}}, "patch=-1; needed: a whole number"),
        ({"encoder": {**SETTINGS, "dim": 7}}, "embeddings of shape .2, 6. of float32, not of 7"),
        ({"n_features": 3, "spec": None}, "ONNX Runtime cannot run it"),
        *((changes, message) for changes, message in WRONG if "weights" not in changes),
        ({"quantised": 0}, "its quantised is 0"),
        ({"identity": 5}, "its identity is 5"),
        ({"key": "gone"}, "cannot be understood: 'strokesim'"),
    ],
)
def test_metadata_of_something_else_is_refused(stored, tmp_path, changes, message):
    rewritten(stored / "model.onnx", tmp_path / "model.onnx", **changes)
    with pytest.raises(ModelError, match=message):
        open_encoder(tmp_path / "model.onnx")


def test_weights_that_do_not_fit_their_settings_are_refused(stored, tmp_path):
    content = json.loads((stored / "model" / "encoder.json").read_text())
    for name, changes in (("dim", {"dim": 7}), ("network", {"network": "tcn"}),
                          ("unknown", {"network": "mlp"}), ("layers", {"layers": 4})):  # fmt: skip
        folder = tmp_path / name
        folder.mkdir()
        for file in (stored / "model").glob("weights-*"):
            (folder / file.name).write_bytes(file.read_bytes())
        other = content | {"encoder": content["encoder"] | changes}
        other.pop("sha256")
        text = json.dumps(other | {"sha256": checksum_of(other)})
        (folder / "encoder.json").write_text(text)
        with pytest.raises(ModelError, match="cannot be understood"):
            open_encoder(folder)


def checkpoint_of(saved, folder, *, changed=None, **changes):
    """Write a checkpoint that says something else, or holds other weights, with all checksums."""
    save_encoder(saved, folder)
    content = json.loads((folder / "encoder.json").read_text()) | changes
    content.pop("sha256")
    if changed is not None:
        (place,) = folder.glob("weights-*")
        place.write_bytes(safetensors.numpy.save({**saved.weights, **changed}))
        checksum = hashlib.sha256(place.read_bytes()).hexdigest()
        content["weights"] = {"name": place.name, "sha256": checksum}
    (folder / "encoder.json").write_text(json.dumps(content | {"sha256": checksum_of(content)}))
    return folder


@pytest.mark.parametrize("opened", [open_encoder, strokesim.siamese.open_encoder])
@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_facts_that_no_encoder_has_are_refused_with_their_file(tmp_path, opened, changes, message):
    folder = checkpoint_of(encoder_of(), tmp_path / "model", **changes)
    with pytest.raises(ModelError, match=rf"encoder\.json .*{message}"):
        opened(folder)


@pytest.mark.parametrize("opened", [open_encoder, strokesim.siamese.open_encoder])
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"shift": np.array([0, np.nan], np.float32)}, "'shift' hold what is no number"),
        ({"shift": np.array([0, -np.inf], np.float32)}, "'shift' hold what is no number"),
        ({"shift": np.array([0, np.inf], np.float16)}, "'shift' hold what is no number"),
        ({"shift": np.zeros(2, np.int64)}, "'shift' are int64; needed: float32"),
        ({"shift": np.zeros(2)}, "'shift' are float64; needed: float32"),
        ({"shift": np.zeros(1, np.float32)}, r"'shift' have the shape \(1,\).* \(2,\)"),
        ({"shift": np.zeros((1, 2), np.float32)}, "size mismatch"),
        ({"more": np.zeros(2, np.float32)}, "'more' are none that such an encoder has"),
        ({"scale": np.full(2, 3e38, np.float32)}, "embeddings that are no numbers"),
    ],
)
def test_weights_that_are_none_are_refused_with_their_file(tmp_path, opened, changed, message):
    encoder = encoder_of()
    encoder.tower.shift.fill_(9)
    folder = checkpoint_of(encoder, tmp_path / "model", changed=changed)
    place = r"encoder\.json" if "embeddings" in message else r"weights-\w+\.safetensors"
    with pytest.raises(ModelError, match=rf"{place} cannot be understood: .*{message}"):
        opened(folder)


@pytest.mark.parametrize("opened", [open_encoder, strokesim.siamese.open_encoder])
def test_features_that_overflow_are_refused_without_a_warning(tmp_path, opened):
    encoder = encoder_of()
    encoder.tower.scale.fill_(10)
    save_encoder(encoder, tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ArgumentError, match="embedding of sequence 1 is no number: its feat"):
            opened(tmp_path / "model").embed([[[1, 2]], [[3e38, -3e38], [3e38, 3e38]]])


def test_an_onnx_file_cannot_be_trained_on(stored):
    with pytest.raises(ModelError, match=r"model\.onnx cannot be trained on: .* or 'default'"):
        strokesim.siamese.open_encoder(stored / "model.onnx")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
@pytest.mark.parametrize("opened", [open_encoder, strokesim.siamese.open_encoder])
def test_a_name_that_no_system_takes_is_refused(opened, path):
    with pytest.raises(ModelError, match="is no encoder: "):
        opened(path)


@pytest.mark.parametrize("patch", [1, 4])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_shapes_of_the_weights_are_those_of_torch(network, pooling, patch):
    settings = {**SETTINGS, "network": network, "pooling": pooling, "patch": patch}
    tower = encoder_of(network=network, pooling=pooling, patch=patch).tower
    found = {name: tuple(values.shape) for name, values in tower.state_dict().items()}
    assert shapes_of(settings, 2) == found


def test_onnx_weights_that_are_no_numbers_are_refused_wherever_they_stand(stored, tmp_path):
    import onnx
    from onnx import numpy_helper

    model = onnx.load(stored / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, metadata | {SEAL: "0" * 64})
    n_changed = 0
    for constant in model.graph.initializer:
        whole = constant.SerializeToString()
        values = numpy_helper.to_array(constant).copy()
        if values.dtype != np.float32 or values.ndim < 1:
            continue
        values.flat[-1] = [np.nan, np.inf][n_changed % 2]
        constant.CopyFrom(numpy_helper.from_array(values, constant.name))
        (tmp_path / "model.onnx").write_bytes(sealed(model.SerializeToString()))
        constant.ParseFromString(whole)
        with pytest.raises(ModelError, match=r"model\.onnx .*constant \d+ holds what is no number"):
            open_encoder(tmp_path / "model.onnx")
        n_changed += 1
    assert n_changed > 20
