"""UNIPEN written and read again: the same ink, or a clear refusal."""

import io

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ink_strategies import inks

from strokesim.errors import ArgumentError
from strokesim.formats import FORMATS, read_inks, write_ink
from strokesim.formats.source import Source
from strokesim.ink import Hover, Ink, Stroke

labels = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\f\v"), max_size=6
)
words = st.from_regex(r"[A-Za-z_][\w:]{0,4}", fullmatch=True).filter(
    lambda name: name not in ("X", "Y", "T") and ":" not in name
)


def written(*several):
    file = io.BytesIO()
    FORMATS["unipen"].write(several, file)
    return file.getvalue()


def read(data):
    return list(FORMATS["unipen"].read(Source(data, "f", "f")))


def timed_paths(several):
    return [path for ink in several for path in ink.strokes if "t" in path.channels]


def without_dummies(ink):
    paths = [*ink.strokes, *(part.path for part in ink.hover)]
    return all(len(path) > 1 or path["x"].any() or path["y"].any() for path in paths)


@settings(max_examples=150)
@given(st.lists(inks(texts=labels, others=words), min_size=1, max_size=3))
def test_what_is_written_comes_back(several):
    several = [
        Ink(*ink._fields()[:2], None if ink.writer is None else "w" + ink.writer.strip() + "w",
            "id" if ink.id is None else ink.id, None, *ink._fields()[5:])
        for ink in several
    ]  # fmt: skip
    assume(all(map(without_dummies, several)))
    assume(all(ink.writer is None or len(ink.writer.splitlines()) == 1 for ink in several))
    assume(all(abs(path["t"]).max() < 2**40 for path in timed_paths(several)))
    assume(all({*ink.notes} & {"hierarchy", "quality"} == set() for ink in several))
    for ink, back in zip(several, read(written(*several)), strict=True):
        for name in ("label", "writer", "id", "mm_per_unit", "repairs", "notes", "channels"):
            assert getattr(back, name) == getattr(ink, name)
        paths = zip([*ink.strokes, *(part.path for part in ink.hover)],
                    [*back.strokes, *(part.path for part in back.hover)], strict=True)  # fmt: skip
        for path, path_back in paths:
            for channel in path.channels:
                expected, got = path[channel], path_back[channel]
                if channel == "t":
                    assert np.all(np.abs(got - expected) <= np.spacing(np.abs(expected)))
                elif channel == "y":
                    np.testing.assert_array_equal(got, expected)
                else:
                    assert got.tobytes() == expected.tobytes()
        assert [part.before for part in back.hover] == [part.before for part in ink.hover]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_whole_milliseconds_come_back_to_the_last_bit(stamps):
    samples = [[1.0, 1.0, (stamp - stamps[0]) / 1000] for stamp in stamps]
    ink = Ink.from_arrays([samples], ("x", "y", "t"), id="a")
    assert read(written(ink)) == [Ink.from_arrays([samples], ("x", "y", "t"), id="a", source="f")]


def test_the_text_is_what_the_definition_asks_for():
    ink = Ink(
        (Stroke([[1, -2, 0, 0.5], [1e-7, 3, 0.01, 1]], ("x", "y", "t", "pressure")),),
        label='say "a\\"',
        writer="w 1",
        hover=(Hover(1, Stroke([[5, 6]])),),
        mm_per_unit=0.1,
        notes={"hierarchy": "WORD", "quality": "GOOD", "brush": "thin"},
    )
    head = ".VERSION 1.0\n" + "".join(
        line + "\n" for line in written(ink).decode().split("\n") if line.startswith(".KEYWORD")
    )
    assert written(ink).decode().removeprefix(head) == (
        ".WRITER_ID w 1\n"
        '.SEGMENT WORD 0-1 GOOD "say \\"a\\\\\\""\n'
        ".INK_SCALE 0.1\n"
        '.INK_NOTE "brush" "thin"\n'
        ".RESERVE pressure coordinate of strokesim\n"
        ".COORD X Y T pressure\n"
        ".PEN_DOWN\n1 2 0 0.5\n0.0000001 -3 10 1\n"
        ".COORD X Y\n"
        ".PEN_UP\n5 -6\n"
    )
    (back,) = read(written(ink))
    assert (back.strokes, back.hover, back.label) == (ink.strokes, ink.hover, ink.label)
    assert (back.notes, back.writer, back.id) == (ink.notes, "w 1", "f#0")


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (Ink.from_arrays([[[0, 0]]], id="dot"), "ink dot: a stroke of the one sample 0 0 is UNI"),
        (Ink.from_arrays([[[1, 1, 1]]], ("x", "y", "T")), "ink number 1: a channel is called 'T'"),
        (Ink.from_arrays([[[1, 1, 1]]], ("x", "y", "a b")), "a channel is called 'a b', which"),
        (Ink.from_arrays([[[1, 1, 1]]], ("x", "y", "")), "a channel is called ''"),
        (Ink.from_arrays([[[1, 1]]], label="a\0"), r"holds U\+0000, which UNIPEN cannot tell"),
        (Ink.from_arrays([[[1, 1]]], label="\ud800"), r"holds U\+D800, which UNIPEN cannot tell"),
        (Ink.from_arrays([[[1, 1]]], writer="a\n.b"), r"the writer is 'a\\n.b', which UNIPEN"),
        (Ink.from_arrays([[[1, 1]]], writer=" "), r"the writer is ' ', which UNIPEN"),
        (Ink.from_arrays([[[1, 1]]], writer=""), r"the writer is '', which UNIPEN"),
        (Ink.from_arrays([[[1, 1]]], writer="?\x85"), "the writer is .*write another format, such"),
        (
            Ink.from_arrays([[[1, 1, 0], [1, 1, 2**53]]], ("x", "y", "t")),
            "a time of 9.0072e\\+15 s is beyond UNIPEN's milliseconds",
        ),
    ],
)
def test_what_unipen_cannot_hold_is_refused_and_nothing_is_written(tmp_path, ink, message):
    sound = Ink.from_arrays([[[1, 1]]])
    with pytest.raises(ArgumentError, match=message):
        write_ink([sound, ink], tmp_path / "a.unipen")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_told_by_its_suffix_and_sniffed(tmp_path):
    ink = Ink.from_arrays([[[1, 1], [2, 2]]], label="a", id="7")
    write_ink([ink, ink], tmp_path / "a.unipen")
    assert [back.id for back in read_inks(tmp_path / "a.unipen")] == ["7", "7"]


@pytest.mark.parametrize(
    "line",
    [
        '.INK_ID "a" "b"',
        ".INK_SCALE x",
        ".INK_SCALE -1",
        '.INK_ID "a',
        '.INK_NOTE "a"',
        '.INK_REPAIR "a"',
    ],
)
def test_damage_to_what_is_ours_loses_the_ink_only(tmp_path, line):
    sound = '.SEGMENT A 0 ? "a"\n'
    path = tmp_path / "a.unipen"
    path.write_text(sound + sound + line + "\n.PEN_DOWN\n1 1\n")
    skipped = []
    assert len(list(read_inks(path, lenient=True, skipped=skipped))) == 1
    (error,) = skipped
    assert (error.line, error.reason[:24]) == (2, "what .INK_... says about")
