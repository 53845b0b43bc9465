"""An index that grows, shrinks, is saved and mapped answers like one made at once."""

import json
import math
import threading

import numpy as np
import pytest

from strokesim import DISTANCES, Corpus, FeatureSpec, Index
from strokesim.distances.lane_search import LaneSearch
from strokesim.distances.parts import ARRAYS, Parts
from strokesim.distances.vectors import LANES
from strokesim.errors import ArgumentError, CorpusError, OutputError, SpecError
from strokesim.ragged import Ragged

every_distance = pytest.mark.parametrize("distance", DISTANCES)


def walks(count, seed, steps):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(*steps, count)
    return [rng.integers(-1, 2, (n, 3)).cumsum(axis=0).astype(np.float32) for n in lengths]


def steps_of(distance):
    return (9, 10) if distance == "euclidean" else (1, 30)


def corpus_of(arrays, first=0):
    numbers = range(first, first + len(arrays))
    return Corpus.from_arrays(arrays, labels=[f"entry {number}" for number in numbers])


@every_distance
def test_added_entries_are_found_as_if_they_had_always_been_there(distance):
    arrays = walks(90, 1, steps_of(distance))
    queries = walks(12, 2, steps_of(distance))
    whole = Index(corpus_of(arrays), distance)
    grown = Index(corpus_of(arrays[:40]), distance)
    for start, stop in ((40, 41), (41, 60), (60, 61), (61, 90)):
        grown.add(corpus_of(arrays[start:stop], start))
        assert len(grown) == stop
    for k in (1, 7, 90):
        assert grown.search(queries, k) == whole.search(queries, k)


@every_distance
def test_removed_entries_are_passed_over_and_the_others_keep_their_numbers(distance):
    arrays = walks(60, 3, steps_of(distance))
    queries = walks(12, 4, steps_of(distance))
    index = Index(corpus_of(arrays), distance)
    everything = index.search(queries, 60)
    gone = set(range(0, 60, 3)) | {59}
    index.remove(gone)
    index.remove(np.array([59]))
    assert len(index) == 60 - len(gone)
    expected = [[match for match in one if match.index not in gone] for one in everything]
    for k in (1, 5, len(index)):
        assert index.search(queries, k) == [one[:k] for one in expected]
    with pytest.raises(ArgumentError, match="is more than the 39 entries"):
        index.search(queries, 60)


@every_distance
def test_a_saved_index_is_mapped_and_answers_alike(distance, tmp_path):
    arrays, queries = walks(50, 5, steps_of(distance)), walks(5, 6, steps_of(distance))
    index = Index(corpus_of(arrays[:45]), distance)
    index.add(corpus_of(arrays[45:], 45))
    index.remove([3, 46])
    index.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    assert repr(opened) == repr(index)
    assert opened.search(queries, 9) == index.search(queries, 9)
    opened.add(corpus_of(arrays[:3], 50))
    assert len(opened) == 51
    assert [file.name for file in tmp_path.iterdir()] == ["index"]


def test_a_saved_index_keeps_its_spec_and_radius(tmp_path):
    spec = FeatureSpec()
    corpus = Corpus.from_inks([], spec)
    assert corpus.spec == spec
    index = Index(Corpus.from_arrays(walks(4, 7, (3, 9))), radius=2)
    index.spec = spec
    index.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    assert (opened.spec, opened.radius) == (spec, 2)


def test_adding_makes_only_small_parts_anew():
    arrays = [Ragged.from_arrays(walks(count, 8, (9, 10))) for count in (64, 8, 8, 16, 200)]
    parts = Parts(arrays[0])
    first = parts.all[0]
    sizes = []
    for more in arrays[1:]:
        parts.add(more)
        sizes.append([len(part.order) for part in parts.all])
    assert sizes == [[64, 8], [64, 16], [64, 32], [296]]
    parts = Parts(arrays[0])
    parts.remove(np.array([5]))
    parts.add(arrays[4])
    assert parts.n_alive == 263
    assert len(first.order) == 64


def test_an_index_needs_little_memory_besides_the_features():
    corpus = Corpus.from_arrays(walks(2000, 9, (30, 50)))
    assert Index(corpus).nbytes < corpus.sequences.values.nbytes


def test_an_index_of_embeddings_needs_less_than_half_of_their_memory():
    corpus = Corpus.from_arrays(np.random.default_rng(3).normal(size=(500, 1, 128)))
    index = Index(corpus, "euclidean")
    assert index.nbytes < corpus.sequences.values.nbytes / 2


