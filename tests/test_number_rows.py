"""Rows of numbers: pieces of a file, and what is no row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import number_rows
from strokesim.formats.number_rows import parse_rows
from strokesim.formats.source import Source

tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(-99, 99), min_size=width, max_size=width), min_size=1, max_size=12
    )
)


def text_of(table, separator):
    return "\n".join(separator.join(map(str, row)) for row in table).encode()


@given(tables, st.sampled_from([" ", ",", " ; ", "\t"]), st.integers(1, 30))
def test_rows_come_back_however_the_text_is_cut_into_pieces(table, separator, piece):
    text = text_of(table, separator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(number_rows, "PIECE", piece)
        rows, damaged = parse_rows(
            Source(text, "a"), text, 1, range(1, 5), separator.strip().encode()
        )
    assert rows.tolist() == table
    assert damaged == 0


@given(tables, st.sampled_from([" ", ","]), st.integers(1, 30), st.data())
def test_one_damaged_row_is_named_and_the_others_are_saved(table, separator, piece, data):
    place = data.draw(st.integers(0, len(table)))
    lines = text_of(table, separator).split(b"\n")
    text = b"\n".join([*lines[:place], b"x", *lines[place:]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(number_rows, "PIECE", piece)
        with pytest.raises(FormatError, match=f"^a:{place + 5}: 'x' is not a number"):
            parse_rows(Source(text, "a"), text, 5, range(1, 5), separator.strip().encode())
        rows, damaged = parse_rows(
            Source(text, "a", lenient=True), text, 5, range(1, 5), separator.strip().encode()
        )
    assert (rows.tolist(), damaged) == (table, 1)


def test_all_rows_are_as_wide_as_the_first_even_across_pieces(monkeypatch):
    monkeypatch.setattr(number_rows, "PIECE", 1)
    with pytest.raises(FormatError, match="a:2: has 3 numbers; needed: 2"):
        parse_rows(Source(b"", "a"), b"1 2\n3 4 5\n", 1, (2, 3))


def test_text_without_rows_gives_none_of_the_greatest_width():
    rows, damaged = parse_rows(Source(b"", "a"), b"\n \n", 1, (4, 7))
    assert (rows.shape, damaged) == ((0, 7), 0)
    assert np.array_equal(parse_rows(Source(b"", "a"), b"", 1, (2,))[0], np.empty((0, 2)))


def test_a_line_beyond_the_limit_is_refused_and_its_neighbours_are_saved(monkeypatch):
    monkeypatch.setattr(number_rows, "PIECE", 4)
    monkeypatch.setattr(number_rows, "LONGEST_LINE", 5)
    text = b"1 2\n3 4\n5 666666\n7 8"
    with pytest.raises(FormatError, match="a:3: is longer than the 0 MiB that a line may be"):
        parse_rows(Source(text, "a"), text, 1, (2,))
    source = Source(text, "a", lenient=True)
    rows, damaged = parse_rows(source, text, 1, (2,))
    assert (rows.tolist(), damaged) == ([[1, 2], [3, 4], [7, 8]], 1)
    assert len(source.skipped) == 1
