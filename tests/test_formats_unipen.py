"""UNIPEN: which samples a segment names, and what the statements around them say."""

import numpy as np
import pytest

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.unipen import unipen_format
from strokesim.ink import Hover, Stroke

SEGMENTED = """.COORD X Y
.SEGMENT WORD 0-4 OK "two"
.SEGMENT CHARACTER 0 ? "t"
.SEGMENT CHARACTER 2,4 ? "o"
.PEN_DOWN
 0 0
 1 1
.PEN_UP
.PEN_DOWN
.PEN_UP
 2 2
 3 3
.PEN_DOWN
 4 4
 5 5
.PEN_UP
 6 6
.PEN_DOWN
 7 7
 8 8
 9 9
.PEN_UP
"""


def written(tmp_path, text, name="a.unipen"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def xy(ink):
    """Return every x of every stroke; y is the same with the other sign."""
    for stroke in ink.strokes:
        np.testing.assert_array_equal(stroke["y"], -stroke["x"])
    return [stroke["x"].tolist() for stroke in ink.strokes]


def test_segments_count_components_with_samples_pen_down_and_pen_up_together(tmp_path):
    two, t, o = read_inks(written(tmp_path, SEGMENTED))
    assert xy(two) == [[0, 1], [4, 5], [7, 8, 9]]
    assert two.hover == (
        Hover(1, Stroke([[2, -2], [3, -3]])),
        Hover(2, Stroke([[6, -6]])),
    )
    assert (xy(t), xy(o)) == ([[0, 1]], [[4, 5], [7, 8, 9]])
    assert [ink.label for ink in (two, t, o)] == ["two", "t", "o"]
    assert dict(two.notes) == {"hierarchy": "WORD", "quality": "OK"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("2", [[4, 5]]),
        ("0-2", [[0, 1], [4, 5]]),
        ("0, 2", [[0, 1], [4, 5]]),
        ("0:1-2:0", [[1], [4]]),
        ("4:1-4:1", [[8]]),
        ("4:2", [[9]]),
        ("2:1-4:1", [[5], [7, 8]]),
    ],
)
def test_a_delineation_names_components_and_samples_inclusively(tmp_path, parts, expected):
    text = SEGMENTED.replace("CHARACTER 0", f"CHARACTER {parts}")
    assert xy(list(read_inks(written(tmp_path, text)))[1]) == expected


@pytest.mark.parametrize("parts", ["5", "3-5", "2-1", "0:7", "0:0-1:2", "1,,2", "0-1-2", "9" * 30])
def test_a_segment_that_names_what_is_not_there_is_refused_or_left_out(tmp_path, parts):
    path = written(tmp_path, SEGMENTED.replace("CHARACTER 0", f"CHARACTER {parts}"))
    with pytest.raises(FormatError, match=r"a.unipen:3: .SEGMENT: ") as caught:
        list(read_inks(path))
    skipped = []
    labels = [ink.label for ink in read_inks(path, lenient=True, skipped=skipped)]
    assert (labels, list(map(str, skipped))) == (["two", "o"], [str(caught.value)])


def test_counting_starts_again_with_each_set(tmp_path):
    one = '.START_SET\n.SEGMENT A 0 ? "a"\n.PEN_DOWN\n1 1\n.PEN_UP\n'
    assert [xy(ink) for ink in read_inks(written(tmp_path, one + one.replace("1", "2")))] == [
        [[1]],
        [[2]],
    ]


def test_a_file_without_segments_is_one_ink(tmp_path):
    ink = read_ink(written(tmp_path, ".PEN_DOWN\n1 1\n.PEN_DOWN\n2 2\n.PEN_UP\n"))
    assert (xy(ink), ink.label, ink.id) == ([[1], [2]], None, "a.unipen#0")


def test_time_is_seconds_from_the_first_sample_and_unknown_channels_stay(tmp_path):
    text = (
        ".COORD T X Y P\n.PEN_DOWN\n5000 1 -1 700\n5010 2 -2 701\n.PEN_UP\n.PEN_DOWN\n5500 3 -3 9\n"
    )
    ink = read_ink(written(tmp_path, text))
    assert ink.channels == ("t", "x", "y", "P")
    assert ink.strokes[0]["t"].tolist() == [0, 0.01]
    assert ink.strokes[1].samples.tolist() == [[0.5, 3, 3, 9]]


def test_dt_never_becomes_a_time(tmp_path):
    ink = read_ink(written(tmp_path, ".PEN_DOWN\n1 1\n.PEN_UP\n.DT 100\n.PEN_DOWN\n2 2\n.PEN_UP\n"))
    assert ink.channels == ("x", "y")


