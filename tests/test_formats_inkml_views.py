"""Views of InkML traces: ranges, ground truth of parts, traces that are only defined."""

import json

import pytest
from inkml_documents import document, xs

from strokesim.errors import FormatError, InkError
from strokesim.formats import read_ink, read_inks
from strokesim.formats.inkml import segments
from strokesim.ink import Ink

TRACES = (
    '<trace xml:id="a">0 0,1 0,2 0,3 0</trace><trace xml:id="b">10 0,11 0</trace>'
    '<traceGroup xml:id="g"><trace xml:id="c">20 0,21 0,22 0</trace>'
    '<traceGroup><trace xml:id="d">30 0,31 0</trace></traceGroup></traceGroup>'
)
DEFINED = f"<definitions>{TRACES}</definitions>"


def shown(tmp_path, view):
    """Return x of the strokes that a view of the defined traces makes."""
    return xs(read_ink(document(tmp_path, DEFINED + view)))


@pytest.mark.parametrize(
    ("view", "strokes"),
    [
        ('<traceView traceDataRef="#a"/>', [[0, 1, 2, 3]]),
        ('<traceView traceDataRef="a"/>', [[0, 1, 2, 3]]),
        ('<traceView traceDataRef="#a" from="2" to="3"/>', [[1, 2]]),
        ('<traceView traceDataRef="#a" from="3"/>', [[2, 3]]),
        ('<traceView traceDataRef="#a" to="1"/>', [[0]]),
        ('<traceView traceDataRef="#g"/>', [[20, 21, 22], [30, 31]]),
        ('<traceView traceDataRef="#g" from="2"/>', [[30, 31]]),
        ('<traceView traceDataRef="#g" from="1:3" to="2:1:1"/>', [[22], [30]]),
        ('<traceView traceDataRef="#g" from="1:2" to="1:2"/>', [[21]]),
        ('<traceView traceDataRef="#g" from="1:2" to="1"/>', [[21, 22]]),
        ('<traceView traceDataRef="#g" from="1" to="1:2"/>', [[20, 21]]),
        (
            '<traceView><traceView traceDataRef="#b"/><traceView traceDataRef="#a" to="1"/>'
            "</traceView>",
            [[10, 11], [0]],
        ),
    ],
)
def test_a_view_of_defined_traces_is_an_ink_of_what_it_shows(tmp_path, view, strokes):
    assert shown(tmp_path, view) == strokes


def test_a_view_of_a_view_counts_what_that_one_shows(tmp_path):
    inner = '<traceView xml:id="v" traceDataRef="#a" from="2"/>'
    outer = '<traceView traceDataRef="#v" from="2" to="3"/>'
    path = document(tmp_path, f"<definitions>{TRACES}{inner}</definitions>{outer}")
    assert xs(read_ink(path)) == [[2, 3]]


def test_what_is_said_of_a_view_is_said_of_its_ink(tmp_path):
    view = '<traceView traceDataRef="#a"><annotation type="truth">A</annotation></traceView>'
    view += '<traceView traceDataRef="#b"><annotation type="truth">B</annotation></traceView>'
    inks = list(read_inks(document(tmp_path, DEFINED + view)))
    assert [(ink.label, xs(ink)) for ink in inks] == [("A", [[0, 1, 2, 3]]), ("B", [[10, 11]])]


def test_defined_traces_that_nothing_shows_are_no_ink(tmp_path):
    with pytest.raises(FormatError, match="holds no ink"):
        read_ink(document(tmp_path, DEFINED))


def test_labelled_views_of_an_ink_tell_what_its_parts_are(tmp_path):
    truth = (
        '<traceGroup xml:id="8"><annotation type="truth">Segmentation</annotation>'
        '<traceGroup xml:id="9"><annotation type="truth">x</annotation>'
        '<traceView traceDataRef="0"/><traceView traceDataRef="2"/></traceGroup>'
        '<traceGroup xml:id="10"><annotation type="truth">2</annotation>'
        '<traceView traceDataRef="1" from="2" to="3"/></traceGroup></traceGroup>'
    )
    traces = "".join(f'<trace id="{i}">{i}0 0,{i}1 0,{i}2 0</trace>' for i in range(3))
    writer = '<annotation type="writer">w</annotation><annotation type="UI">u</annotation>'
    ink = read_ink(document(tmp_path, writer + traces + truth))
    assert ink.label is None
    assert json.loads(ink.notes["segments"]) == [
        {"label": "x", "strokes": [0, 2]},
        {"label": "2", "strokes": [[1, 1, 3]]},
    ]
    x, two = segments(ink)
    assert (x.label, x.writer, x.id, xs(x)) == ("x", "w", "u/0", [[0, 1, 2], [20, 21, 22]])
    assert (two.label, xs(two)) == ("2", [[11, 12]])


def test_labelled_groups_inside_a_group_are_parts_of_its_ink(tmp_path):
    def word(label, inside):
        return f'<traceGroup><annotation type="truth">{label}</annotation>{inside}</traceGroup>'

    body = word("ab", word("a", "<trace>1 1</trace>") + word("b", "<trace>2 2</trace>"))
    ink = read_ink(document(tmp_path, body))
    assert ink.label == "ab"
    assert [(part.label, xs(part)) for part in segments(ink)] == [("a", [[1]]), ("b", [[2]])]


