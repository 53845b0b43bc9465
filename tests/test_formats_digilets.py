"""DigiLeTs: the pen flag marks the first sample of a stroke."""

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.digilets import SYMBOLS
from strokesim.formats.table import format_of_file

NAME = "005-f-19-right_2019-06-19-12-21-40"
SAMPLES = b"0.1 0.2 0.0 1 0.0 0.3 0.4 0.5 0 0.02 0.5 0.6 0.7 1 0.3 0.7 0.8 0.25 0 0.32\n"


def one_hot(symbol):
    return b" ".join(b"1.0" if known == symbol else b"0.0" for known in SYMBOLS) + b"\n"


CHARACTER = SAMPLES + one_hot("b")


def written(tmp_path, content, name=NAME):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_the_flag_marks_the_first_sample_of_a_stroke(tmp_path):
    ink = read_ink(written(tmp_path, CHARACTER))
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [
        [[0.1, -0.2, 0, 0], [0.3, -0.4, 0.02, 0.5]],
        [[0.5, -0.6, 0.3, 0.7], [0.7, -0.8, 0.32, 0.25]],
    ]
    assert (ink.label, ink.writer, ink.mm_per_unit) == ("b", "005", 20)
    assert not ink.hover


def test_samples_without_pressure_are_hover_unless_they_begin_a_stroke(tmp_path):
    line = b"9 9 0 0 0 1 1 0 1 1 2 2 0.5 0 2 3 3 0 0 3 4 4 0.5 1 4\n"
    ink = read_ink(written(tmp_path, line + one_hot("0")), format="digilets")
    assert [stroke["x"].tolist() for stroke in ink.strokes] == [[1, 2], [4]]
    assert [(part.before, part.path["x"].tolist()) for part in ink.hover] == [(0, [9]), (1, [3])]


def test_symbols_are_digits_small_and_capital_letters(tmp_path):
    path = written(tmp_path, b"".join(SAMPLES + one_hot(symbol) for symbol in SYMBOLS))
    inks = list(read_inks(path))
    assert "".join(ink.label for ink in inks) == SYMBOLS
    assert inks[61].id == f"{NAME}#61"


@pytest.mark.parametrize(
    ("samples", "symbol", "line", "message"),
    [
        (b"1 2 3 1\n", one_hot("b"), 3, "has 4 numbers; needed: five per sample"),
        (b"\n", one_hot("b"), 3, "has 0 numbers"),
        (b"1 2 3 2 0\n", one_hot("b"), 3, "sample 0: put down is 2; needed: 0 or 1"),
        (b"1 nan 3 1 0\n", one_hot("b"), 3, "'nan' is not a number"),
        (b"1 1e400 3 1 0\n", one_hot("b"), 3, "'1e400' is more than a pen can record"),
        (b"1 2 \0 1 0\n", one_hot("b"), 3, r"'\\x00' is not a number"),
        (b"1 2 0 0 0\n", one_hot("b"), 3, "an ink without strokes"),
        (SAMPLES, one_hot("?"), 4, "names no symbol; needed: 62 numbers"),
        (SAMPLES, one_hot("b").replace(b"1.0", b"x"), 4, "names no symbol: 'x' is not a number"),
        (SAMPLES, b"1.0\n", 4, "names no symbol"),
    ],
)
def test_a_damaged_character_is_refused_with_its_line_or_left_out(
    tmp_path, samples, symbol, line, message
):
    path = written(tmp_path, CHARACTER + samples + symbol + CHARACTER)
    with pytest.raises(FormatError, match=f"40:{line}: {message}"):
        list(read_inks(path))
    skipped = []
    inks = list(read_inks(path, lenient=True, skipped=skipped))
    assert ([ink.id[-2:] for ink in inks], len(skipped)) == (["#0", "#2"], 1)


def test_a_file_that_was_cut_off_behind_a_line_of_samples_is_refused(tmp_path):
    path = written(tmp_path, CHARACTER + SAMPLES)
    with pytest.raises(FormatError, match="40:4: names no symbol"):
        list(read_inks(path))
    assert len(list(read_inks(path, lenient=True))) == 1


def test_pressure_beyond_its_range_is_cut_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, b"1 2 1.5 1 0 1 2 -1 0 1\n" + one_hot("b")))
    assert ink.strokes[0]["pressure"].tolist() == [1, 0]
    assert ink.repairs == {"pressure beyond its range": 2}


def test_the_files_of_flags_beside_the_samples_are_no_ink():
    assert format_of_file(b"0 0 0 0 0 0 0 0 0 0 0 0\n0\n", f"{NAME}_info", named=False) is None
    assert format_of_file(CHARACTER, NAME, named=False).name == "digilets"
    assert format_of_file(SAMPLES[:-1] * 99, NAME, named=False).name == "digilets"


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_there_are_as_many_strokes_as_flags(tmp_path_factory, flags):
    path = tmp_path_factory.mktemp("digilets") / "a"
    flags = [True, *flags]
    line = " ".join(f"{k} {k} 0.5 {flag:d} {k / 50}" for k, flag in enumerate(flags))
    path.write_bytes(line.encode() + b"\n" + one_hot("Z"))
    ink = read_ink(path)
    assert len(ink.strokes) == sum(flags)
    assert ink.n_samples == len(flags)


@settings(max_examples=400)
@given(mutated(CHARACTER * 2))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "digilets")
