import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, CorpusError, OutputError

COLUMNS = ("labels", "writers", "ids", "sources")

texts = st.none() | st.text(max_size=5) | st.sampled_from(["", "é", "字", "\0", "a\nb", "😀"])


@st.composite
def contents(draw):
    """Arrays of one number of features, and a text or None for each in every column."""
    n_features = draw(st.integers(1, 3))
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    shape = st.tuples(st.integers(1, 4), st.just(n_features))
    arrays = draw(st.lists(hnp.arrays(np.float32, shape, elements=numbers), max_size=6))
    column = st.lists(texts, min_size=len(arrays), max_size=len(arrays))
    return arrays, {name: draw(st.none() | column) for name in COLUMNS}


def assert_holds(corpus, arrays, columns):
    assert len(corpus) == len(arrays)
    assert sum(map(len, corpus.shards)) == len(arrays)
    # Bytes, because 0 and -0 are equal and not the same.
    assert [s.tobytes() for s in corpus.sequences] == [a.tobytes() for a in arrays]
    for name in COLUMNS:
        assert list(getattr(corpus, name)) == (columns[name] or [None] * len(arrays))


@pytest.fixture
def corpus():
    """Four entries of two features, in memory."""
    arrays = [[[0, 0], [3, 4]], [[1, 1]], [[2, 2], [2, 2], [2, 2]], [[5, 6]]]
    return Corpus.from_arrays(arrays, labels=["a", None, "", "é"], ids=["0", "1", "2", "3"])


@settings(max_examples=40)
@given(contents())
def test_what_was_put_in_comes_out_of_memory_folder_and_parquet(content):
    arrays, columns = content
    corpus = Corpus.from_arrays(arrays, **columns)
    assert_holds(corpus, arrays, columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert_holds(corpus.save(folder / "corpus"), arrays, columns)
        corpus.to_parquet(folder / "file")
        assert_holds(Corpus.from_parquet(folder / "file"), arrays, columns)


@settings(max_examples=25)
@given(contents(), st.data())
def test_appended_entries_follow_in_their_order(content, data):
    arrays, columns = content
    cuts = data.draw(st.lists(st.integers(0, len(arrays)), max_size=4))
    cuts = [0, *sorted(cuts), len(arrays)]
    parts = [
        Corpus.from_arrays(
            arrays[i:j], **{name: column and column[i:j] for name, column in columns.items()}
        )
        for i, j in itertools.pairwise(cuts)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for grown in (parts[0].save(Path(folder) / "corpus"), Corpus.from_arrays([])):
            for part in parts[1:] if grown.path else parts:
                assert grown.append(part) == len(part)
            assert_holds(grown, arrays, columns)
            assert grown.verify().entries == len(arrays)
        assert_holds(Corpus.open(Path(folder) / "corpus"), arrays, columns)


@given(contents(), st.data())
def test_a_subset_keeps_the_order_given_whatever_the_shards(content, data):
    arrays, columns = content
    sizes = data.draw(st.permutations([len(arrays) // 2, len(arrays) - len(arrays) // 2]))
    whole = Corpus.from_arrays(arrays, **columns)
    corpus = whole.subset(range(sizes[0]))
    corpus.append(whole.subset(range(sizes[0], len(arrays))))
    rows = data.draw(
        st.lists(st.sampled_from(range(len(arrays))), max_size=8) if arrays else st.just([])
    )
    chosen = {name: column and [column[row] for row in rows] for name, column in columns.items()}
    assert_holds(corpus.subset(rows), [arrays[row] for row in rows], chosen)
    assert corpus.subset(rows).n_features == corpus.n_features


def test_a_mask_chooses_the_entries_where_it_is_true(corpus):
    assert list(corpus.subset([True, False, False, True]).ids) == ["0", "3"]
    assert list(corpus.subset(corpus.labels == "").ids) == ["2"]
    assert len(corpus.subset(np.zeros(4, bool))) == 0


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 4], "index 4 into 4 entries"),
        ([-1], "index -1 into 4 entries; they are counted from 0"),
        ([0.5], r"type float64; needed: a list of whole numbers, or a mask"),
        ([[0]], r"shape \(1, 1\)"),
        (2, r"shape \(\)"),
        ([True], "a mask of 1 for 4 entries; give one per entry"),
        (np.zeros(0, bool), "a mask of 0 for 4 entries"),
        (["a"], "needed: a list of whole numbers"),
    ],
)
def test_a_subset_of_what_is_not_there_is_refused(corpus, indices, message):
    with pytest.raises(ArgumentError, match=message):
        corpus.subset(indices)


def test_entries_are_reached_by_number_and_in_turn(corpus):
    assert corpus[1].sequence.tolist() == [[1, 1]]
    assert corpus[np.int64(0)][1:] == ("a", None, "0", None)
    assert corpus[-1].label == corpus[3].label == "é"
    assert [entry.id for entry in corpus] == ["0", "1", "2", "3"]
    assert [entry.sequence.tolist() for entry in corpus] == [s.tolist() for s in corpus.sequences]
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"entry {index} of 4"):
            corpus[index]
    with pytest.raises(TypeError):
        corpus["a"]


