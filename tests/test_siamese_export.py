"""An encoder as an ONNX file and as NumPy, held to torch."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

import strokesim.siamese.export
from strokesim import Corpus, FeatureSpec, Index, open_encoder
from strokesim.errors import ArgumentError, MissingExtraError, ModelError, OutputError, SpecError
from strokesim.learned import Origin, networks
from strokesim.siamese import Encoder, EncoderSettings, export_onnx, save_encoder
from strokesim.siamese.encoders import NETWORKS, Tower
from strokesim.siamese.graph import quantise
from strokesim.siamese.pooling import POOLINGS
from strokesim.synthesis import synthesise_corpus

SPEC = FeatureSpec.parse("x,y;steps=12")
LENGTHS = (1, 6, 2, 70, 6, 33)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def encoder_of(seed=0, spec=SPEC, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tower = Tower(
            2, EncoderSettings(**{"width": 8, "dim": 6, "layers": 3, "patch": 1} | settings)
        )
    tower.standardise(np.random.default_rng(seed).normal(3, 2, (50, 2)))
    origin = Origin(classes=("a", "b"), threshold=0.5, card="# A card\n")
    return Encoder(tower, spec, origin)


def sequences(lengths=LENGTHS, n_features=2):
    rng = np.random.default_rng(1)
    return [rng.integers(-3, 4, (n, n_features)).astype(np.float32) for n in lengths]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with an encoder as a checkpoint, as ONNX and quantised."""
    folder = tmp_path_factory.mktemp("stored")
    encoder = encoder_of()
    save_encoder(encoder, folder / "model")
    export_onnx(encoder, folder / "model.onnx")
    export_onnx(encoder, folder / "small.onnx", quantised=True)
    return folder


def run_without(packages, program, *words):
    """Run a program in a fresh process in which packages cannot be imported."""
    lost = "".join(f"sys.modules[{package!r}] = None\n" for package in packages)
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{lost}{program}", *map(str, words)],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("patch", [1, 4])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_numpy_finds_what_torch_finds(network, pooling, patch, tmp_path):
    encoder = encoder_of(network=network, pooling=pooling, patch=patch)
    save_encoder(encoder, tmp_path / "model")
    found = open_encoder(tmp_path / "model")
    assert found == encoder
    given = sequences()
    for one, other in ((found, encoder), (found.per_step(), encoder.per_step())):
        expected = np.concatenate([other.embed([sequence]).values for sequence in given])
        assert np.abs(one.embed(given).values - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("network", "pooling", "patch"),
    [
        ("gru", "mean", 1),
        ("lstm", "attention", 2),
        ("tcn", "max", 3),
        ("gru-attention", "mean-max", 1),
        ("gru-attention", "mean-max", 4),
    ],
)
def test_onnx_finds_what_torch_finds_at_other_lengths_than_it_was_checked_at(
    network, pooling, patch, tmp_path
):
    encoder = encoder_of(network=network, pooling=pooling, patch=patch)
    done = export_onnx(encoder, tmp_path / "model.onnx")
    assert 0 < done.off < 1e-6
    assert done.moved < 1e-6
    assert done.n_bytes == (tmp_path / "model.onnx").stat().st_size
    found = open_encoder(tmp_path / "model.onnx")
    assert found == encoder
    given = sequences((3, 90, 1, 11))
    for one, other in ((found, encoder), (found.per_step(), encoder.per_step())):
        expected = np.concatenate([other.embed([sequence]).values for sequence in given])
        assert np.abs(one.embed(given).values - expected).max() < 1e-5


def test_every_network_and_pooling_can_be_exported():
    assert set(networks.NETWORKS) == set(NETWORKS)
    assert set(networks.POOLINGS) == set(POOLINGS)


@pytest.mark.parametrize("name", ["model", "model.onnx", "small.onnx"])
def test_neither_padding_nor_batch_mates_change_an_embedding(stored, name):
    encoder = open_encoder(stored / name)
    given = sequences()
    together = encoder.embed(given).values
    for number, sequence in enumerate(given):
        assert np.abs(encoder.embed([sequence]).values[0] - together[number]).max() < 1e-6
    steps = np.full((2, 9, 2), 1000, np.float32)
    steps[:, :6] = given[1]
    lengths = np.array([6, 9], np.int32)
    assert np.abs(encoder.points(steps, lengths)[0] - together[1]).max() < 1e-6


