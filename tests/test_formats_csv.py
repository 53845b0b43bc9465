"""CSV: what the columns mean, and what is wrong with a row."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ink_strategies import inks, plain_texts

from strokesim.errors import ArgumentError, FormatError
from strokesim.formats import read_ink, read_inks, write_ink
from strokesim.ink import Hover, Ink, Stroke

ordinary = inks(
    texts=plain_texts, others=st.sampled_from(["P", "speed;km", 'a"b']), everything=False
)


def same(ink, other):
    """Whether two inks are equal but for their source and the order of their channels."""
    paths = zip(
        [*ink.strokes, *(path for _, path in ink.hover)],
        [*other.strokes, *(path for _, path in other.hover)],
        strict=True,
    )
    return (
        (ink.label, ink.writer, ink.id, ink.mm_per_unit)
        == (other.label, other.writer, other.id, other.mm_per_unit)
        and [part.before for part in ink.hover] == [part.before for part in other.hover]
        and all(
            {name: a[name].tobytes() for name in a.channels}
            == {name: b[name].tobytes() for name in b.channels}
            for a, b in paths
        )
    )


@given(st.lists(ordinary, min_size=1, max_size=3))
def test_reading_what_was_written_gives_every_ink_back(tmp_path_factory, given):
    path = tmp_path_factory.mktemp("csv") / "inks.csv"
    assert write_ink(given, path) == len(given)
    again = list(read_inks(path))
    assert len(again) == len(given)
    assert all(map(same, given, again))


def test_the_comparison_of_inks_tells_a_lost_label_and_a_moved_sample():
    ink = Ink.from_arrays([[[0, 0], [1, 1]]], label="a")
    assert same(ink, Ink.from_arrays([[[0, 0], [1, 1]]], label="a"))
    assert not same(ink, Ink.from_arrays([[[0, 0], [1, 1]]]))
    assert not same(ink, Ink.from_arrays([[[0, 0], [1, 2]]], label="a"))


def test_the_smallest_table_is_one_stroke(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n0,0\n3,4\n")
    ink = read_ink(tmp_path / "a.csv")
    assert ink == Ink.from_arrays([[[0, 0], [3, 4]]], id="a.csv#0", source=str(tmp_path / "a.csv"))


def test_a_changing_stroke_column_begins_a_stroke_and_a_changing_id_an_ink(tmp_path):
    (tmp_path / "a.csv").write_text("id,stroke,x,y\nA,0,0,0\nA,1,1,1\nA,1,2,2\nB,1,3,3\n")
    first, second = read_inks(tmp_path / "a.csv")
    assert [len(stroke) for stroke in first.strokes] == [1, 2]
    assert (first.id, second.id, second.n_samples) == ("A", "B", 1)


def test_rows_with_the_pen_up_are_kept_apart_as_hover(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,pen\n0,0,1\n1,1,0\n2,2,0\n3,3,1\n")
    ink = read_ink(tmp_path / "a.csv")
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[0, 0]], [[3, 3]]]
    assert ink.hover == (Hover(1, Stroke([[1, 1], [2, 2]])),)


def test_time_begins_with_the_first_sample_of_each_ink(tmp_path):
    (tmp_path / "a.csv").write_text("ink,x,y,t\n0,0,0,7.5\n0,0,0,8\n1,0,0,9\n1,1,1,9.5\n")
    assert [ink.strokes[0]["t"].tolist() for ink in read_inks(tmp_path / "a.csv")] == [
        [0, 0.5],
        [0, 0.5],
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_semicolons_tabs_capitals_and_byte_order_marks_are_understood(tmp_path, separator, mark):
    text = f"{mark} X, Y ,Label\n1,2,a\n".replace(",", separator)
    (tmp_path / "ink").write_text(text)
    ink = read_ink(tmp_path / "ink")
    assert (ink.strokes[0].xy.tolist(), ink.label) == ([[1, 2]], "a")


def test_blanks_and_line_ends_around_a_number_do_not_matter(tmp_path):
    (tmp_path / "a.csv").write_text('x,y\n" 1\n"," 2"\n')
    assert read_ink(tmp_path / "a.csv").strokes[0].xy.tolist() == [[1, 2]]


def test_a_channel_without_a_single_value_was_not_recorded(tmp_path):
    (tmp_path / "a.csv").write_text("ink,x,y,t\n0,0,0,\n0,1,1,\n1,0,0,0\n")
    assert [ink.channels for ink in read_inks(tmp_path / "a.csv")] == [("x", "y"), ("x", "y", "t")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,1,1", "bad.csv:3: 3 cells; the header names 4"),
        ("1,1,1,a,b", "bad.csv:3: 5 cells; the header names 4"),
        ("1,1,,a", "bad.csv:3: channels .*: x and y are needed"),
        ("1,x,1,a", "bad.csv:3: channel x: 'x' is not a number"),
        ("1,1 2,1,a", "bad.csv:3: channel x: '1 2' is not a number"),
        ("1,nan,1,a", "bad.csv:3: channel x: 'nan' is not a number"),
        ("1,1e300,1,a", "bad.csv:3: channel x: '1e300' is more than a pen can record"),
        ("1,1,1,a\n1,1,1,b", "bad.csv:4: label changes from 'a' to 'b' within an ink"),
        ("1,1,1,a\n1,1,,a", "bad.csv:4: channel y: '' is not a number"),
    ],
)
def test_a_damaged_row_is_named_and_only_its_ink_is_lost_when_lenient(tmp_path, rows, message):
    path = tmp_path / "bad.csv"
    path.write_text(f"ink,x,y,label\n0,0,0,a\n{rows}\n2,0,0,a\n")
    with pytest.raises(FormatError, match=message):
        list(read_inks(path))
    skipped = []
    kept = list(read_inks(path, lenient=True, skipped=skipped))
    assert ([ink.id for ink in kept], len(skipped)) == (["bad.csv#0", "bad.csv#2"], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,z\n1,2\n", "bad.csv:1: the header names no columns x and y"),
        ("x,y,x\n1,2,3\n", "bad.csv:1: the header has a name twice"),
        ("x,y\n", "holds no ink"),
        ("x,y,pen\n1,1,0\n", "an ink without strokes"),
        ("x,y,pen\n1,1,2\n", "bad.csv:2: pen is '2'; 1 is down, 0 in the air"),
        ("x,y,mm_per_unit\n1,1,wide\n", "bad.csv:2: mm_per_unit: 'wide' is not a number"),
        ("x,y,mm_per_unit\n1,1,-1\n", "mm_per_unit is -1.0; a positive number or None"),
        ("ink,x,y\n0,1,1\n1,1,1\n0,1,1\n", "bad.csv:4: the rows of ink '0' do not stand together"),
        ('x,y\n1,"2\n', "bad.csv: is no CSV behind line 1"),
        ("x,y\n1,\xff\n", "bad.csv:2: byte 6 is not utf-8 text"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(tmp_path, text, message):
    (tmp_path / "bad.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=message):
        list(read_inks(tmp_path / "bad.csv", format="csv"))


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (Ink((Stroke([[0, 0, 0]], ("x", "y", "pen")),)), "a channel is called 'pen'"),
        (Ink.from_arrays([[[0, 0]]], label="\ud800"), "CSV is UTF-8, which cannot hold"),
    ],
)
def test_what_csv_cannot_hold_is_refused_and_leaves_no_file(tmp_path, ink, message):
    with pytest.raises(ArgumentError, match=message):
        write_ink(ink, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_ink_of_many_rows_takes_less_than_ten_times_the_file(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(b"x,y,t\n" + b"1,2,3\n" * 100_000)
    tracemalloc.start()
    ink = read_ink(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (ink.strokes[0].xy == [1, 2]).all()
    assert len(ink.strokes[0]) == 100_000
    assert peak < 10 * path.stat().st_size


def test_a_channel_may_not_begin_or_end_far_within_a_stroke(tmp_path):
    path = tmp_path / "bad.csv"
    for ahead, behind in (("1,2,", "1,2,3"), ("1,2,3", "1,2,")):
        path.write_text("x,y,P\n" + f"{ahead}\n" * 500 + f"{behind}\n" * 500)
        with pytest.raises(FormatError, match=r"bad.csv:502: channel P: is empty in some rows"):
            read_ink(path)
        path.write_text("x,y,P\n" + f"{ahead}\n" * 499 + f"{behind}\n" * 501)
        with pytest.raises(FormatError, match=r"bad.csv:\d+: channel P: '' is not a number"):
            read_ink(path)


def test_a_damaged_cell_is_found_behind_cells_with_line_feeds(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text('x,y\n1,"2\n3"\n1,a\n')
    with pytest.raises(FormatError, match=r"bad.csv:3: channel y: '2\\n3' is not a number"):
        read_ink(path)
    path.write_text('x,y\n1,"2\n"\n1,a\n')
    with pytest.raises(FormatError, match=r"bad.csv:4: channel y: 'a' is not a number"):
        read_ink(path)


def test_a_row_that_is_too_long_is_refused_before_it_is_split(tmp_path):
    path = tmp_path / "bad.csv"
    for text, line in (("x,y" + "," * 70_000, 1), ("x,y,P\n1,2,3\n\n1,2" + ",3" * 40_000, 4)):
        path.write_text(text)
        with pytest.raises(FormatError, match=rf"bad.csv:{line}: a row is longer than the 64 KiB"):
            read_ink(path)
    path.write_text('x,y,label\n1,2,"' + "text\n" * 20_000)
    with pytest.raises(FormatError, match=r"bad.csv:13108: .*does a quote not end"):
        read_ink(path)