def test_a_corpus_says_what_it_is(corpus, tmp_path):
    assert repr(corpus) == "Corpus(4 entries of 2 features in memory, spec=None)"
    saved = corpus.save(tmp_path / "corpus")
    assert repr(saved) == f"Corpus(4 entries of 2 features in '{saved.path}', spec=None)"


def test_all_arrays_are_read_only(corpus, tmp_path):
    for each in (corpus, corpus.save(tmp_path / "corpus"), corpus.subset([0]), corpus.subset([])):
        assert not each.sequences.values.flags.writeable
        assert not each.sequences.offsets.flags.writeable
        assert not each.labels.flags.writeable


def test_arrays_given_are_copied():
    mine = np.ones((2, 2), np.float32)
    corpus = Corpus.from_arrays([mine])
    mine[:] = 7
    assert corpus[0].sequence.tolist() == [[1, 1], [1, 1]]


def test_arrays_of_every_layout_and_type_are_taken():
    table = np.arange(12.0).reshape(3, 4)
    corpus = Corpus.from_arrays([table.T, table[:, ::2].astype(int).T, [[0, 1, 2]]])
    assert corpus[0].sequence.tolist() == table.T.tolist()
    assert corpus[1].sequence.tolist() == table[:, ::2].T.tolist()
    assert corpus.sequences.values.dtype == np.float32
    assert corpus.sequences.offsets.dtype == np.int64


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([[[1, 2]], [[1, 2, 3]]], "sequence 1 has 3 features, sequence 0 has 2"),
        ([[[1]], []], "sequence 1 has 0 steps"),
        ([[[1]], [[np.nan]]], "sequence 1: step 0, feature 0 is nan"),
        ([[[1e300]]], r"sequence 0: step 0, feature 0 is 1e\+300"),
        ([np.zeros((2, 0))], "needed: \\(n_steps, n_features\\)"),
        ([["a"]], "sequence 0 is not an array of numbers"),
    ],
)
def test_arrays_that_are_no_features_are_refused(arrays, message):
    with pytest.raises(ArgumentError, match=message):
        Corpus.from_arrays(arrays)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"labels": ["a", "b"]}, "2 labels for 1 sequences; give one each, None where unknown"),
        ({"writers": []}, "0 writers for 1 sequences"),
        ({"ids": [7]}, "id 0 is 7, of type int; it has to be text or None"),
        ({"sources": [b"file"]}, "source 0 is b'file', of type bytes"),
        ({"labels": [float("nan")]}, "label 0 is nan, of type float"),
        ({"labels": ["\ud800"]}, "label 0 is .*, which is no Unicode text"),
    ],
)
def test_texts_that_do_not_fit_are_refused(columns, message):
    with pytest.raises(ArgumentError, match=message):
        Corpus.from_arrays([[[1.0]]], **columns)


