"""Encoders in use and in their folder."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import safetensors
import torch

from strokesim import Corpus, FeatureSpec, Index
from strokesim.distances import cdist, dtw
from strokesim.errors import ArgumentError, ModelError, OutputError, SpecError
from strokesim.features import spec_from_dict
from strokesim.ink import Ink
from strokesim.learned import Origin
from strokesim.siamese import Encoder, EncoderSettings, open_encoder, save_encoder
from strokesim.siamese.encoders import Tower

SPEC = FeatureSpec(features=["x", "y"], steps=6)
SETTINGS = EncoderSettings(width=6, layers=1, dim=4, patch=1).to_dict()


def encoder_of(seed=0, spec=SPEC, **options):
    torch.manual_seed(seed)
    settings = EncoderSettings(**{"width": 6, "layers": 1, "dim": 4, "patch": 1, **options})
    return Encoder(Tower(2, settings), spec, Origin(classes=("a", "b"), threshold=0.5))


def inks(count=7):
    rng = np.random.default_rng(1)
    return [
        Ink.from_arrays([rng.integers(0, 9, (4, 2))], label="ab"[i % 2], writer="w", id=f"ink-{i}")
        for i in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    save_encoder(encoder_of(), tmp_path / "model")
    return tmp_path / "model"


def test_an_encoder_turns_ink_into_sequences_of_one_step():
    encoder = encoder_of()
    together = encoder.transform_all(inks())
    assert together.values.shape == (7, 4)
    assert encoder.transform(inks()[3]) == pytest.approx(together[3], abs=1e-6)
    assert np.linalg.norm(together.values, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.embed([SPEC.transform(ink) for ink in inks()]).values == pytest.approx(
        together.values, abs=1e-6
    )


def test_many_sequences_of_many_lengths_keep_their_order():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 2)) for n in rng.integers(1, 30, 600)]
    encoder, done = encoder_of(), []
    found = encoder.embed(arrays, progress=done.append)
    assert sum(done) == len(found) == 600
    for number in (0, 1, 299, 599):
        assert found[number] == pytest.approx(encoder.embed([arrays[number]])[0], abs=1e-6)


def test_an_index_of_an_encoder_ranks_by_the_distance_of_embeddings():
    encoder, corpus = encoder_of(), Corpus.from_inks(inks(), SPEC)
    index = Index(corpus, encoder)
    distances = cdist(encoder.embed(corpus.sequences), distance="euclidean")
    for queries in (corpus, list(corpus.sequences), inks()):
        for row, matches in zip(distances, index.search(queries, 7), strict=True):
            found = np.array([match.distance for match in matches])
            assert found == pytest.approx(np.sort(row), abs=1e-5)
    assert index.search(inks()[2])[0][0][1:] == ("a", "w", "ink-2", 2)
    index.add(corpus)
    assert len(index) == 14
    index.remove([2])
    assert index.search(corpus.subset([2]))[0][0].index == 9


def test_a_corpus_can_be_made_by_an_encoder():
    encoder = encoder_of()
    direct = Corpus.from_inks(inks(), encoder)
    embedded = encoder.embed_corpus(Corpus.from_inks(inks(), SPEC))
    assert direct.sequences.values == pytest.approx(embedded.sequences.values, abs=1e-6)
    assert direct.spec == embedded.spec == encoder
    assert list(direct.labels) == list(embedded.labels) == list("abababa")
    assert Index(embedded, "euclidean").search(inks()[4])[0][0].id == "ink-4"
    with pytest.raises(SpecError, match="make both with one FeatureSpec"):
        Index(embedded, "euclidean").search(Corpus.from_inks(inks(), SPEC))
    assert len(encoder.embed_corpus(Corpus.from_inks([], SPEC))) == 0


def test_dtw_aligns_what_an_encoder_makes_of_each_step():
    encoder = encoder_of().per_step()
    corpus = Corpus.from_inks(inks(), encoder)
    assert [len(entry.sequence) for entry in corpus] == [6] * 7
    gaps = [dtw(encoder.transform(inks()[5]), entry.sequence, radius=1) for entry in corpus]
    assert np.argmin(gaps) == 5
    assert encoder != encoder_of()


def test_an_encoder_of_arrays_takes_arrays_only():
    encoder = encoder_of(spec=None)
    corpus = Corpus.from_arrays([np.ones((3, 2)), np.eye(2)], labels=["x", "y"])
    assert Index(corpus, encoder).search(np.eye(2))[0][0].label == "y"
    with pytest.raises(ArgumentError, match="has no FeatureSpec"):
        encoder.transform(inks()[0])
    with pytest.raises(ArgumentError, match="give feature arrays"):
        Index(corpus, encoder).search(inks()[0])


def test_what_an_encoder_cannot_read_is_refused():
    encoder, corpus = encoder_of(), Corpus.from_inks(inks(), SPEC)
    with pytest.raises(SpecError, match="build the corpus with the spec of the encoder"):
        Index(Corpus.from_inks(inks(), FeatureSpec()), encoder)
    with pytest.raises(ArgumentError, match="3 features per step; this encoder reads 2: x,y"):
        encoder.embed([np.zeros((4, 3))])
    with pytest.raises(ArgumentError, match="sequence 1: step 0, feature 1 is nan"):
        encoder.embed([np.zeros((4, 2)), [[0, float("nan")]]])
    with pytest.raises(ArgumentError, match="sequence 0 has 0 steps"):
        encoder.embed([np.zeros((0, 2))])
    assert len(encoder.embed([])) == 0
    with pytest.raises(ArgumentError, match="tower of 2 features for a spec of 4"):
        Encoder(encoder.tower, FeatureSpec())
    with pytest.raises(ArgumentError, match="the corpus is empty"):
        Index(Corpus.from_inks([], SPEC), encoder)
    with pytest.raises(ArgumentError, match="an index that searches by an encoder is not saved"):
        Index(corpus, encoder).save("nowhere")


def test_huge_and_constant_features_embed_to_finite_points():
    encoder = encoder_of()
    found = encoder.embed([np.full((3, 2), 1e30), np.zeros((5, 2)), np.full((1, 2), -1e30)])
    assert np.isfinite(found.values).all()


def test_a_corpus_of_embeddings_is_stored_with_the_name_of_its_encoder(tmp_path):
    encoder, features = encoder_of(), Corpus.from_inks(inks(), SPEC)
    encoder.embed_corpus(features).save(tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus")
    assert corpus.spec == encoder
    assert encoder == corpus.spec
    assert hash(encoder) == hash(corpus.spec)
    assert corpus.spec != encoder_of(1)
    assert corpus.spec != encoder.per_step()
    assert str(corpus.spec) == f"embeddings by encoder {encoder.fingerprint[:8]}"
    assert encoder.embed_corpus(corpus) is corpus
    index = Index(corpus, encoder)
    assert index.search(inks(), 7) == Index(features, encoder).search(inks(), 7)
    index.add(features)
    index.add(corpus)
    assert len(index) == 21
    copied = Corpus.from_parquet(
        corpus.to_parquet(tmp_path / "c.parquet") or tmp_path / "c.parquet"
    )
    assert copied.spec == encoder
    Index(corpus, "euclidean").save(tmp_path / "index")
    assert Index.open(tmp_path / "index").spec == encoder


def test_a_corpus_of_embeddings_takes_no_ink_and_no_other_encoder(tmp_path):
    encoder_of().embed_corpus(Corpus.from_inks(inks(), SPEC)).save(tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus")
    with pytest.raises(SpecError, match=r"holds embeddings by encoder \w{8}, and ink needs that"):
        Index(corpus, "euclidean").search(inks()[0])
    with pytest.raises(SpecError, match="ink needs that encoder"):
        corpus.append(inks())
    with pytest.raises(SpecError, match=r"holds features of embeddings by encoder \w{8}, this"):
        Index(corpus, encoder_of(1))
    with pytest.raises(SpecError, match="the entries to add are features of"):
        Index(corpus, "euclidean").add(Corpus.from_inks(inks(), SPEC))
    for stored in ({"encoder": 3, "dim": 4}, {"encoder": "ab", "dim": 0}):
        with pytest.raises(ArgumentError, match="needed: a fingerprint and a number"):
            spec_from_dict(stored)


@pytest.mark.parametrize("network", ["gru", "lstm", "tcn"])
@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_an_encoder_is_the_same_after_saving_and_opening(tmp_path, network, pooling):
    encoder = encoder_of(network=network, pooling=pooling, layers=2)
    encoder.tower.standardise(np.random.default_rng(0).normal(3, 2, (50, 2)))
    encoder = Encoder(encoder.tower, SPEC, encoder.origin)
    save_encoder(encoder, tmp_path / "model")
    state = torch.random.get_rng_state()
    again = open_encoder(tmp_path / "model")
    assert torch.equal(state, torch.random.get_rng_state())
    assert again == encoder
    assert again.origin == encoder.origin
    assert np.array_equal(again.transform_all(inks()).values, encoder.transform_all(inks()).values)


def test_saving_again_replaces_the_encoder_and_leaves_no_old_weights(folder):
    save_encoder(encoder_of(1), folder)
    assert open_encoder(folder) == encoder_of(1) != encoder_of(0)
    assert len(list(folder.iterdir())) == 2


def test_a_save_that_fails_half_way_leaves_the_old_encoder(folder, monkeypatch):
    whole = os.replace
    monkeypatch.setattr(json, "dumps", lambda *a, **k: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(MemoryError):
        save_encoder(encoder_of(1), folder)
    monkeypatch.undo()
    assert os.replace is whole
    assert open_encoder(folder) == encoder_of(0)


def test_no_file_of_a_checkpoint_is_a_pickle(folder):
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
    (weights,) = folder.glob("weights-*")
    weights.write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(ModelError, match="its checksum is another one"):
        open_encoder(folder)


def test_every_changed_byte_of_the_weights_is_noticed(folder):
    (weights,) = folder.glob("weights-*")
    whole = weights.read_bytes()
    for place in range(0, len(whole), 97):
        weights.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ModelError, match=r"weights-.* is damaged: its checksum"):
            open_encoder(folder)
    weights.unlink()
    with pytest.raises(ModelError, match=r"weights-.* cannot be read: No such file"):
        open_encoder(folder)


def rewritten(folder, **changes):
    """Change the facts of a checkpoint and give it the checksum of what it says now."""
    from strokesim.learned.checkpoint import checksum_of

    path = folder / "encoder.json"
    content = json.loads(path.read_text())
    content.pop("sha256")
    content = {name: value for name, value in (content | changes).items() if value is not ...}
    path.write_text(json.dumps(content | {"sha256": checksum_of(content)}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 3}, "is of version 3, this strokesim reads up to 2; install a newer"),
        ({"format": "strokesim corpus"}, "belongs to something else than an encoder"),
        ({"spec": ...}, "cannot be understood: 'spec'"),
        ({"spec": {"version": 1}}, "cannot be understood: a feature spec without"),
        ({"spec": FeatureSpec().to_dict()}, "tower of 2 features for a spec of 4"),
        ({"n_features": 3}, "cannot be understood: .*size mismatch"),
        ({"n_features": "two"}, "cannot be understood"),
        ({"encoder": {"network": "gru", "depth": 3}}, "cannot be understood"),
        ({"encoder": {**SETTINGS, "network": "mlp"}}, "unknown network 'mlp'"),
        ({"encoder": {**SETTINGS, "patch": 0}}, "cannot be understood: patch=0; needed"),
        ({"encoder": {**SETTINGS, "patch": "4"}}, "cannot be understood: patch='4'; needed"),
        ({"encoder": {**SETTINGS, "dropout": 1}}, "cannot be understood: dropout=1; needed"),
        ({"encoder": {**SETTINGS, "width": 4096, "layers": 4096}}, "weights '.*' are missing"),
        ({"origin": {"classes": None}}, "cannot be understood"),
        ({"weights": {"name": "../../secret", "sha256": "0"}}, "secret', which names no file"),
    ],
)
def test_a_checkpoint_that_cannot_be_understood_is_refused(folder, changes, message):
    rewritten(folder, **changes)
    with pytest.raises(ModelError, match=message):
        open_encoder(folder)


def test_a_foreign_or_damaged_folder_is_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="there is no such folder; train one first"):
        open_encoder(tmp_path / "none")
    with pytest.raises(ModelError, match="it is a file, and an encoder is a folder"):
        open_encoder(folder / "encoder.json")
    (tmp_path / "other").mkdir()
    with pytest.raises(ModelError, match=r"it has no encoder.json"):
        open_encoder(tmp_path / "other")
    (tmp_path / "other" / "resume.safetensors").touch()
    with pytest.raises(ModelError, match="has not come to a first encoder; resume it"):
        open_encoder(tmp_path / "other")
    path = folder / "encoder.json"
    whole = path.read_bytes()
    for content, message in [
        (b"", "no JSON of an encoder"),
        (b"[]", "no JSON of an encoder"),
        (b"\xff\xfe", "no JSON of an encoder"),
        (b"[" * 100_000, "no JSON of an encoder"),
        (whole[: len(whole) // 2], "no JSON of an encoder"),
        (whole.replace(b'"dim": 4', b'"dim": 5'), "its checksum is another one"),
        (b"{}", "belongs to something else"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ModelError, match=message):
            open_encoder(folder)


def test_an_encoder_is_not_written_among_other_files(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"it holds other files, thesis.tex among them"):
        save_encoder(encoder_of(), tmp_path)
    with pytest.raises(OutputError, match=r"cannot write .*no/model"):
        save_encoder(encoder_of(), tmp_path / "no" / "model")
    with pytest.raises(OutputError, match=r"thesis.tex"):
        save_encoder(encoder_of(), tmp_path / "thesis.tex")


def test_an_origin_is_stored_as_it_is(tmp_path):
    encoder = encoder_of()
    origin = replace(encoder.origin, metrics={"one_shot_error": 0.25}, data="abc", threshold=None)
    save_encoder(Encoder(encoder.tower, SPEC, origin), tmp_path / "model")
    assert open_encoder(tmp_path / "model").origin == origin


def test_a_folder_of_version_1_had_no_patches_and_is_the_same_encoder(folder):
    encoder = open_encoder(folder)
    content = json.loads((folder / "encoder.json").read_text())
    assert content["encoder"].pop("patch") == 1
    rewritten(folder, version=1, encoder=content["encoder"])
    assert open_encoder(folder) == encoder


def test_weights_that_cannot_be_written_leave_the_encoder_as_it_was(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_):
        raise safetensors.SafetensorError("No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save_encoder(encoder_of(seed=1), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
