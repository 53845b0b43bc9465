"""Numbers converted many at once are those that float gives one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.formats.bulk_numbers import (
    BadNumber,
    number_text,
    parse_numbers,
    parse_values,
    words_per_line,
)
from strokesim.ink import LARGEST

finite = st.floats(-LARGEST, LARGEST, allow_nan=False)
blanks = st.sampled_from([" ", "\n", "\t", "\r\n", "  "])
words = st.text("0123456789+-.eE", min_size=1, max_size=6) | st.integers(-999, 999).map(str)


def one_by_one(text):
    """Return what float makes of each word, or the place of the first that is no number."""
    values, position = [], 0
    for word in text.split():
        position = text.index(word, position)
        try:
            values.append(float(word))
        except ValueError:
            return position
        if not abs(values[-1]) <= LARGEST:
            return position
        position += len(word)
    return values


@given(st.lists(st.tuples(words, blanks)))
def test_converting_many_at_once_is_converting_each(parts):
    text = "".join(word + blank for word, blank in parts)
    expected = one_by_one(text)
    if isinstance(expected, int):
        with pytest.raises(BadNumber) as caught:
            parse_numbers(text.encode())
        assert caught.value.offset == expected
    else:
        values, starts = parse_numbers(text.encode())
        assert values.tobytes() == np.array(expected, float).tobytes()
        assert [text[start:].split()[0] for start in starts] == text.split()


@pytest.mark.parametrize("text", [b"", b" ", b"\n\n", b" \t\r\n"])
def test_blank_text_has_no_numbers(text):
    values, starts = parse_numbers(text)
    assert (len(values), len(starts)) == (0, 0)


@given(finite)
def test_a_written_number_comes_back_to_the_last_bit(value):
    values, _ = parse_numbers(number_text(value).encode())
    assert values.tobytes() == np.array([value]).tobytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1 nan", "'nan' is not a number"),
        (b"inf", "'inf' is not a number"),
        (b"1_0", "'1_0' is not a number"),
        (b"1-2", "'1-2' is not a number"),
        (b"-", "'-' is not a number"),
        (b"1 2-", "'2-' is not a number"),
        (b"1..5", "'1..5' is not a number"),
        (b"0x1F", "'0x1F' is not a number"),
        (b"1e400", "'1e400' is more than a pen can record"),
        (b"-99999999999999999999", "is more than a pen can record"),
        (b"1\x002", "is not a number"),
        ("\u0661".encode(), "is not a number"),
        (b"\xff", "is not a number"),
    ],
)
def test_what_is_no_number_of_a_pen_is_refused(text, message):
    with pytest.raises(BadNumber, match=message):
        parse_numbers(text)


def test_words_are_counted_line_by_line():
    text = b"1 2\n\n3\n4 5 6"
    _, starts = parse_numbers(text)
    assert words_per_line(text, starts).tolist() == [2, 0, 1, 3]
    assert words_per_line(b"", starts[:0]).tolist() == [0]


LONG = b"".join(b"%d %d.5\n" % (number, -number) for number in range(20000))


def test_a_long_text_is_converted_as_its_words_are():
    expected = [float(word) for word in LONG.split()]
    values, starts = parse_numbers(LONG)
    assert values.tolist() == expected
    assert parse_values(LONG).tolist() == expected
    assert [LONG[start : start + 2].strip() for start in starts[:3].tolist()] == [b"0", b"0.", b"1"]
    assert parse_values(b"").tolist() == parse_values(b" \n").tolist() == []


@pytest.mark.parametrize("parse", [parse_numbers, parse_values])
def test_what_is_no_number_is_found_far_into_a_long_text(parse):
    place = LONG.index(b"19000 ")
    with pytest.raises(BadNumber, match="'x' is not a number") as caught:
        parse(LONG[:place] + b"x" + LONG[place + 5 :])
    assert caught.value.offset == place