@pytest.mark.parametrize(
    ("declarations", "size"),
    [
        (".X_POINTS_PER_MM 10\n.Y_POINTS_PER_MM 10\n", 0.1),
        (".X_POINTS_PER_INCH 254\n.Y_POINTS_PER_INCH 254\n", 0.1),
        (".X_POINTS_PER_MM 10\n.Y_POINTS_PER_MM 20\n", None),
        (".X_POINTS_PER_MM 10\n", None),
        (".X_POINTS_PER_MM 1e-310\n.Y_POINTS_PER_MM 1e-310\n", None),
        (".X_POINTS_PER_MM 1e400\n.Y_POINTS_PER_MM nan\n", None),
        (".X_POINTS_PER_MM 0\n.Y_POINTS_PER_MM 0\n", None),
        (".X_POINTS_PER_MM ?\n.Y_POINTS_PER_MM ?\n", None),
    ],
)
def test_the_scale_is_known_where_x_and_y_state_the_same(tmp_path, declarations, size):
    ink = read_ink(written(tmp_path, declarations + ".PEN_DOWN\n1 1\n.PEN_UP\n"))
    assert ink.mm_per_unit == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(
    ("quoted", "label"),
    [
        ('"a"', "a"),
        ('"\\""', '"'),
        ('"""', '"'),
        ('"\\@"', "@"),
        ('"\\\\"', "\\"),
        ('"\\n\\t"', "\n\t"),
        ('"a b"', "a b"),
        ('"a\n\tb"', "a  b"),
        ('""', ""),
        ('"0-1"', "0-1"),
        ("", None),
    ],
)
def test_labels_are_unquoted_and_their_escapes_undone(tmp_path, quoted, label):
    ink = read_ink(written(tmp_path, f".SEGMENT A 0 ? {quoted}\n.PEN_DOWN\n1 1\n.PEN_UP\n"))
    assert ink.label == label


def test_declarations_are_kept_as_notes_and_nonsense_is_not_trusted(tmp_path):
    text = (
        ".VERSION 1.0\n.DATA_SOURCE  nici\n.PAD Brand: Wacom\n   Type: PL\n.SKILL ???\n.AGE 24\n"
        ".POINTS_PER_SECOND 9600\n.START_SET first\n.LEXICON_ID x.lex\n"
        ".PEN_DOWN\n1 1\n.PEN_UP\n.AGE ?\n.START_SET\n.PEN_DOWN\n2 2\n"
    )
    first, second = read_inks(written(tmp_path, text))
    common = {"data source": "nici", "pad": "Brand: Wacom Type: PL", "points per second": "9600"}
    assert dict(first.notes) == {**common, "age": "24", "set": "first"}
    assert dict(second.notes) == common
    assert first.channels == ("x", "y")


def test_what_is_declared_behind_the_segments_counts_for_the_ink_ahead_of_which_it_stands(tmp_path):
    text = (
        '.SEGMENT A 0 ? "a"\n.SEGMENT A 1 ? "b"\n.X_POINTS_PER_MM 10\n.Y_POINTS_PER_MM 10\n'
        ".WRITER_ID v\n.PEN_DOWN\n1 1\n.X_POINTS_PER_MM 20\n.Y_POINTS_PER_MM 20\n.PEN_DOWN\n2 2\n"
    )
    inks = list(read_inks(written(tmp_path, text)))
    assert [(ink.mm_per_unit, ink.writer) for ink in inks] == [(0.1, "v"), (0.05, "v")]


def test_free_text_may_begin_with_digits_and_dots_and_be_in_two_encodings(tmp_path):
    text = (
        b".DATA_INFO\n12 words\n1 2\n...and more\n.5 of it\n.COMMENT caf\xc3\xa9\n"
        b'.SEGMENT A 0 ? "\xe9"\n.SEGMENT A 0 ? "\xc3\xa9"\n.PEN_DOWN\n1 1\n.PEN_UP\n'
    )
    assert [(ink.label, xy(ink)) for ink in read_inks(written(tmp_path, text))] == [
        ("\u00e9", [[1]]),
        ("\u00e9", [[1]]),
    ]


def test_a_keyword_of_ones_own_is_declared_first(tmp_path):
    text = ".KEYWORD .SHOE_SIZE [N] of the writer\n.SHOE_SIZE 44\n.PEN_DOWN\n1 1\n"
    assert xy(read_ink(written(tmp_path, text))) == [[1]]


def test_a_level_of_the_hierarchy_is_chosen(tmp_path):
    path = written(tmp_path, SEGMENTED)
    for level, labels in (("WORD", ["two"]), ("CHARACTER", ["t", "o"]), (None, ["two", "t", "o"])):
        inks = read_inks(path, format=unipen_format(level=level))
        assert [ink.label for ink in inks] == labels
    with pytest.raises(FormatError, match="of the level 'LINE'; there are: CHARACTER, WORD"):
        list(read_inks(path, format=unipen_format(level="LINE")))


