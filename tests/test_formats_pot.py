"""CASIA's .pot: marks among signed coordinates, tags in three orders."""

import struct

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.table import format_of_file

STROKES = [[(5, 6), (-7, 8)], [(-1, 9)]]
LOW_FIRST = bytes.fromhex("a1b00000")


def record(strokes=STROKES, tag=LOW_FIRST, n_strokes=None, size=None, end=((-1, -1),)):
    pairs = [pair for stroke in strokes for pair in (*stroke, (-1, 0))] + [*end]
    size = 8 + 4 * len(pairs) if size is None else size
    n_strokes = len(strokes) if n_strokes is None else n_strokes
    body = b"".join(struct.pack("<hh", *pair) for pair in pairs)
    return struct.pack("<H4sH", size, tag, n_strokes) + body


def tags_of(text, order):
    """Return tags in one of the orders in which they are published."""
    for character in text:
        code = character.encode("gbk")
        if order == "low first":
            yield code[::-1].ljust(4, b"\0")
        elif order == "high first":
            yield code.ljust(4, b"\0")
        else:
            yield code.rjust(4, b"\0")


def written(tmp_path, content):
    (tmp_path / "1001.pot").write_bytes(content)
    return tmp_path / "1001.pot"


def test_strokes_are_split_at_their_marks_and_coordinates_are_signed(tmp_path):
    ink = read_ink(written(tmp_path, record()))
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[5, 6], [-7, 8]], [[-1, 9]]]
    assert (ink.label, ink.writer, ink.id) == ("啊", "1001", "1001.pot#0")


@pytest.mark.parametrize("order", ["low first", "high first", "last"])
def test_tags_are_read_in_every_order(tmp_path, order):
    text = "啊的一是7A。"
    path = written(tmp_path, b"".join(record(tag=tag) for tag in tags_of(text, order)))
    assert "".join(ink.label for ink in read_inks(path)) == text


@settings(max_examples=30)
@given(
    st.lists(st.integers(0xB0, 0xF7).flatmap(
        lambda high: st.integers(0xA1, 0xFE).map(lambda low: bytes([high, low]))
    ), min_size=40, max_size=60),
    st.booleans(),
)  # fmt: skip
def test_a_file_of_chinese_characters_tells_the_order_of_its_tags(tmp_path_factory, codes, low):
    codes = [code for code in codes if code < b"\xd7\xfa" or code > b"\xd7\xfe"]
    tags = [(code[::-1] if low else code) + b"\0\0" for code in codes]
    path = tmp_path_factory.mktemp("pot") / "1.pot"
    path.write_bytes(b"".join(record(tag=tag) for tag in tags))
    read = [ink.label for ink in read_inks(path)]
    palindromes = all(code == code[::-1] for code in codes)
    assert palindromes or read == [code.decode("gbk") for code in codes]


def test_a_tag_that_means_no_character_is_kept_as_a_note(tmp_path):
    ink = read_ink(written(tmp_path, record(tag=bytes.fromhex("ffff0000"))))
    assert (ink.label, ink.notes) == (None, {"tag": "ffff0000"})


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (record(n_strokes=3), "announces 3 strokes and has 2"),
        (record(n_strokes=65535), "announces 65535 strokes and has 2"),
        (record([[(1, 2), (-1, 0), (3, 4)]]), "announces 1 strokes and has 2"),
        (record(end=((1, 1),)), r"does not end with \(-1, -1\)"),
        (record([[(1, 2), (-1, -1)]]), r"ends with \(-1, -1\) 2 times"),
        (record(end=((1, 1), (-1, -1))), "has samples behind its last stroke"),
        (record([[], [(1, 2)]]), "a stroke without samples"),
    ],
)
def test_a_damaged_character_is_refused_with_its_place_or_left_out(tmp_path, damaged, message):
    path = written(tmp_path, record() + damaged + record())
    with pytest.raises(FormatError, match=rf"1001\.pot: character 1, byte 32: {message}"):
        list(read_inks(path))
    skipped = []
    inks = list(read_inks(path, lenient=True, skipped=skipped))
    assert [ink.id for ink in inks] == ["1001.pot#0", "1001.pot#2"]
    assert len(skipped) == 1


@pytest.mark.parametrize("size", [0, 3, 8, 30, 60000])
def test_behind_a_wrong_size_nothing_is_read(tmp_path, size):
    path = written(tmp_path, record() + record(size=size) + record())
    with pytest.raises(FormatError, match=f"character 1, byte 32: announces {size} bytes"):
        list(read_inks(path))
    assert len(list(read_inks(path, lenient=True))) == 1


def test_a_file_that_was_cut_off_gives_the_characters_that_are_whole(tmp_path):
    path = written(tmp_path, (record() * 3)[:-1])
    with pytest.raises(FormatError, match="character 2, byte 64: announces 32 bytes, and 31 are"):
        list(read_inks(path))
    assert len(list(read_inks(path, lenient=True))) == 2


def test_a_character_longer_than_the_head_is_recognised():
    long = record([[(x, x) for x in range(2000)]])
    assert format_of_file(long[:4096], "1.bin", named=False).name == "pot"
    assert format_of_file(record(), "1.bin", named=False).name == "pot"
    assert format_of_file(bytes(4096), "1.bin", named=False) is None


@settings(max_examples=400)
@given(mutated(record() * 2, record(tag=bytes.fromhex("0000b0a1"))))
def test_damaged_files_are_read_or_refused(data):
    read_or_refused(data, "pot")