def test_an_exported_encoder_knows_its_spec_threshold_classes_and_card(stored):
    for name in ("model", "model.onnx", "small.onnx"):
        found = open_encoder(stored / name)
        assert found.spec == SPEC
        assert found.origin == encoder_of().origin
        assert (found.threshold, found.n_features, found.n_inputs) == (0.5, 6, 2)
    assert open_encoder(stored / "model.onnx") == open_encoder(stored / "model")
    assert "int8" in repr(open_encoder(stored / "small.onnx"))


def test_quantised_weights_are_smaller_near_and_called_another_encoder(stored):
    whole, small = (stored / name for name in ("model.onnx", "small.onnx"))
    assert small.stat().st_size < 0.6 * whole.stat().st_size
    one, other = open_encoder(whole), open_encoder(small)
    assert one != other
    given = sequences()
    gap = np.linalg.norm(one.embed(given).values - other.embed(given).values, axis=1)
    assert 0 < gap.max() < 0.05


def test_quantised_weights_are_within_half_a_step_of_what_they_were():
    values = np.array([[3.0, -1.5, 0.01], [0, 0, 0], [1e-3, -2e-3, 0]], np.float32)
    whole, scale = quantise(values)
    assert whole.dtype == np.int8
    assert whole[0].tolist() == [127, -64, 0]
    assert (np.abs(whole * scale - values) <= scale / 2 + 1e-9).all()


def test_ink_corpus_and_index_take_an_exported_encoder_as_they_take_torch(stored):
    inks = list(synthesise_corpus("abc", 4, np.random.default_rng(0)))
    corpus = Corpus.from_inks(inks, SPEC)
    expected = Index(corpus, encoder_of()).search(inks[:4], 3)
    for name in ("model", "model.onnx"):
        encoder = open_encoder(stored / name)
        found = Index(corpus, encoder).search(inks[:4], 3)
        assert [[m.index for m in row] for row in found] == [
            [m.index for m in row] for row in expected
        ]
        assert encoder.transform(inks[0]).shape == (1, 6)
        assert encoder.per_step().transform(inks[0]).shape == (12, 6)
        assert Corpus.from_inks(inks, encoder).sequences.values == pytest.approx(
            encoder_of().transform_all(inks).values, abs=1e-6
        )
        with pytest.raises(SpecError, match="corpus build --model"):
            Index(Corpus.from_inks(inks), encoder)
        with pytest.raises(ArgumentError, match="3 features per step; this encoder reads 2"):
            encoder.embed(sequences((4,), n_features=3))
        assert len(encoder.embed([])) == 0


def test_an_encoder_without_a_spec_is_exported_and_takes_arrays_only(tmp_path):
    export_onnx(encoder_of(spec=None), tmp_path / "model.onnx")
    found = open_encoder(tmp_path / "model.onnx")
    assert found.spec is None
    assert found.embed(sequences()).values.shape == (6, 6)
    ink = next(iter(synthesise_corpus("a", 1, np.random.default_rng(0))))
    with pytest.raises(ArgumentError, match="has no FeatureSpec"):
        found.transform(ink)


def test_an_app_embeds_and_searches_without_torch(stored):
    program = (
        "import numpy as np; from strokesim import Corpus, Index, open_encoder, load_dataset\n"
        "encoder = open_encoder(sys.argv[1])\n"
        "inks = load_dataset('demo', 'test')[:3]\n"
        "index = Index(Corpus.from_inks(inks, encoder.spec), encoder)\n"
        "print([row[0].index for row in index.search(inks)])\n"
    )
    done = run_without(["torch", "onnx"], program, stored / "model.onnx")
    assert done.stdout == "[0, 1, 2]\n", done.stderr
    done = run_without(["torch", "onnx", "onnxruntime"], program, stored / "model")
    assert done.stdout == "[0, 1, 2]\n", done.stderr


def test_a_missing_package_is_named_with_what_to_install(stored, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"strokesim\[app\]"):
        open_encoder(stored / "model.onnx")
    with pytest.raises(MissingExtraError, match=r"needs onnxruntime.*strokesim\[learn\]"):
        export_onnx(encoder_of(), tmp_path / "model.onnx")


