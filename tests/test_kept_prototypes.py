"""Prototypes kept beside their corpus: the same as those made anew, or made anew."""

import numpy as np
import pytest

from strokesim import Corpus, kept_prototypes
from strokesim.kept_prototypes import kept_prototypes as kept
from strokesim.prototypes import prototypes_of


def corpus_of(arrays, labels):
    return Corpus.from_arrays([np.array(array, float) for array in arrays], labels=labels)


SMALL = corpus_of([[0, 0, 3], [9, 9], [0, 1, 3], [9, 8, 9, 9], [5]], ["a", "b", "a", "b", None])


@pytest.fixture
def made(monkeypatch):
    """Count how often prototypes are made; which sequence stands for a share matters not."""
    calls = []

    def counted(*given, **named):
        calls.append(given)
        return prototypes_of(*given, **named)

    monkeypatch.setattr(kept_prototypes, "prototypes_of", counted)
    monkeypatch.setattr("strokesim.prototypes._average", lambda sequences, start, radius: start)
    return calls


def same(found, expected):
    assert [one.tolist() for one in found.sequences] == [one.tolist() for one in expected.sequences]
    assert all(one.dtype == np.float32 for one in found.sequences)
    assert found.labels == expected.labels
    assert [one.tolist() for one in found.members] == [one.tolist() for one in expected.members]


def test_they_are_made_once_and_come_back_as_they_were(made, tmp_path):
    corpus = SMALL.save(tmp_path / "corpus")
    for _ in range(3):
        same(kept(corpus, 2), prototypes_of(SMALL, 2))
    assert len(made) == 1
    corpus.verify()
    assert [path.name for path in corpus.path.glob(".proto*")] == [".prototypes.npz"]


def test_another_radius_has_a_file_of_its_own_and_another_number_takes_its_place(made, tmp_path):
    corpus = SMALL.save(tmp_path / "corpus")
    for k, radius, count in ((1, None, 1), (1, 2, 2), (1, None, 2), (2, None, 3), (1, None, 4)):
        same(kept(corpus, k, radius=radius), prototypes_of(SMALL, k, radius=radius))
        assert len(made) == count


def test_they_are_made_anew_when_the_corpus_changes(made, tmp_path):
    corpus = SMALL.save(tmp_path / "corpus")
    kept(corpus, 1)
    corpus.append(corpus_of([[7, 7]], ["c"]))
    same(kept(corpus, 1), prototypes_of(corpus, 1))
    assert len(made) == 2
    # One value, one label, and where a sequence ends.
    for number, (arrays, labels) in enumerate([
        ([[0, 0, 3], [9, 9]], ["a", "b"]), ([[0, 0, 4], [9, 9]], ["a", "b"]),
        ([[0, 0, 4], [9, 9]], ["a", "a"]), ([[0, 0], [4, 9, 9]], ["a", "a"]),
    ]):  # fmt: skip
        other = corpus_of(arrays, labels).save(tmp_path / str(number))
        if number:
            kept_file = tmp_path / str(number - 1) / ".prototypes.npz"
            (other.path / ".prototypes.npz").write_bytes(kept_file.read_bytes())
        same(kept(other, 1), prototypes_of(other, 1))
        assert len(made) == 3 + number


@pytest.mark.parametrize("damage", ["emptied", "cut", "other bytes", "flipped", "pickled", "array"])
def test_a_damaged_file_is_made_anew(made, tmp_path, damage):
    corpus = SMALL.save(tmp_path / "corpus")
    kept(corpus, 2)
    path = corpus.path / ".prototypes.npz"
    content = path.read_bytes()
    if damage == "pickled":
        np.savez(path, facts=np.array([{}], object))
    elif damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        middle = content.index(b"NUMPY", len(content) // 3) + 140
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes(
            {"emptied": b"", "cut": content[:-30], "other bytes": b"x" * 99, "flipped": flipped}[
                damage
            ]
        )
    same(kept(corpus, 2), prototypes_of(SMALL, 2))
    assert len(made) == 2
    assert path.read_bytes() == content


def test_what_cannot_be_kept_is_found_all_the_same(made, tmp_path):
    same(kept(SMALL, 2), prototypes_of(SMALL, 2))
    corpus = SMALL.save(tmp_path / "corpus")
    (corpus.path / ".prototypes.npz").mkdir()
    for count in (2, 3):
        same(kept(corpus, 2), prototypes_of(SMALL, 2))
        assert len(made) == count


def test_a_folder_that_held_a_corpus_takes_another_one(made, tmp_path):
    corpus = SMALL.save(tmp_path / "corpus")
    kept(corpus, 1)
    for path in corpus.path.iterdir():
        if not path.name.startswith("."):
            path.unlink()
    other = corpus_of([[1], [2]], ["x", "y"]).save(tmp_path / "corpus")
    same(kept(other, 1), prototypes_of(other, 1))
