"""Datasets: finding, checking and loading them; fetching is tested in test_fetching.py."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from strokesim import load_dataset
from strokesim.datasets import catalog, finding
from strokesim.datasets.catalog import DATASETS, dataset_folder
from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.errors import ArgumentError, DatasetError, FormatError, UnknownNameError
from strokesim.formats import read_inks

LINE = b'{"strokesim_ink":1,"label":"%s","channels":["x","y"],"strokes":[[[0,1],[0,1]]]}\n'
FILES = {"one.jsonl": LINE % b"1", "two.jsonl": LINE % b"2", "some.jsonl": LINE % b"s"}


def pinned(name):
    content = FILES[name]
    return DataFile(name, len(content), hashlib.sha256(content).hexdigest())


def read(paths, split):
    return read_inks(*paths, format="jsonl")


TOY = Dataset(
    name="toy", title="Toy", authors="nobody", licence="none", citation="none",
    home="https://example.org/toy", content="two inks", read=read,
    files=(pinned("one.jsonl"), pinned("two.jsonl")),
    splits={"train": ("one.jsonl",), "test": ("two.jsonl",)},
    excerpt=pinned("some.jsonl"), folders=("toy_excerpt",),
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty cache folder, no $STROKESIM_DATA, and a dataset named toy."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(finding.platformdirs, "user_cache_path", lambda name: folder / name)
    monkeypatch.delenv("STROKESIM_DATA", raising=False)
    monkeypatch.setitem(DATASETS, "toy", TOY)
    return folder / "strokesim" / "datasets" / "toy"


def put(folder: Path, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(FILES[name])
    return folder


def labels(*args, **options):
    return [ink.label for ink in load_dataset("toy", *args, **options)]


# Where files are found


def test_a_dataset_is_loaded_from_its_folder_or_the_one_above(tmp_path):
    put(tmp_path / "here" / "toy", "one.jsonl", "two.jsonl")
    assert labels(folder=tmp_path / "here") == ["1", "2"]
    assert labels(folder=tmp_path / "here" / "toy") == ["1", "2"]
    assert dataset_folder("toy", folder=tmp_path / "here") == tmp_path / "here" / "toy"


def test_a_split_needs_its_own_files_only(tmp_path):
    put(tmp_path, "two.jsonl")
    assert labels("test", folder=tmp_path) == ["2"]
    with pytest.raises(DatasetError, match=r"toy is not on this machine: one.jsonl not found in"):
        labels("train", folder=tmp_path)


def test_the_variable_comes_before_the_cache(monkeypatch, tmp_path, cache):
    put(cache, "one.jsonl", "two.jsonl")
    assert dataset_folder("toy") == cache
    assert labels() == ["1", "2"]
    monkeypatch.setenv("STROKESIM_DATA", str(tmp_path / "data"))
    assert dataset_folder("toy") == cache
    named = put(tmp_path / "data" / "toy", "one.jsonl", "two.jsonl")
    assert dataset_folder("toy") == named


def test_a_dataset_that_is_nowhere_would_go_into_the_cache(cache):
    assert dataset_folder("toy") == cache
    assert not cache.exists()


def test_an_excerpt_stands_in_only_where_the_whole_is_nowhere(monkeypatch, tmp_path, cache):
    monkeypatch.setenv("STROKESIM_DATA", str(tmp_path))
    put(tmp_path / "toy_excerpt", "some.jsonl")
    assert labels() == ["s"]
    put(cache, "one.jsonl", "two.jsonl")
    assert labels() == ["1", "2"]
    assert labels("excerpt") == ["s"]


def test_loose_files_are_read_as_they_lie(monkeypatch, tmp_path):
    loose = Dataset(
        **dict.fromkeys(("title", "authors", "licence", "citation", "content"), ""),
        name="loose", home="https://example.org", read=read, loose="*.jsonl",
    )  # fmt: skip
    monkeypatch.setitem(DATASETS, "loose", loose)
    put(tmp_path, "two.jsonl", "one.jsonl")
    assert [ink.label for ink in load_dataset("loose", folder=tmp_path)] == ["1", "2"]
    with pytest.raises(DatasetError, match=r"get it from https://example\.org, or name the folder"):
        load_dataset("loose", folder=tmp_path / "nowhere")


# What is refused


@pytest.mark.parametrize("damaged", [b"", LINE % b"3", LINE % b"1" + b"\n"])
def test_a_file_that_is_not_the_checked_one_is_named(tmp_path, damaged):
    put(tmp_path, "one.jsonl", "two.jsonl")
    (tmp_path / "one.jsonl").write_bytes(damaged)
    with pytest.raises(DatasetError, match=r"one\.jsonl is not the file that was checked for toy"):
        labels(folder=tmp_path)
    assert labels("test", folder=tmp_path) == ["2"]


def test_a_folder_is_never_filled_by_loading_from_it(tmp_path):
    with pytest.raises(DatasetError, match=r"one.jsonl, two.jsonl not found in .*fetch it, or"):
        labels(folder=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_misspelt_dataset_is_guessed():
    with pytest.raises(UnknownNameError, match="did you mean 'pendigits'"):
        load_dataset("pendigit")
    with pytest.raises(UnknownNameError, match="unknown dataset"):
        dataset_folder("../../etc")
    with pytest.raises(UnknownNameError, match="unknown dataset"):
        catalog.fetch("")


def test_a_misspelt_split_is_guessed():
    with pytest.raises(
        UnknownNameError, match=r"unknown split of pendigits 'tets'; did you .*'test'"
    ):
        load_dataset("pendigits", "tets")
    with pytest.raises(ArgumentError, match="split='train': ujipenchars has none; leave it out"):
        load_dataset("ujipenchars", "train")


# Character Trajectories as UCI publishes them: we have never had those bytes, so they are rebuilt

VELOCITIES = np.array([[0, 0, 0], [0, 1, 2], [1, 0, 1], [2, 1, 0], [1, 0, -9], [0, 0, 0]])


def character_trajectories(folder, matrices, labels):
    """Load a MATLAB file of that layout, zipped, without asking for its checksum."""
    cells, keys = np.empty((1, len(matrices)), dtype=object), np.empty((1, 2), dtype=object)
    cells[0, :], keys[0, :] = list(matrices), ["a", "b"]
    consts = {"charlabels": np.array([labels]), "dt": 0.005, "key": keys}
    savemat(
        folder / "mat", {"mixout": cells, "consts": consts}, do_compression=True, appendmat=False
    )
    archive = folder / "character+trajectories.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.write(folder / "mat", "mixoutALL_shifted.mat")
    return list(DATASETS["character_trajectories"].read([archive], None))


def test_the_archive_of_character_trajectories_is_integrated_like_its_excerpt(tmp_path):
    inks = character_trajectories(tmp_path, [VELOCITIES.T, 2.0 * VELOCITIES[1:].T], (1, 2))
    assert [ink.label for ink in inks] == ["a", "b"]
    assert [ink.writer for ink in inks] == ["w01", "w01"]
    assert inks[0].strokes[0].xy.tolist() == [[0, -1], [1, -1], [3, -2]]
    assert inks[1].strokes[0].xy.tolist() == [[0, -2], [2, -2], [6, -4]]
    assert inks[1].id == "mixoutALL_shifted.mat#1"


@pytest.mark.parametrize(
    ("matrices", "labels", "message"),
    [
        ([VELOCITIES.T, VELOCITIES.T], (1, 7), "is not laid out as its author describes it"),
        ([VELOCITIES.T], (1, 2), "has not one label and one matrix"),
        ([VELOCITIES.T, VELOCITIES], (1, 2), "has not one label and one matrix"),
        ([0 * VELOCITIES.T, VELOCITIES.T], (1, 2), "sample 0 never moves"),
    ],
)
def test_an_archive_that_is_laid_out_differently_is_refused(tmp_path, matrices, labels, message):
    with pytest.raises(FormatError, match=message):
        character_trajectories(tmp_path, matrices, labels)


# The table


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_dataset_says_where_it_comes_from(dataset):
    assert dataset.name in DATASETS
    for said in (dataset.title, dataset.authors, dataset.licence, dataset.citation, dataset.note,
                 dataset.content, dataset.home):  # fmt: skip
        assert said.strip() == said != ""
    for needed in dataset.splits.values():
        assert set(needed) <= {file.name for file in dataset.files}
    assert dataset.files or dataset.loose


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_address_is_safe_and_every_file_pinned(dataset):
    for file in (*dataset.files, *([dataset.excerpt] if dataset.excerpt else [])):
        assert len(file.sha256) == 64
        assert int(file.sha256, 16)
        assert Path(file.name).name == file.name
        assert file.url is None or file.url.startswith("https://")
    assert all(file.url for file in dataset.files)
    if dataset.files:
        assert "address could not be tried" in dataset.note


def test_the_embedded_corpus_is_there_without_any_folder():
    train, test = load_dataset("demo", "train"), load_dataset("demo", "test")
    assert len(load_dataset("demo")) == len(train) + len(test) == 1488
    assert {ink.label for ink in train} == {ink.label for ink in test}
    assert len({ink.label for ink in train}) == 62
    assert len({ink.writer for ink in train}) == 20
    assert not {ink.writer for ink in train} & {ink.writer for ink in test}
    assert catalog.fetch("demo") == dataset_folder("demo")


# The published bytes

COUNTS = [
    # name, split, inks, labels, writers
    ("pendigits", None, 10992, 10, 44),
    ("pendigits", "train", 7494, 10, 30),
    ("pendigits", "test", 3498, 10, 14),
    ("ujipenchars", None, 1364, 62, 11),
    ("ujipenchars2", None, 5, 4, 1),
    ("ujipenchars2", "excerpt", 5, 4, 1),
    ("omniglot", None, 4840, 242, 160),
    ("omniglot", "small1", 2720, 136, 100),
    ("omniglot", "small2", 3120, 156, 100),
    ("character_trajectories", None, 100, 20, 1),
    ("character_trajectories", "excerpt", 100, 20, 1),
    ("quickdraw", None, 20, 1, 1),
]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("name", "split", "inks", "n_labels", "writers"), COUNTS)
def test_a_published_dataset_has_its_counts(
    monkeypatch, data, name, split, inks, n_labels, writers
):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    loaded = load_dataset(name, split)
    assert len(loaded) == inks
    assert len({ink.label for ink in loaded}) == n_labels
    assert len({ink.writer for ink in loaded}) == writers
    assert len({ink.id for ink in loaded}) == inks


@pytest.mark.data
def test_writers_of_the_two_halves_of_pendigits_are_different_people(monkeypatch, data):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    (train, test) = (
        {ink.writer for ink in load_dataset("pendigits", s)} for s in ("train", "test")
    )
    assert train == {f"train-{number:02d}" for number in range(1, 31)}
    assert test == {f"test-{number:02d}" for number in range(1, 15)}


@pytest.mark.data
def test_loading_names_people_and_characters_as_the_notes_say(monkeypatch, data):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    uji = load_dataset("ujipenchars")
    assert {ink.writer for ink in uji} == {f"w{number:02d}" for number in range(1, 12)}
    assert {ink.notes["class"] for ink in uji if ink.label in ("o", "O", "0")} == {"O"}
    assert {ink.label for ink in load_dataset("character_trajectories")} == {
        *"abcdeghlmnopqrsuvwyz"
    }
    assert {ink.writer for ink in load_dataset("ujipenchars2")} == {"UJI_W01"}


@pytest.mark.data
def test_greek_comes_once_however_many_archives_hold_it(monkeypatch, data):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    greek = [ink for ink in load_dataset("omniglot") if (ink.label or "").startswith("Greek/")]
    assert len(greek) == 24 * 20
    assert {ink.writer for ink in greek} == {f"Greek/drawer{number:02d}" for number in range(1, 21)}


@pytest.mark.data
def test_damage_to_a_published_file_is_noticed(monkeypatch, data, tmp_path):
    content = (data / "quickdraw" / "angel_simplified_sample.json").read_bytes()
    (tmp_path / "angel_simplified_sample.json").write_bytes(content.replace(b"128", b"129", 1))
    with pytest.raises(DatasetError, match=r"angel_simplified_sample\.json is not the file"):
        load_dataset("quickdraw", folder=tmp_path)


def test_a_damaged_loose_file_is_named_by_its_reader(tmp_path):
    (tmp_path / "cat.ndjson").write_text('{"word":"cat","drawing":[[[0,1],[0]]]}\n')
    with pytest.raises(FormatError, match=r"cat\.ndjson:1: stroke 0 has lists of 2 and 1 numbers"):
        load_dataset("quickdraw", folder=tmp_path)