def test_texts_may_be_given_as_a_numpy_array():
    labels = Corpus.from_arrays([[1], [2]], labels=np.array(["a", "b"])).labels
    assert list(labels) == ["a", "b"] and type(labels[0]) is str


def test_texts_for_no_sequences_are_refused():
    with pytest.raises(ArgumentError, match="1 labels for 0 sequences"):
        Corpus.from_arrays([], labels=["a"])


def test_an_empty_corpus_is_a_corpus(tmp_path):
    empty = Corpus.from_arrays([])
    saved = empty.save(tmp_path / "corpus")
    empty.to_parquet(tmp_path / "file")
    for each in (empty, saved, Corpus.from_parquet(tmp_path / "file"), empty.subset([])):
        assert len(each) == len(each.labels) == len(list(each)) == len(each.sequences) == 0
        assert each.shards == () and each.n_features == 0
        assert each.verify()[:3] == (0, 0, 0)
    saved.append(Corpus.from_arrays([[[1, 2]]]))
    assert Corpus.open(tmp_path / "corpus").n_features == 2


def test_a_corpus_may_be_appended_to_itself(corpus, tmp_path):
    saved = corpus.save(tmp_path / "corpus")
    for each in (corpus, saved):
        assert each.append(each) == 4
        assert list(each.labels) == ["a", None, "", "é"] * 2


def test_another_number_of_features_is_refused(tmp_path, corpus):
    wide = Corpus.from_arrays([[[1, 2, 3]]])
    with pytest.raises(ArgumentError, match=r"3 features per step .* into this corpus, .* 2"):
        corpus.append(wide)
    saved = corpus.save(tmp_path / "corpus")
    with pytest.raises(ArgumentError, match=r"3 features per step do not go into .*corpus.* 2"):
        saved.append(wide)
    assert len(saved) == len(Corpus.open(saved.path)) == 4


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path, corpus):
    with pytest.raises(OutputError, match=r"cannot make the folder .*nowhere/corpus: No such file"):
        corpus.save(tmp_path / "nowhere" / "corpus")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot make the folder .*file: File exists"):
        corpus.save(tmp_path / "file")
    with pytest.raises(OutputError, match=r"cannot write .*nowhere"):
        corpus.to_parquet(tmp_path / "nowhere" / "file")


def test_a_file_that_holds_no_corpus_is_not_read_as_parquet(tmp_path, corpus):
    from pyarrow import parquet, table

    with pytest.raises(CorpusError, match="nothing cannot be read: No such file"):
        Corpus.from_parquet(tmp_path / "nothing")
    (tmp_path / "text").write_text("x,y\n1,2\n")
    with pytest.raises(CorpusError, match="text cannot be read as Parquet of a corpus"):
        Corpus.from_parquet(tmp_path / "text")
    parquet.write_table(table({"x": [1]}), tmp_path / "other")
    with pytest.raises(CorpusError, match="other was not made from a corpus"):
        Corpus.from_parquet(tmp_path / "other")
    corpus.to_parquet(tmp_path / "cut")
    (tmp_path / "cut").write_bytes((tmp_path / "cut").read_bytes()[:-20])
    with pytest.raises(CorpusError, match="cut cannot be read"):
        Corpus.from_parquet(tmp_path / "cut")


def test_a_flipped_byte_in_a_parquet_file_is_seen_or_harmless(tmp_path, corpus):
    path = tmp_path / "file"
    corpus.to_parquet(path)
    sound, seen = path.read_bytes(), 0
    for place in range(0, len(sound), 7):
        spoilt = bytearray(sound)
        spoilt[place] ^= 1 << place % 8
        path.write_bytes(spoilt)
        try:
            read = Corpus.from_parquet(path)
        except CorpusError as error:
            assert "file" in str(error)
            seen += 1
        else:
            assert list(read.labels) == list(corpus.labels)
            assert read.sequences.values.tobytes() == corpus.sequences.values.tobytes()
    assert seen > 10


