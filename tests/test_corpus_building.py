import os

import numpy as np
import pytest

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, SpecError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink


def bytes_of(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".lock")}


def inks(count, **fields):
    """Slanted lines, the ink i of i + 2 samples, labelled by its number."""
    for i in range(count):
        xy = np.stack([np.arange(i + 2.0), 2 * np.arange(i + 2.0)], axis=1)
        yield Ink.from_arrays([xy], **({"label": str(i), "id": f"ink{i}"} | fields))


@pytest.fixture
def corpus():
    """Four entries of two features, in memory."""
    arrays = [[[0, 0], [3, 4]], [[1, 1]], [[2, 2], [2, 2], [2, 2]], [[5, 6]]]
    return Corpus.from_arrays(arrays, labels=["a", None, "", "é"], ids=["0", "1", "2", "3"])


def test_inks_become_the_features_that_the_spec_makes_of_them(tmp_path):
    spec = FeatureSpec(features=["x", "y", "pen_up"], steps=5)
    built = Corpus.build(tmp_path / "corpus", inks(10), spec)
    made = Corpus.from_inks(inks(10), spec)
    for corpus in (built, made, Corpus.open(tmp_path / "corpus"), built.subset(range(10))):
        assert corpus.spec == spec and corpus.n_features == 3
        for i, ink in enumerate(inks(10)):
            assert corpus[i].sequence.tobytes() == spec.transform(ink).tobytes()
            assert corpus[i][1:] == (str(i), None, f"ink{i}", None)


def test_the_spec_survives_folder_and_parquet(tmp_path):
    spec = FeatureSpec(features=[("x", 0.1), "y"], spacing=0.07, position=None, size="rms")
    corpus = Corpus.build(tmp_path / "corpus", inks(3), spec)
    corpus.to_parquet(tmp_path / "file")
    assert Corpus.open(tmp_path / "corpus").spec == spec
    assert Corpus.from_parquet(tmp_path / "file").spec == spec