@every_distance
def test_an_index_does_not_grow_by_what_has_left_it(distance):
    arrays = walks(40, 11, steps_of(distance))
    index = Index(corpus_of(arrays), distance)
    for start in range(40, 4000, 40):
        index.add(corpus_of(arrays, start))
        index.remove(range(start - 40, start))
    parts = index._searcher.parts
    assert parts.n_alive == len(index) == 40
    # One step of each that has left, and of a part up to half as much again.
    most = 1.5 * (sum(map(len, arrays)) + 3960)
    assert sum(part.n_steps for part in parts.all) <= most
    expected = Index(corpus_of(arrays), distance).search(arrays, 3)
    for found, anew in zip(index.search(arrays, 3), expected, strict=True):
        assert [(one.distance, one.index) for one in found] == [
            (one.distance, one.index + 3960) for one in anew
        ]


DAMAGE = {
    "halved": lambda array: array[: len(array) // 2],
    "doubled": lambda array: np.concatenate([array, array]),
    "of another kind": lambda array: array.astype(np.complex128),
    "emptied": None,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ARRAYS)
def test_a_damaged_index_is_refused(name, damage, tmp_path):
    Index(Corpus.from_arrays(walks(50, 5, (1, 30)))).save(tmp_path / "index")
    path = tmp_path / "index" / f"0-{name}.npy"
    change = DAMAGE[damage]
    if change is None:
        path.write_bytes(b"")
    else:
        np.save(path, change(np.load(path)))
    with pytest.raises(CorpusError, match="holds no index that can be read"):
        Index.open(tmp_path / "index")


@pytest.mark.parametrize("name", ["offsets", "order", "lengths", "slots", "shortest", "alive"])
def test_an_index_whose_arrays_contradict_each_other_is_refused(name, tmp_path):
    index = Index(Corpus.from_arrays(walks(50, 5, (1, 30))))
    index.save(tmp_path / "index")
    path = tmp_path / "index" / f"0-{name}.npy"
    array = np.load(path)
    array[len(array) // 2] = array[0] if array[0] != array[len(array) // 2] else 0
    np.save(path, array)
    with pytest.raises(CorpusError, match=f"0-{name}.npy is damaged"):
        Index.open(tmp_path / "index")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"lanes": 8},
        {"parts": [[False, 1.0, 3]]},
        *({"parts": [[False, scale, 0]]} for scale in (0.0, -1.0, 3.0, 1e-300, math.nan, "1")),
    ],
)
def test_an_index_of_another_layout_is_refused(change, tmp_path):
    Index(Corpus.from_arrays(walks(4, 7, (3, 9)))).save(tmp_path / "index")
    path = tmp_path / "index" / "parts.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CorpusError, match="holds no index that can be read"):
        Index.open(tmp_path / "index")


def test_an_index_may_be_searched_while_it_changes():
    arrays = walks(200, 10, (5, 20))
    index = Index(corpus_of(arrays[:20]))
    failures = []

    def search():
        for _ in range(30):
            for match in index.search(arrays[0], 3, threads=1)[0]:
                if match.label != f"entry {match.index}":
                    failures.append(match)

    searching = [threading.Thread(target=search) for _ in range(3)]
    for thread in searching:
        thread.start()
    for start in range(20, 200, 5):
        index.add(corpus_of(arrays[start : start + 5], start))
        index.remove([start])
    for thread in searching:
        thread.join()
    assert not failures
    assert len(index) == 200 - 36


@every_distance
def test_a_search_under_way_answers_for_the_index_as_it_was(distance):
    long = (300, 301) if distance != "euclidean" else (9, 10)
    arrays = walks(40, 14, long) + walks(100, 15, steps_of(distance))
    queries = walks(40, 16, steps_of(distance))
    expected = Index(corpus_of(arrays), distance).search(queries, 140, threads=1)
    index = Index(corpus_of(arrays), distance)
    done = []

    def remove(count):
        if not done:
            index.remove(range(40))
        done.append(count)

    assert index.search(queries, 140, threads=2, progress=remove) == expected
    assert len(index) == 100


def test_underflow_in_one_part_takes_nothing_from_another():
    # 1e-5 and 0 are the same beside 1e30, so that the first part's best is too good.
    index = Index(Corpus.from_arrays([[1e30], [0.0], [0.0]]), "euclidean")
    index.add(Corpus.from_arrays([[1.5e-5]]))
    assert [match.index for match in index.search(np.array([[1e-5]]), 2)[0]] == [3, 1]


