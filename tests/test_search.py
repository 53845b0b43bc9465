"""Search: the answer that sorting everything gives, and who is refused one."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from strategies import corpora, radii
from strokesim import DISTANCES, Corpus, FeatureSpec, Index, Ink, Match
from strokesim.errors import ArgumentError, SpecError, UnknownNameError
from strokesim.ragged import Ragged

every_distance = pytest.mark.parametrize("entry", DISTANCES.values(), ids=DISTANCES)


def found(matches):
    return [[(match.distance, match.index) for match in one] for one in matches]


def walks(count, seed=0, steps=(1, 30)):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(*steps, count)
    return [rng.integers(-1, 2, (n, 2)).cumsum(axis=0).astype(np.float32) for n in lengths]


@every_distance
@given(data=st.data())
def test_the_answer_is_that_of_sorting_everything(entry, data):
    entries, queries = data.draw(corpora(equal_length=not entry.unequal))
    band = {"radius": data.draw(radii)} if entry.takes_radius else {}
    distances = [
        [getattr(oracle, entry.name)(query.tolist(), e.tolist(), **band) for e in entries]
        for query in queries
    ]
    k = data.draw(st.integers(1, len(entries)))
    cutoff = data.draw(st.none() | st.sampled_from(distances[0]) | st.floats(0, 4))
    threads = data.draw(st.integers(1, 3))
    index = Index(Corpus.from_arrays(entries), entry.name, **band)
    matches = index.search(queries, k, cutoff=cutoff, threads=threads)
    limit = math.inf if cutoff is None else cutoff
    assert found(matches) == [oracle.nearest(row, k, limit) for row in distances]


@every_distance
def test_larger_corpora_are_answered_by_sorting_everything_too(entry):
    entries = walks(300, steps=(1, 30) if entry.unequal else (7, 8))
    queries = entries[:3] + walks(3, seed=1, steps=(9, 30) if entry.unequal else (7, 8))
    index = Index(Corpus.from_arrays(entries), entry.name)
    for k in (1, 5, 299, 300):
        expected = [
            oracle.nearest([entry.function(query, e) for e in entries], k) for query in queries
        ]
        assert found(index.search(queries, k)) == expected


def test_of_equal_distances_the_earlier_entry_wins():
    corpus = Corpus.from_arrays([[5], [1], [3], [1], [3], [1]])
    assert found(Index(corpus).search(np.array([2.0]), 4)) == [[(1, 1), (1, 2), (1, 3), (1, 4)]]
    assert found(Index(corpus).search(np.array([0.0]), 2)) == [[(1, 1), (1, 3)]]


@pytest.mark.parametrize("distance", ["dtw", "euclidean"])
def test_distances_that_rounding_makes_equal_are_a_tie(distance):
    # 1 + 2**-52 and 1 have one root in float64. The second entry has the smaller square and
    # the smaller bound, and loses all the same: the first is as near and stands before it.
    entries = [[2.0**-26, 1, 0], [0, 1, 0]]
    index = Index(Corpus.from_arrays(entries), distance)
    assert found(index.search(np.zeros(3))) == [[(1, 0)]]


@every_distance
def test_threads_and_batches_have_no_influence(entry):
    corpus = Corpus.from_arrays(walks(60, steps=(8, 9)))
    queries = walks(20, seed=2, steps=(8, 9))
    index = Index(corpus, entry.name)
    alone = [index.search(query, 7)[0] for query in queries]
    for threads in (1, 2, 8, None):
        assert index.search(queries, 7, threads=threads) == alone


def test_many_threads_may_search_at_once():
    index = Index(Corpus.from_arrays(walks(60)))
    queries = walks(40, seed=2)
    expected = index.search(queries, 3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: index.search(queries, 3, threads=2), range(8)))
    assert answers == [expected] * 8


def test_a_match_says_what_the_corpus_knows():
    corpus = Corpus.from_arrays([[0], [4]], labels=["a", "b"], writers=["w", None], ids=["i", "j"])
    ((first, second),) = Index(corpus).search(np.array([1.0]), 2)
    assert first == Match(1.0, "a", "w", "i", 0)
    assert second == Match(3.0, "b", None, "j", 1)
    assert [type(value) for value in first] == [float, str, str, str, int]
    bare = Index(Corpus.from_arrays([[0]])).search(np.array([1.0]))
    assert bare == [[Match(1.0, None, None, None, 0)]]


def test_a_cutoff_leaves_out_what_is_farther_and_nothing_else():
    index = Index(Corpus.from_arrays([[0], [3], [5]]))
    query = np.array([0.0])
    assert found(index.search(query, 3, cutoff=3)) == [[(0, 0), (3, 1)]]
    assert found(index.search(query, 3, cutoff=2.9)) == [[(0, 0)]]
    assert found(index.search(query, 1, cutoff=0)) == [[(0, 0)]]
    assert found(index.search(np.array([9.0]), 1, cutoff=1)) == [[]]
    assert found(index.search(query, 3, cutoff=math.inf)) == [[(0, 0), (3, 1), (5, 2)]]
    assert found(index.search(query, 3, cutoff=1e300)) == [[(0, 0), (3, 1), (5, 2)]]


def test_every_form_of_queries_gives_the_same_answer():
    entries = walks(30, steps=(6, 7))
    queries = walks(4, seed=5, steps=(6, 7))
    index = Index(Corpus.from_arrays(entries))
    expected = [index.search(query, 3)[0] for query in queries]
    big_endian = [query.astype(">f8") for query in queries]
    strided = [np.repeat(query, 2, axis=0)[::2] for query in queries]
    read_only = np.array(queries)
    read_only.flags.writeable = False
    for form in (
        queries,
        tuple(queries),
        iter(queries),
        [query.tolist() for query in queries],
        np.array(queries),
        Ragged.from_arrays(queries),
        Ragged(np.array(queries, np.float64).reshape(-1, 2), np.arange(0, 25, 6)),
        Corpus.from_arrays(queries),
        big_endian,
        strided,
        read_only,
        [query.astype(np.int32) for query in queries],
    ):
        assert index.search(form, 3) == expected


def test_no_queries_give_no_answers():
    index = Index(Corpus.from_arrays([[0]]))
    assert index.search([]) == []
    assert index.search(Ragged.from_arrays([])) == []


def test_features_may_be_mapped_read_only_from_a_file(tmp_path):
    entries = walks(20)
    ragged = Ragged.from_arrays(entries)
    np.save(tmp_path / "values.npy", ragged.values)
    np.save(tmp_path / "offsets.npy", ragged.offsets)
    corpus = Corpus.from_arrays(entries)
    expected = Index(corpus).search(entries, 3)

    class Mapped:
        spec = None
        sequences = Ragged(*(np.load(tmp_path / f"{name}.npy", mmap_mode="r")
                             for name in ("values", "offsets")))  # fmt: skip
        labels, writers, ids = corpus.labels, corpus.writers, corpus.ids

    assert Index(Mapped()).search(entries, 3) == expected
    assert Index(Mapped()).search(Mapped(), 3) == expected


def inks():
    rng = np.random.default_rng(8)
    return [
        Ink.from_arrays([rng.normal(size=(20, 2)).cumsum(axis=0)], label=str(i)) for i in range(6)
    ]


def test_inks_are_turned_by_the_spec_of_the_corpus():
    spec = FeatureSpec()
    corpus = Corpus.from_inks(inks(), spec)
    index = Index(corpus, "euclidean")
    expected = index.search([spec.transform(ink) for ink in inks()], 2)
    assert index.search(inks(), 2) == expected
    assert index.search(inks()[3], 2) == [expected[3]]
    assert index.search([inks()[0], spec.transform(inks()[1]), inks()[2]], 2) == expected[:3]
    assert index.search(corpus, 2) == expected
    assert index.search(Corpus.from_arrays(list(corpus.sequences)), 2) == expected
    assert [one[0].label for one in expected] == ["0", "1", "2", "3", "4", "5"]
    assert index.spec == spec


def test_queries_of_another_spec_are_refused():
    index = Index(Corpus.from_inks(inks(), FeatureSpec()))
    other = Corpus.from_inks(inks(), FeatureSpec(steps=16))
    with pytest.raises(SpecError, match=r"steps=16.*make both with one FeatureSpec"):
        index.search(other)


def test_an_ink_is_refused_where_no_spec_says_how_to_turn_it():
    index = Index(Corpus.from_arrays([[[0, 0]]]))
    with pytest.raises(ArgumentError, match=r"query 1 is an ink.*no FeatureSpec.*give feature"):
        index.search([np.zeros((1, 2)), inks()[0]])


def test_progress_counts_every_query_once():
    done = []
    index = Index(Corpus.from_arrays(walks(9)))
    index.search(walks(5, seed=3), progress=done.append)
    assert sum(done) == 5


def test_an_index_describes_itself():
    corpus = Corpus.from_arrays([[0], [1]])
    assert repr(Index(corpus, radius=4)) == "Index(2 entries, distance='dtw', radius=4)"
    assert repr(Index(corpus, "cloud")) == "Index(2 entries, distance='cloud')"
    assert len(Index(corpus)) == 2


@pytest.mark.parametrize(
    ("k", "message"),
    [
        (0, "k=0; use at least 1"),
        (-3, "k=-3; use at least 1"),
        (3, "k=3 is more than the 2 entries of the corpus; use k <= 2"),
        (1.5, "k=1.5; use a whole number, at least 1"),
        ("1", "k='1'; use a whole number"),
    ],
)
def test_a_k_that_means_nothing_is_refused(k, message):
    with pytest.raises(ArgumentError, match=message):
        Index(Corpus.from_arrays([[0], [1]])).search(np.zeros(1), k)


@pytest.mark.parametrize("cutoff", [-0.1, math.nan, -math.inf, "far", [1]])
def test_a_cutoff_that_means_nothing_is_refused(cutoff):
    with pytest.raises(ArgumentError, match=r"cutoff=.*; use a distance, at least 0, or None"):
        Index(Corpus.from_arrays([[0]])).search(np.zeros(1), cutoff=cutoff)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.zeros((3, 5)), "query 0 has 5 features, the corpus has 2; both need the same"),
        ([np.zeros((3, 2)), np.zeros(2)], "query 1 has 1 features, the corpus has 2"),
        (np.empty((0, 2)), "query 0 has 0 steps"),
        ([np.zeros((3, 2)), [[0, math.nan]]], "query 1: step 0, feature 1 is nan"),
        ([[[0, 1e300]]], r"query 0: step 0, feature 1 is 1e\+300"),
        ([None], "query 0"),
        ("stroke.inkml", "queries are of type str; give an Ink.*read_inks reads files"),
        (b"stroke.inkml", "queries are of type bytes"),
        (7, "queries are of type int"),
        (np.float64(7), "queries are of type float64"),
    ],
)
def test_what_is_no_query_is_refused(queries, message):
    index = Index(Corpus.from_arrays([np.zeros((4, 2))]))
    with pytest.raises(ArgumentError, match=message):
        index.search(queries)


def test_a_euclidean_index_needs_one_length():
    corpus = Corpus.from_arrays([[0, 1], [2, 3], [4]])
    message = r"sequence 2 has 1 steps, sequence 0 has 2.*FeatureSpec\(steps=32\)"
    with pytest.raises(ArgumentError, match=message):
        Index(corpus, "euclidean")
    index = Index(Corpus.from_arrays([[0, 1], [2, 3]]), "euclidean")
    with pytest.raises(ArgumentError, match="query 1 has 3 steps, the corpus has 2, and euclidean"):
        index.search([np.zeros(2), np.zeros(3)])


def test_an_index_of_nothing_is_refused():
    with pytest.raises(ArgumentError, match="the corpus is empty; a search needs at least one"):
        Index(Corpus.from_arrays([]))


def test_an_index_is_made_of_a_corpus():
    with pytest.raises(ArgumentError, match=r"not of a list; Corpus.from_arrays makes one"):
        Index([[0, 1]])


def test_an_index_of_an_unknown_distance_or_an_idle_radius_is_refused():
    corpus = Corpus.from_arrays([[0]])
    with pytest.raises(UnknownNameError, match="unknown distance 'dwt'; did you mean 'dtw'"):
        Index(corpus, "dwt")
    with pytest.raises(ArgumentError, match="radius=4 means nothing to cloud"):
        Index(corpus, "cloud", radius=4)
    with pytest.raises(ArgumentError, match="radius=-1; use a whole number of steps"):
        Index(corpus, radius=-1)


def test_no_threads_are_refused():
    with pytest.raises(ArgumentError, match="threads=0; use at least 1"):
        Index(Corpus.from_arrays([[0]])).search(np.zeros(1), threads=0)