def test_a_segment_in_the_air_is_no_ink_and_no_error_among_ink(tmp_path):
    path = written(tmp_path, SEGMENTED.replace("CHARACTER 0", "CHARACTER 1"))
    skipped = []
    assert [ink.label for ink in read_inks(path, skipped=skipped)] == ["two", "o"]
    (error,) = skipped
    assert (error.line, error.reason) == (
        3,
        "a .SEGMENT names no ink, only movement in the air",
    )


def test_one_pen_down_may_follow_another(tmp_path):
    text = '.SEGMENT A 1 ? "b"\n.PEN_DOWN\n1 1\n.PEN_DOWN\n2 2\n.PEN_DOWN\n.PEN_DOWN\n3 3\n'
    assert xy(read_ink(written(tmp_path, text))) == [[2]]


def test_a_label_of_latin_1_is_understood(tmp_path):
    ink = read_ink(written(tmp_path, b'.SEGMENT A 0 ? "\xf1"\n.PEN_DOWN\n1 1\n.PEN_UP\n'))
    assert ink.label == "\u00f1"


@pytest.mark.parametrize(
    ("comment", "writer"),
    [
        (".COMMENT 8 12  224\n", "a.unipen/12"),
        (".COMMENT 7 12 224\n", "W"),
        (".COMMENT 8 12\n", "W"),
        (".LEXICON x\n.COMMENT 8 12 224\n", "W"),
        (".COMMENT first\n.COMMENT 8 12 224\n", "W"),
        ("", "W"),
    ],
)
def test_the_writer_stands_in_a_comment_only_as_in_pendigits(tmp_path, comment, writer):
    text = f'.WRITER_ID W\n.SEGMENT DIGIT 0 ? "8"\n{comment}.PEN_DOWN\n1 1\n.PEN_UP\n'
    assert read_ink(written(tmp_path, text)).writer == writer


def test_a_dummy_component_counts_but_is_no_ink(tmp_path):
    text = '.SEGMENT A 0-1 ? "a"\n.PEN_DOWN\n0 0\n.PEN_UP\n.PEN_DOWN\n1 1\n.PEN_UP\n'
    ink = read_ink(written(tmp_path, text))
    assert (xy(ink), dict(ink.repairs)) == ([[1]], {"dummy component left out": 1})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_understood(tmp_path, end):
    text = ".PEN_DOWN\n1 -1\n.5 -.5\n.PEN_UP\n".replace("\n", end)
    assert read_ink(written(tmp_path, text)).strokes[0]["x"].tolist() == [1, 0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".PEN_DOWN\n1 1\n2\n.PEN_UP\n", "bad.unipen:3: a line has 1 numbers; needed: .* X Y"),
        (".PEN_DOWN\n1 1 1\n", "bad.unipen:2: a line has 3 numbers"),
        (".PEN_UP\n\n.PEN_DOWN\n1 1\n1 x\n", "bad.unipen:5: 'x' is not a number"),
        (".PEN_DOWN\n1 nan\n", "bad.unipen:2: 'nan' is not a number"),
        (".PEN_DOWN\n1 1e300\n", "bad.unipen:2: '1e300' is more than a pen can record"),
        (".PEN_DOWN\n1 \xff\n", "bad.unipen:2: .* is not a number"),
        (".PEN_DOWN\n1 1\n\0\n", "bad.unipen:3: holds a NUL byte"),
        (".COORD X T\n.PEN_DOWN\n", "bad.unipen:1: .COORD X T: X and Y are needed"),
        (".COORD X Y X\n.PEN_DOWN\n", "each name only once"),
        (".PEN_DOWN\n1 1\n.SEGMENT\n", "bad.unipen:3: .SEGMENT is not followed by"),
        ("hello\n.PEN_DOWN\n1 1\n", "bad.unipen:1: text ahead of the first keyword"),
        (".5 1\n.PEN_DOWN\n1 1\n", "bad.unipen:1: text ahead of the first keyword"),
        (".PEN_UP\n1 1\n", "a .SEGMENT names no ink, only movement in the air"),
        (".PEN_DOWN\n.PEN_UP\n", "bad.unipen: holds no ink"),
        ('.SEGMENT A 0 ? "a\n.PEN_DOWN\n1 1\n', "bad.unipen:1: .SEGMENT is not followed by"),
        ('.SEGMENT A x ? "a"\n.PEN_DOWN\n1 1\n', "bad.unipen:1: .SEGMENT is not followed by"),
        (".PEN_DWON\n1 1\n", "bad.unipen:1: .PEN_DWON is no keyword of UNIPEN"),
        (".PEN_DOWN\n\x01\n", "bad.unipen:2: nothing that is a number"),
        (".INCLUDE " + "x" * 999 + "\n.PEN_DOWN\n1 1\n", "bad.unipen:1: .INCLUDE x.* too long"),
        (".INCLUDE ../x\n.PEN_DOWN\n1 1\n", "bad.unipen:1: .INCLUDE ../x leaves the folder"),
        (".PEN_DOWN\n1 1\n.INCLUDE bad.unipen\n", "bad.unipen:3: .* includes itself"),
        (".COORD X Y\n.PEN_DOWN\n1 1\n.COORD X Y T\n.PEN_DOWN\n1 1 1\n", "an ink has one set"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path, text, message):
    path = written(tmp_path, text.encode("latin-1"), "bad.unipen")
    with pytest.raises(FormatError, match=message):
        list(read_inks(path))