def test_what_is_saved_while_entries_are_added_can_be_opened(tmp_path):
    index = Index(corpus_of(walks(400, 17, (3, 9))))
    adding = threading.Event()

    def add():
        while not adding.is_set():
            index.add(corpus_of(walks(1, 18, (3, 4))))

    thread = threading.Thread(target=add)
    thread.start()
    try:
        for number in range(8):
            index.save(tmp_path / str(number))
    finally:
        adding.set()
        thread.join()
    assert all(len(Index.open(tmp_path / str(number))) >= 400 for number in range(8))


def test_a_part_is_made_anew_only_where_that_saves_a_third_of_it():
    parts = Parts(Ragged.from_arrays(walks(100, 19, (1, 2))))
    parts.remove(np.arange(90))
    before = parts.all
    parts.remove(np.arange(90))
    assert all(part is known for part, known in zip(parts.all, before, strict=True))
    parts.remove(np.array([95]))
    assert parts.all[0].values is before[0].values
    longer = Parts(Ragged.from_arrays(walks(100, 20, (30, 31))))
    longer.remove(np.arange(60))
    assert longer.all[0].n_steps == 60 + 40 * 30


def test_memory_counts_features_that_the_index_has_copied():
    arrays = walks(200, 21, (30, 31))
    index = Index(corpus_of(arrays))
    before = index.nbytes
    index.remove(range(150))
    assert index.nbytes > before + 50 * 30 * 3 * 4


def test_what_cannot_be_added_removed_saved_or_opened_is_refused(tmp_path):
    index = Index(Corpus.from_arrays([[1.0, 2.0]]), "euclidean")
    with pytest.raises(ArgumentError, match="entry 0 to add has 3 steps, the corpus has 2"):
        index.add(Corpus.from_arrays([[1.0, 2.0, 3.0]]))
    with pytest.raises(ArgumentError, match="entry 0 to add has 2 features, the corpus has 1"):
        index.add(Corpus.from_arrays([[[1.0, 2.0]]]))
    index.spec = FeatureSpec()
    with pytest.raises(SpecError, match="the entries to add are features of"):
        index.add(Corpus.from_inks([], FeatureSpec(steps=7)))
    with pytest.raises(ArgumentError, match="there is no entry 1; they are numbered 0 to 0"):
        index.remove([0, 1])
    for wrong in (3, [1.5], ["1"], [2**70], [True], np.array([False, True])):
        with pytest.raises(ArgumentError, match="no numbers of entries"):
            index.remove(wrong)
    with pytest.raises(ArgumentError, match="made of a Corpus, not of a list"):
        index.add([[1.0, 2.0]])
    with pytest.raises(ArgumentError, match="there is no entry -1"):
        index.remove([-1])
    with pytest.raises(OutputError, match="it is there already"):
        index.save(tmp_path)
    with pytest.raises(OutputError, match="cannot write"):
        index.save(tmp_path / "nowhere" / "index")
    with pytest.raises(CorpusError, match="holds no index that can be read"):
        Index.open(tmp_path)
    index.save(tmp_path / "index")
    (tmp_path / "index" / "0-values.npy").write_bytes(b"no array")
    with pytest.raises(CorpusError, match="holds no index that can be read"):
        Index.open(tmp_path / "index")


def test_a_search_says_how_far_candidates_came():
    search = LaneSearch(Ragged.from_arrays(walks(300, 11, (10, 40))), 2**62)
    search.nearest_of_all(walks(2, 12, (10, 40)), 1, math.inf)
    seen = search.seen
    # Of near blocks, every lane's best is warped at once, unbounded.
    assert (
        600 >= seen.corners > seen.rows >= seen.columns >= seen.warped - 2 * LANES > 0 - 2 * LANES
    )


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_search_can_be_interrupted(threads):
    rng = np.random.default_rng(13)
    candidates = Ragged.from_arrays([rng.normal(size=(99, 3)).cumsum(axis=0) for _ in range(300)])
    search = LaneSearch(candidates, 2**62)
    asked = []

    def stop(count):
        asked.append(count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.nearest_of_all([candidates[0]] * 5000, 9, math.inf, threads, stop)
    # What was not begun is not done: the rest would be hundreds of batches.
    assert len(asked) <= 2 + threads
