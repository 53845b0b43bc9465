"""Tegaki: one character, or many in sets, compressed or not."""

import bz2
import gzip

import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

CHARACTER = """<?xml version="1.0" encoding="UTF-8"?>
<character>
  <utf8>一</utf8>
  <width>500</width>
  <height>400</height>
  <strokes>
    <stroke>
      <point x="196" y="500" pressure="0.25" xtilt="0" ytilt="-0.5" timestamp="10" />
      <point x="203" y="496" pressure="1.0" xtilt="0.1" ytilt="-0.5" timestamp="30" />
    </stroke>
    <stroke><point x="1" y="2" pressure="0" xtilt="0" ytilt="0" timestamp="510" /></stroke>
  </strokes>
</character>
"""
PLAIN = "<character>{}<strokes><stroke><point x='1' y='2'/></stroke></strokes></character>"
COLLECTION = (
    "<character-collection>"
    f"<set name='one'>{PLAIN.format('<utf8>a</utf8>')}{PLAIN.format('')}</set>"
    f"<set name='none'/><set name='two'>{PLAIN.format('<utf8>&lt;</utf8>')}</set>"
    "</character-collection>"
)


def written(tmp_path, content, name="a.xml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_character_has_every_channel_that_its_points_have(tmp_path):
    ink = read_ink(written(tmp_path, CHARACTER))
    assert ink.channels == ("x", "y", "t", "pressure", "xtilt", "ytilt")
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [
        [[196, 500, 0, 0.25, 0, -0.5], [203, 496, 0.02, 1, 0.1, -0.5]],
        [[1, 2, 0.5, 0, 0, 0]],
    ]
    assert (ink.label, ink.writer, ink.id) == ("一", None, "a.xml#0")
    assert ink.notes == {"width": "500", "height": "400"}


def test_a_character_of_positions_only_has_no_time(tmp_path):
    ink = read_ink(written(tmp_path, PLAIN.format("")))
    assert (ink.channels, ink.label, ink.strokes[0].xy.tolist()) == (("x", "y"), None, [[1, 2]])


def test_a_collection_gives_every_character_of_every_set(tmp_path):
    inks = list(read_inks(written(tmp_path, COLLECTION)))
    assert [(ink.label, ink.notes["set"], ink.id) for ink in inks] == [
        ("a", "one", "a.xml#0"), (None, "one", "a.xml#1"), ("<", "two", "a.xml#2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "a.xml.gz"), (bz2.compress, "a.xml.bz2")]
)
def test_compressed_files_are_read_as_what_they_hold(tmp_path, pack, name):
    plain = list(read_inks(written(tmp_path, COLLECTION)))
    packed = list(read_inks(written(tmp_path, pack(COLLECTION.encode()), name)))
    assert [ink.strokes for ink in packed] == [ink.strokes for ink in plain]
    assert [ink.label for ink in packed] == [ink.label for ink in plain]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed_files_that_are_cut_off_or_bombs_are_refused(tmp_path, pack):
    packed = pack(COLLECTION.encode() * 50)
    with pytest.raises(FormatError, match=r"a: is damaged or cut off"):
        list(read_inks(written(tmp_path, packed[:-20], "a")))
    bomb = pack(b"<character><utf8>" + b" " * (20 << 20))
    with pytest.raises(FormatError, match=r"a: is larger than the limit of 16 MiB unpacked"):
        list(read_inks(written(tmp_path, bomb, "a")))


def test_text_that_begins_like_bzip2_is_no_bzip2(tmp_path):
    with pytest.raises(FormatError, match="is no ink in a known format"):
        list(read_inks(written(tmp_path, "BZh9 and so on", "a.dat")))


def test_a_pressure_beyond_its_range_is_cut_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, CHARACTER.replace('pressure="1.0"', 'pressure="512"')))
    assert ink.strokes[0]["pressure"].tolist() == [0.25, 1]
    assert ink.repairs == {"pressure beyond its range": 1}


def test_a_channel_of_only_some_points_is_left_out_and_counted(tmp_path):
    ink = read_ink(written(tmp_path, CHARACTER.replace(' timestamp="30"', "")))
    assert "t" not in ink.channels
    assert ink.repairs == {"timestamp left out": 2}


def test_a_damaged_character_is_refused_or_left_out(tmp_path):
    bad = PLAIN.format("").replace("x='1'", "x='one'")
    path = written(tmp_path, COLLECTION.replace("<set name='none'/>", f"\n<set>{bad}</set>"))
    with pytest.raises(FormatError, match=r"a\.xml:2: x: 'one' is not a number"):
        list(read_inks(path))
    skipped = []
    assert len(list(read_inks(path, lenient=True, skipped=skipped))) == 3
    assert [error.reason for error in skipped] == [
        "x: 'one' is not a number",
        "an ink without strokes; at least one is needed",
    ]


def test_an_empty_collection_holds_no_ink(tmp_path):
    path = written(tmp_path, "<character-collection><set name='a'/></character-collection>")
    with pytest.raises(FormatError, match=r"holds no ink \(Tegaki characters\)"):
        read_ink(path)


def test_characters_of_a_game_are_no_ink(tmp_path):
    path = written(tmp_path, "<character><name>Hero</name></character>")
    with pytest.raises(FormatError, match="is no ink in a known format"):
        read_ink(path)


@settings(max_examples=100)
@given(mutated(CHARACTER.encode()))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "tegaki")
