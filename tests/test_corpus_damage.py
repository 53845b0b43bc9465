"""What a corpus says when its files are not what was written."""

import json
from dataclasses import replace

import numpy as np
import pytest

from strokesim.batches import TEXTS, batch_of
from strokesim.corpus import Corpus
from strokesim.errors import CorpusError
from strokesim.manifest import Manifest, from_json, read_manifest, to_json, write_manifest
from strokesim.ragged import Ragged
from strokesim.shards import write_shard

REMEDY = "put the file back from a copy, or build the corpus anew"


@pytest.fixture
def folder(tmp_path):
    """A corpus on disk of two shards, with texts in every column."""
    arrays = [[[0, 0], [3, 4]], [[1, 1]], [[2, 2], [2, 2], [2, 2]]]
    columns = {f"{name}s": ["a", None, "é"] for name in TEXTS}
    corpus = Corpus.from_arrays(arrays, **columns).save(tmp_path / "corpus")
    corpus.append(Corpus.from_arrays([[[5, 6]]], labels=["z"]))
    assert sorted(path.name for path in corpus.path.glob("*.arrow")) == SHARDS
    return corpus.path


SHARDS = ["00000001.arrow", "00000002.arrow"]


def read_all(corpus):
    for name in ("labels", "writers", "ids", "sources", "sequences"):
        getattr(corpus, name)
    return [entry.sequence.sum() for entry in corpus]


def test_a_sound_corpus_is_reported(folder):
    sizes = [path.stat().st_size for path in folder.glob("*.arrow")]
    assert Corpus.open(folder).verify() == (2, 4, 7, sum(sizes))


def test_a_shard_that_may_not_be_read_is_not_called_damaged(folder, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Failed to open local file")

    monkeypatch.setattr("pyarrow.memory_map", refused)
    with pytest.raises(CorpusError, match=r"00000001\.arrow cannot be read: Permission denied$"):
        Corpus.open(folder)


def test_any_flipped_byte_is_named_by_verify_and_never_crashes_a_reader(folder):
    path = folder / SHARDS[0]
    sound = path.read_bytes()
    for place in range(0, len(sound), 3):
        spoilt = bytearray(sound)
        spoilt[place] ^= 1 << place % 8
        path.write_bytes(spoilt)
        with pytest.raises(CorpusError, match=SHARDS[0]):
            Corpus.open(folder).verify()
        try:
            read_all(Corpus.open(folder))
        except CorpusError as error:
            assert SHARDS[0] in str(error)
    path.write_bytes(sound)
    assert len(read_all(Corpus.open(folder))) == 4


def test_damage_is_found_by_the_verify_of_a_corpus_opened_before(folder):
    corpus = Corpus.open(folder)
    path = folder / SHARDS[1]
    path.write_bytes(path.read_bytes().replace(b"z", b"y"))
    with pytest.raises(CorpusError, match=f"{SHARDS[1]} is damaged: its checksum .*; {REMEDY}"):
        corpus.verify()


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""]
)
def test_a_shard_of_another_size_is_named_on_opening(folder, change):
    path = folder / SHARDS[1]
    data = path.read_bytes()
    path.write_bytes(change(data))
    with pytest.raises(
        CorpusError,
        match=f"{SHARDS[1]} has {len(change(data))} bytes where the manifest says {len(data)}",
    ):
        Corpus.open(folder)


def test_a_missing_shard_is_named_on_opening(folder):
    (folder / SHARDS[0]).unlink()
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} is missing; {REMEDY}"):
        Corpus.open(folder)


def test_a_shard_that_is_no_arrow_file_is_named_on_opening(folder):
    path = folder / SHARDS[0]
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} cannot be read: .*; {REMEDY}"):
        Corpus.open(folder)


def test_a_shard_that_cannot_be_read_is_named_on_opening(folder):
    (folder / SHARDS[0]).unlink()
    (folder / SHARDS[0]).mkdir()
    size = (folder / SHARDS[0]).stat().st_size
    manifest = read_manifest(folder)
    shards = (replace(manifest.shards[0], bytes=size), manifest.shards[1])
    write_manifest(folder, replace(manifest, shards=shards))
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} cannot be read"):
        Corpus.open(folder)


@pytest.mark.parametrize("change", [{"rows": 2}, {"steps": 5}])
def test_a_shard_of_other_counts_than_the_manifest_says_is_named(folder, change):
    manifest = read_manifest(folder)
    shards = (replace(manifest.shards[0], **change), manifest.shards[1])
    write_manifest(folder, replace(manifest, shards=shards))
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} does not hold the . entries of . steps"):
        Corpus.open(folder)