def test_an_export_that_torch_does_not_agree_with_is_not_written(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"old")
    whole = strokesim.siamese.export.embeddings

    def wrong(do, weights, settings, steps, lengths):
        bias = weights["projection.bias"] + np.float32(1e-3)
        return whole(do, {**weights, "projection.bias": bias}, settings, steps, lengths)

    monkeypatch.setattr(strokesim.siamese.export, "embeddings", wrong)
    with pytest.raises(ModelError, match=r"was not written: ONNX Runtime is .* from torch"):
        export_onnx(encoder_of(), tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == b"old"


def test_weights_that_are_no_numbers_are_not_exported(tmp_path):
    encoder = encoder_of()
    with torch.no_grad():
        encoder.tower.projection.bias[0] = float("nan")
    with pytest.raises(ModelError, match=r"weights 'projection.bias' hold what is no number"):
        export_onnx(encoder, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_an_export_into_nowhere_says_so(tmp_path):
    with pytest.raises(OutputError, match=r"model\.onnx"):
        export_onnx(encoder_of(), tmp_path / "none" / "model.onnx")


@pytest.mark.parametrize("place", [0, 100, 0.3, 0.7, -1])
def test_one_other_bit_anywhere_in_a_file_is_noticed(stored, tmp_path, place):
    model = bytearray((stored / "model.onnx").read_bytes())
    place = int(place * len(model)) if isinstance(place, float) else place
    model[place] ^= 1
    (tmp_path / "model.onnx").write_bytes(model)
    with pytest.raises(ModelError, match=r"model.onnx is damaged|model.onnx is no encoder"):
        open_encoder(tmp_path / "model.onnx")


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_file_that_ends_early_is_refused(stored, tmp_path, keep):
    model = (stored / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(model[: int(keep * len(model)) if keep == 0.5 else keep])
    with pytest.raises(ModelError, match="damaged"):
        open_encoder(tmp_path / "model.onnx")


def test_a_foreign_model_and_no_model_are_refused(tmp_path):
    from onnx import TensorProto, helper

    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "ab"]
    graph = helper.make_graph([helper.make_node("Neg", ["a"], ["b"])], "g", info[:1], info[1:])
    (tmp_path / "foreign.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match="not written by `strokesim export`"):
        open_encoder(tmp_path / "foreign.onnx")
    with pytest.raises(ModelError, match="not written by `strokesim export`"):
        open_encoder(tmp_path / "text.onnx")
    with pytest.raises(ModelError, match="there is no such file"):
        open_encoder(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="there is no such folder"):
        open_encoder(tmp_path / "none")


def test_an_encoder_that_numpy_runs_is_stored_and_exported_as_one_of_torch(stored, tmp_path):
    encoder = open_encoder(stored / "model")
    for given in (encoder, encoder.per_step()):
        save_encoder(given, tmp_path / "model")
        export_onnx(given, tmp_path / "model.onnx")
        for name in ("model", "model.onnx"):
            assert open_encoder(tmp_path / name) == encoder
            assert open_encoder(tmp_path / name).origin == encoder.origin
    export_onnx(encoder_of().per_step(), tmp_path / "step.onnx")
    assert open_encoder(tmp_path / "step.onnx") == encoder


def test_what_holds_no_weights_to_store_is_refused_with_the_way_out(stored, tmp_path):
    for store in (save_encoder, export_onnx):
        with pytest.raises(ArgumentError, match=r"folder that it was exported from.*'default', by"):
            store(open_encoder(stored / "model.onnx"), tmp_path / "new")
        with pytest.raises(ArgumentError, match=r"a str is no encoder; strokesim.siamese.open_enc"):
            store("default", tmp_path / "new")
    encoder = encoder_of()
    encoder.tower.double()
    with pytest.raises(ModelError, match="weights 'shift' are float64; needed: float32"):
        save_encoder(encoder, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_weights_that_float16_holds_take_half_the_size_and_are_the_same(tmp_path):
    encoder = encoder_of(width=32)
    sizes = {}
    for kind, tower in (
        ("whole", encoder.tower),
        ("half", copy.deepcopy(encoder.tower).half().float()),
    ):
        one = Encoder(tower, SPEC)
        save_encoder(one, tmp_path / kind)
        done = export_onnx(one, tmp_path / f"{kind}.onnx")
        (weights,) = (tmp_path / kind).glob("*.safetensors")
        sizes[kind] = np.array([weights.stat().st_size, done.n_bytes])
        assert open_encoder(tmp_path / kind) == open_encoder(tmp_path / f"{kind}.onnx") == one
        assert done.off < 1e-6
        found = open_encoder(tmp_path / f"{kind}.onnx").embed(sequences()).values
        assert np.abs(found - one.embed(sequences()).values).max() < 1e-6
    assert np.all(sizes["half"] < 0.65 * sizes["whole"])