def test_parts_follow_strokes_through_hover_continuation_and_lost_samples(tmp_path):
    traces = (
        '<trace type="penUp">9 9</trace><trace xml:id="a" continuation="begin">0 0,? 0,2 0</trace>'
        '<trace xml:id="b">5 5</trace>'
        '<trace xml:id="c" continuation="end" priorRef="#a">3 0,4 0</trace>'
    )
    view = (
        '<traceView><annotation type="truth">l</annotation>'
        '<traceView traceDataRef="#a" from="2"/><traceView traceDataRef="#c" to="1"/>'
        '<traceView traceDataRef="#b"/></traceView>'
    )
    ink = read_ink(document(tmp_path, traces + view))
    assert xs(ink) == [[0, 2, 3, 4], [5]]
    (part,) = segments(ink)
    assert xs(part) == [[2], [3], [5]]


def test_time_in_a_part_begins_with_its_first_sample():
    notes = {"segments": '[{"label": "b", "strokes": [1]}]'}
    ink = Ink.from_arrays([[[0, 0, 0]], [[1, 1, 5], [2, 2, 7]]], ("x", "y", "t"), notes=notes)
    (part,) = segments(ink)
    assert part.strokes[0]["t"].tolist() == [0, 2]
    assert segments(Ink.from_arrays([[[0, 0]]])) == []


@pytest.mark.parametrize(
    "note",
    ["x", "1", "[1]", '[{"label": "a"}]', '[{"label": "a", "strokes": [7]}]', "[" * 9999,
     '[{"label": "a", "strokes": [[0, 0]]}]', '[{"label": "a", "strokes": [[0, 3, 9]]}]',
     '[{"label": "a", "strokes": [-1]}]', '[{"label": "a", "strokes": []}]',
     '[{"label": "a", "strokes": [1.5]}]'],
)  # fmt: skip
def test_a_note_on_parts_that_means_nothing_is_refused(note):
    with pytest.raises(InkError):
        segments(Ink.from_arrays([[[0, 0]]], notes={"segments": note}))


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ('<traceView traceDataRef="#z"/>', r":1: a traceView of '#z', which is not there"),
        ('<traceView traceDataRef="b.xml#a"/>', "a traceView of 'b.xml#a', which is not there"),
        ('<traceView traceDataRef="#a" from="0"/>', "from='0'; needed: numbers from 1"),
        ('<traceView traceDataRef="#a" to="-1"/>', "to='-1'; needed: numbers from 1"),
        ('<traceView traceDataRef="#a" to="1:"/>', "to='1:'; needed: numbers from 1"),
        ('<traceView traceDataRef="#a" to="5"/>', "a traceView from 1 to 5 of 4"),
        ('<traceView traceDataRef="#a" from="3" to="2"/>', "a traceView from 3 to 2 of 4"),
        (f'<traceView traceDataRef="#a" to="{"9" * 9999}"/>', "needed: numbers from 1"),
        ('<traceView xml:id="v" traceDataRef="#v"/>', "in a circle, or show too much"),
    ],
)
def test_a_view_that_shows_nothing_is_refused_with_its_line(tmp_path, view, message):
    with pytest.raises(FormatError, match=message):
        shown(tmp_path, view)


def test_views_that_double_what_they_show_at_every_step_are_refused(tmp_path):
    views = "".join(
        f'<traceView xml:id="v{i + 1}"><traceView traceDataRef="#v{i}"/>'
        f'<traceView traceDataRef="#v{i}"/></traceView>'
        for i in range(60)
    )
    first = '<traceView xml:id="v0" traceDataRef="#a"/>'
    body = f"<definitions>{TRACES}{first}{views}</definitions>"
    with pytest.raises(FormatError, match="in a circle, or show too much"):
        read_ink(document(tmp_path, body + '<traceView traceDataRef="#v60"/>'))


def test_leniently_damaged_views_are_left_out_and_the_ink_stays(tmp_path):
    view = '<traceView><annotation type="truth">x</annotation><traceView traceDataRef="#z"/>'
    body = '<trace xml:id="a">1 2</trace>' + view + "</traceView>"
    skipped = []
    (ink,) = read_inks(document(tmp_path, body), lenient=True, skipped=skipped)
    assert xs(ink) == [[1]] and "segments" not in ink.notes
    assert len(skipped) == 1


def test_leniently_views_of_a_damaged_trace_show_the_rest(tmp_path):
    body = (
        '<trace xml:id="a">1 2</trace><trace xml:id="b">x</trace>'
        '<traceView><annotation type="truth">l</annotation>'
        '<traceView traceDataRef="#a"/><traceView traceDataRef="#b"/></traceView>'
    )
    skipped = []
    (ink,) = read_inks(document(tmp_path, body), lenient=True, skipped=skipped)
    assert [xs(part) for part in segments(ink)] == [[[1]]]
    assert len(skipped) == 1