def test_shards_of_another_number_of_features_are_named(folder):
    write_manifest(folder, replace(read_manifest(folder), n_features=3))
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} does not hold .* and 3 features"):
        Corpus.open(folder)


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        ([[1], [np.nan], [2]], [0, 1, 3], "entry 1, step 0, feature 0 is nan"),
        ([[1], [2], [-np.inf]], [0, 1, 3], "entry 1, step 1, feature 0 is -inf"),
        ([[1], [2], [3]], [0, 3, 3, 3], "is damaged: its offsets do not rise"),
        ([[1], [2], [3]], [0, 2, 1, 3], "is damaged: its offsets do not rise"),
    ],
)
def test_content_that_is_no_features_is_named_though_its_checksum_is_right(
    tmp_path, values, offsets, message
):
    ragged = Ragged(np.array(values, np.float32), np.array(offsets))
    batch = batch_of(ragged, dict.fromkeys(TEXTS))
    file = write_shard(tmp_path, SHARDS[0], batch)
    write_manifest(tmp_path, Manifest(None, 1, (file,)))
    with pytest.raises(CorpusError, match=f"{SHARDS[0]}.*{message}"):
        Corpus.open(tmp_path).verify()


def test_text_that_is_no_text_is_named(folder):
    path = folder / SHARDS[0]
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    corpus = Corpus.open(folder)
    with pytest.raises(CorpusError, match=f"{SHARDS[0]} is damaged: label: .*UTF8"):
        corpus.labels  # noqa: B018


def test_a_damaged_shard_is_not_joined_to_a_sound_one(folder):
    path = folder / SHARDS[1]
    path.write_bytes(path.read_bytes().replace(b"z", b"y"))
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    corpus = Corpus.open(folder)
    with pytest.raises(CorpusError, match=f"{SHARDS[1]} is damaged"):
        corpus.append(Corpus.from_arrays([[[7, 7]]]))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    path.unlink()
    with pytest.raises(CorpusError, match=f"{SHARDS[1]} is missing"):
        corpus.append(Corpus.from_arrays([[[7, 7]]]))


def test_any_flipped_byte_of_the_manifest_is_named(folder):
    path = folder / "manifest.json"
    sound = path.read_bytes()
    for place in range(len(sound)):
        spoilt = bytearray(sound)
        spoilt[place] ^= 1
        path.write_bytes(spoilt)
        try:
            corpus = Corpus.open(folder)
        except CorpusError as error:
            assert "manifest.json" in str(error)
        else:
            # White space is all that may change.
            assert json.loads(spoilt) == json.loads(sound)
            assert len(corpus) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "manifest.json is damaged: no manifest of a corpus"),
        (b"{", "manifest.json is damaged: no manifest of a corpus"),
        (b"\xff\xfe", "manifest.json is damaged: no manifest of a corpus"),
        (b"[]", "manifest.json is damaged: no manifest of a corpus"),
        (b"[" * 100_000, "manifest.json is damaged: no manifest of a corpus"),
        (b'{"name": "app"}', "manifest.json belongs to something else"),
        (
            b'{"format": "strokesim corpus", "version": 2, "blocks": []}',
            "manifest.json is of version 2, this strokesim reads up to 1; install a newer",
        ),
        (b'{"format": "strokesim corpus", "version": 1}', "its checksum is another one"),
    ],
)
def test_a_manifest_that_is_none_is_named(folder, text, message):
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(CorpusError, match=message):
        Corpus.open(folder)


def test_a_manifest_of_a_spec_that_is_unknown_is_named():
    class Strange:
        def to_dict(self):
            return {"version": 99}

    text = to_json(Manifest(Strange(), 2))
    with pytest.raises(CorpusError, match=r"manifest.json cannot be understood: .*version"):
        from_json(text, "manifest.json")


def test_a_manifest_cannot_name_files_elsewhere(folder):
    manifest = read_manifest(folder)
    stray = replace(manifest.shards[0], name="../00000001.arrow")
    write_manifest(folder, replace(manifest, shards=(stray,)))
    with pytest.raises(CorpusError, match="names a shard outside of its folder"):
        Corpus.open(folder)


def test_a_manifest_cannot_name_a_shard_twice(folder):
    manifest = read_manifest(folder)
    write_manifest(folder, replace(manifest, shards=manifest.shards[:1] * 2))
    with pytest.raises(CorpusError, match=r"manifest\.json names a shard twice"):
        Corpus.open(folder)


def test_a_folder_that_is_no_corpus_says_why(tmp_path, folder):
    with pytest.raises(CorpusError, match=r"there is no corpus .*nothing; build it first"):
        Corpus.open(tmp_path / "nothing")
    with pytest.raises(CorpusError, match=f"{tmp_path} is no corpus: it has no manifest.json"):
        Corpus.open(tmp_path)
    with pytest.raises(CorpusError, match=r"00000001.arrow is a file; a corpus is a folder"):
        Corpus.open(folder / SHARDS[0])
    (folder / "manifest.json").unlink()
    with pytest.raises(CorpusError, match="its build is under way, or broke off; redo it"):
        Corpus.open(folder)
    (folder / "manifest.json").mkdir()
    with pytest.raises(CorpusError, match=r"manifest.json cannot be read: Is a directory"):
        Corpus.open(folder)


def test_an_append_to_what_is_no_corpus_leaves_no_lock_there(tmp_path, folder):
    corpus = Corpus.open(folder)
    folder.rename(tmp_path / "elsewhere")
    folder.mkdir()
    with pytest.raises(CorpusError, match="is no corpus"):
        corpus.append(corpus)
    assert list(folder.iterdir()) == []