def test_a_corpus_without_inks_keeps_its_spec_and_takes_inks_later(tmp_path):
    corpus = Corpus.build(tmp_path / "corpus", [])
    assert (len(corpus), corpus.n_features, corpus.spec) == (0, 4, FeatureSpec())
    assert corpus.append(inks(2)) == len(corpus) == 2


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_the_name_of_the_folder_need_not_be_text(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    corpus = Corpus.build(folder, inks(2))
    corpus.append(inks(1))
    assert corpus.verify().entries == len(Corpus.open(folder)) == 3


def test_inks_need_no_label(tmp_path):
    corpus = Corpus.build(tmp_path / "corpus", inks(2, label=None, id=None))
    assert list(corpus.labels) == list(corpus.ids) == [None, None]


def test_neither_batches_nor_shards_nor_threads_change_what_is_built(tmp_path, monkeypatch):
    expected = Corpus.from_inks(inks(30))
    monkeypatch.setattr("strokesim.batches.ROWS_AT_ONCE", 4)
    monkeypatch.setattr("strokesim.appending.SHARD_BYTES", 5000)
    many = Corpus.build(tmp_path / "corpus", inks(30), threads=2)
    assert len(many.shards) > 2
    assert many.sequences.values.tobytes() == expected.sequences.values.tobytes()
    assert list(many.labels) == list(expected.labels)
    assert [entry.sequence.tobytes() for entry in many] == [s.tobytes() for s in many.sequences]
    assert list(many.subset([29, 0, 15, 15]).labels) == ["29", "0", "15", "15"]


def test_long_inks_are_converted_in_small_batches(monkeypatch):
    monkeypatch.setattr("strokesim.batches.SAMPLES_AT_ONCE", 10)
    sizes = []
    transform_all = FeatureSpec.transform_all

    def counted(self, part, **options):
        sizes.append(len(part))
        return transform_all(self, part, **options)

    monkeypatch.setattr(FeatureSpec, "transform_all", counted)
    Corpus.from_inks(inks(8))
    assert sizes == [4, 2, 2]


def test_progress_counts_every_entry(tmp_path, corpus):
    seen = []
    built = Corpus.build(tmp_path / "corpus", inks(7), progress=seen.append)
    built.append(inks(2), progress=seen.append)
    corpus.append(corpus.subset([0, 1]), progress=seen.append)
    assert sum(seen) == 11


def test_features_of_another_spec_are_refused_with_both_named(tmp_path, corpus):
    other = FeatureSpec(features=["x", "y"], steps=8)
    built = Corpus.build(tmp_path / "corpus", inks(2))
    before = bytes_of(tmp_path / "corpus")
    for stranger in (Corpus.from_inks(inks(1), other), corpus):
        with pytest.raises(SpecError) as caught:
            built.append(stranger)
        assert str(built.spec) in str(caught.value) and str(stranger.spec) in str(caught.value)
    with pytest.raises(SpecError, match="features of None"):
        corpus.append(built)
    assert bytes_of(tmp_path / "corpus") == before


def test_a_folder_that_was_made_anew_with_another_spec_is_not_appended_to(tmp_path):
    built = Corpus.build(tmp_path / "corpus", inks(2))
    (tmp_path / "corpus").rename(tmp_path / "old")
    Corpus.build(tmp_path / "corpus", inks(2), FeatureSpec(steps=7))
    with pytest.raises(SpecError, match="what is in that folder now"):
        built.append(inks(1))


def test_inks_are_refused_where_no_spec_can_turn_them(corpus):
    with pytest.raises(ArgumentError, match=r"no FeatureSpec .* append a Corpus.from_arrays"):
        corpus.append(inks(1))


def test_what_is_no_ink_is_refused_and_named(tmp_path, monkeypatch):
    with pytest.raises(ArgumentError, match="item 1 is of type str; needed: Ink"):
        Corpus.build(tmp_path / "corpus", [*inks(1), "ink"])
    with pytest.raises(ArgumentError, match="one ink was given where many are needed"):
        Corpus.from_inks(next(inks(1)))
    timed = FeatureSpec(features=["x", "speed"])
    monkeypatch.setattr("strokesim.batches.ROWS_AT_ONCE", 2)
    recorded = [Ink.from_arrays([[[0, 0, 0], [1, 1, 1]]], channels=("x", "y", "t"))] * 4
    with pytest.raises(ArgumentError, match="ink 4 has"):
        Corpus.build(tmp_path / "corpus", [*recorded, *inks(1, id=None)], timed)
    assert not (tmp_path / "corpus").exists()


def test_a_failing_source_leaves_nothing_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("strokesim.batches.ROWS_AT_ONCE", 4)
    monkeypatch.setattr("strokesim.appending.SHARD_BYTES", 3000)

    def broken():
        yield from inks(20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Corpus.build(tmp_path / "corpus", broken())
    assert not (tmp_path / "corpus").exists()
    corpus = Corpus.build(tmp_path / "corpus", inks(5))
    before = bytes_of(corpus.path)
    with pytest.raises(KeyboardInterrupt):
        corpus.append(broken())
    assert bytes_of(corpus.path) == before
    assert len(corpus) == len(Corpus.open(corpus.path)) == 5


def test_a_build_takes_an_empty_folder_and_refuses_any_other(tmp_path, corpus):
    (tmp_path / "empty").mkdir()
    assert len(Corpus.build(tmp_path / "empty", inks(1))) == 1
    for again in (
        lambda: Corpus.build(tmp_path / "empty", inks(1)),
        lambda: corpus.save(tmp_path / "empty"),
    ):
        with pytest.raises(
            ArgumentError, match="is a corpus already; append to it, or name another"
        ):
            again()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(ArgumentError, match=r"holds other files \(letter.txt\); name a new"):
        corpus.save(tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]