def test_features_in_a_parquet_file_are_checked(tmp_path):
    from pyarrow import parquet

    Corpus.from_arrays([[[1.0]], [[2.0], [3.0]]]).to_parquet(tmp_path / "file")
    table = parquet.read_table(tmp_path / "file")
    spoilt = table.column("features").to_pylist()
    spoilt[1][1][0] = float("inf")
    schema = table.schema
    parquet.write_table(
        type(table).from_pydict(table.to_pydict() | {"features": spoilt}, schema), tmp_path / "file"
    )
    with pytest.raises(CorpusError, match="file: entry 1, step 1, feature 0 is inf"):
        Corpus.from_parquet(tmp_path / "file")


def test_many_small_appends_leave_few_shards(tmp_path, corpus):
    saved = Corpus.from_arrays([]).save(tmp_path / "corpus")
    memory = Corpus.from_arrays([])
    for number in range(40):
        one = Corpus.from_arrays([[[number, 0]]], labels=[str(number)])
        saved.append(one)
        memory.append(one)
    for each in (saved, memory):
        assert [len(shard) for shard in each.shards] == [32, 8]
        assert list(each.labels) == [str(number) for number in range(40)]
        assert each.sequences.values[:, 0].tolist() == list(range(40))
    names = {path.name for path in saved.path.iterdir()}
    assert len(names) == 4  # two shards, the manifest, the lock


def test_one_shard_is_given_as_it_is_and_several_are_joined_once(tmp_path, corpus):
    saved = corpus.save(tmp_path / "corpus")
    assert np.shares_memory(saved.sequences.values, saved.shards[0].values)
    saved.append(corpus.subset([0]))
    assert len(saved.shards) == 2
    assert saved.sequences is saved.sequences
    assert [len(sequence) for sequence in saved.sequences] == [2, 1, 3, 1, 2]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's list of maps")
def test_an_opened_corpus_lies_in_the_file_and_not_in_memory(tmp_path, corpus):
    corpus.save(tmp_path / "corpus")
    opened = Corpus.open(tmp_path / "corpus")
    maps = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    held = [
        range(*(int(end, 16) for end in span.split("-")))
        for span, _, _, _, _, *name in maps
        if name and name[0].startswith(str(tmp_path))
    ]
    for array in (opened.sequences.values, opened.sequences.offsets):
        assert any(array.ctypes.data in span for span in held)
    assert not any(corpus.sequences.values.ctypes.data in span for span in held)


def test_an_index_made_before_an_append_keeps_its_entries(tmp_path, corpus):
    saved = corpus.save(tmp_path / "corpus")
    sequences, labels = saved.sequences, saved.labels
    for _ in range(3):
        saved.append(corpus)
    assert len(sequences) == len(labels) == 4
    assert sequences[2].tolist() == [[2, 2], [2, 2], [2, 2]]


def test_neither_numba_nor_pandas_is_loaded_to_open_a_corpus_nor_pyarrow_before_it(
    tmp_path, corpus
):
    corpus.save(tmp_path / "corpus")
    shown = "print(*(name in sys.modules for name in ('pyarrow', 'numba', 'pandas')))"
    used = f"""
corpus = strokesim.Corpus.open({str(tmp_path / "corpus")!r})
corpus.labels, corpus.sequences, corpus.subset([0])
corpus.append(strokesim.Corpus.from_arrays([[[1, 2]]], labels=["a"]))
"""
    program = f"import sys, strokesim\n{shown}\n{used}\n{shown}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["False False False", "True False False"], done.stderr


def test_checking_and_exporting_tell_of_every_entry(tmp_path):
    corpus = Corpus.from_arrays([[[1.0], [2.0]]] * 7)
    stored = corpus.save(tmp_path / "corpus")
    for act in (
        corpus.verify,
        stored.verify,
        lambda progress: stored.to_parquet(tmp_path / "all.parquet", progress=progress),
    ):
        told = []
        act(progress=told.append)
        assert sum(told) == 7