def test_uji_grows_downwards_and_states_its_scale_class_and_writer(tmp_path):
    text = (
        '.LEXICON "a"\n.COMMENT Class #01: [A] = { "a" , "A" }\n.HIERARCHY CHARACTER\n'
        '.SEGMENT CHARACTER 0 ? "a"\n.COMMENT Class [A]\n\n.PEN_DOWN\n 557  844\n.PEN_UP\n.DT 100\n'
    )
    ink = read_ink(written(tmp_path, text, "UJIpenchars-w07.txt"))
    assert ink.strokes[0].xy.tolist() == [[557, 844]]
    assert (ink.label, ink.writer, ink.mm_per_unit) == ("a", "w07", 0.01)
    assert dict(ink.notes) == {"hierarchy": "CHARACTER", "class": "A"}
    assert read_ink(written(tmp_path, text, "other.txt")).writer is None
    assert read_ink(written(tmp_path, text), format="unipen").strokes[0].xy.tolist() == [
        [557, -844]
    ]


def test_uji_loses_only_a_damaged_character_leniently(tmp_path):
    one = '.SEGMENT CHARACTER %d ? "%s"\n.COMMENT Class [A]\n.PEN_DOWN\n %s\n.PEN_UP\n.DT 100\n'
    text = one % (0, "a", "1 1") + one % (1, "b", "1 O") + one % (2, "c", "3 3")
    path = written(tmp_path, text, "a-w01.uji")
    with pytest.raises(FormatError, match=r"a-w01.uji:10: 'O' is not a number"):
        list(read_inks(path))
    skipped = []
    inks = read_inks(path, format="uji", lenient=True, skipped=skipped)
    assert [(ink.label, ink.strokes[0].xy.tolist()) for ink in inks] == [
        ("a", [[1, 1]]),
        ("c", [[3, 3]]),
    ]
    assert [error.line for error in skipped] == [10]


def test_a_component_too_large_for_one_piece_is_read_whole_and_its_damage_found(tmp_path):
    path = tmp_path / "large.unipen"
    rows = [f"{number} {number % 7}" for number in range(30000)]
    path.write_text(".COORD X Y\n.PEN_DOWN\n" + "\n".join(rows) + "\n.PEN_UP\n")
    assert read_ink(path).strokes[0]["x"].tolist() == list(range(30000))
    rows[25000] = "1"
    path.write_text(".COORD X Y\n.PEN_DOWN\n" + "\n".join(rows) + "\n.PEN_UP\n")
    with pytest.raises(FormatError, match=r"unipen:25003: a line has 1 numbers"):
        read_ink(path)


def test_sets_between_components_keep_them_apart(tmp_path):
    path = tmp_path / "sets.unipen"
    one = '.START_SET a\n.SEGMENT CHARACTER 0 ? "a"\n.PEN_DOWN\n{0} {0}\n'
    path.write_text(".COORD X Y\n" + "".join(one.format(n) for n in (1, 2, 3)))
    assert [ink.strokes[0].xy.tolist() for ink in read_inks(path)] == [
        [[1, -1]], [[2, -2]], [[3, -3]],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "part"), [("components", ".PEN_UP\n1 2\n"), ("segments", '.SEGMENT A 0 ? "a"\n')]
)
def test_a_file_of_hardly_anything_but_statements_is_refused(tmp_path, what, part):
    path = tmp_path / "a.unipen"
    path.write_text(".PEN_DOWN\n1 2\n3 4\n" + part * 25_000)
    with pytest.raises(FormatError, match=f"more than one of the {what} for every 40 bytes"):
        list(read_inks(path))
    # As many are fine in a file that is as large as they are.
    path.write_text(".PEN_DOWN\n1 2\n3 4\n" + part * 25_000 + f".COMMENT {'-' * 10**6}\n")
    assert list(read_inks(path))
