"""Quick, Draw!: arrays and lines, simplified and raw."""

import json

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

SIMPLIFIED = {
    "word": "cat", "countrycode": "DE", "timestamp": "2017-03-03 20:39:08.85189 UTC",
    "recognized": True, "key_id": "6665588124418048", "drawing": [[[0, 4], [0, 3]], [[7], [9]]],
}  # fmt: skip
RAW = {"word": "cat", "drawing": [[[0, 4], [0, 3], [100, 150]], [[7], [9], [1100]]]}


def written(tmp_path, content, name="cat.ndjson"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_simplified_drawing_has_its_word_and_no_time(tmp_path):
    ink = read_ink(written(tmp_path, json.dumps(SIMPLIFIED)))
    assert ink.label == "cat"
    assert ink.id == "6665588124418048"
    assert ink.writer is None
    assert ink.channels == ("x", "y")
    assert [stroke.samples.tolist() for stroke in ink.strokes] == [[[0, 0], [4, 3]], [[7, 9]]]
    assert ink.notes["countrycode"] == "DE"
    assert ink.notes["recognized"] == "True"


def test_a_raw_drawing_has_time_in_seconds_from_its_first_sample(tmp_path):
    ink = read_ink(written(tmp_path, json.dumps(RAW)))
    assert ink.channels == ("x", "y", "t")
    assert [stroke["t"].tolist() for stroke in ink.strokes] == [[0, 0.05], [1.0]]


def test_an_id_of_64_bits_keeps_every_digit(tmp_path):
    drawing = SIMPLIFIED | {"key_id": 2**63 - 1}
    assert read_ink(written(tmp_path, json.dumps(drawing))).id == "9223372036854775807"


@pytest.mark.parametrize("name", ["cat.json", "cat.ndjson", "cat.txt"])
def test_an_array_and_lines_hold_the_same(tmp_path, name):
    lines = written(tmp_path, f"{json.dumps(SIMPLIFIED)}\n\n{json.dumps(SIMPLIFIED)}\n", name)
    from_lines = [ink.strokes for ink in read_inks(lines)]
    array = written(tmp_path, b"\xef\xbb\xbf\n" + json.dumps([SIMPLIFIED] * 2).encode(), name)
    assert [ink.strokes for ink in read_inks(array)] == from_lines
    assert len(from_lines) == 2


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        ({"word": "cat"}, 'an object with a list "drawing" is needed'),
        ({"word": "cat", "drawing": 5}, 'an object with a list "drawing" is needed'),
        ([1, 2], 'an object with a list "drawing" is needed'),
        ({"word": "cat", "drawing": []}, "an ink without strokes"),
        ({"word": "cat", "drawing": [[]]}, "stroke 0 is not lists; needed: one of x"),
        ({"word": "cat", "drawing": [[[1], [1], [1], [1]]]}, "stroke 0 is not lists"),
        ({"word": "cat", "drawing": [[[], []]]}, "stroke 0 has lists of 0 and 0 numbers"),
        ({"word": "cat", "drawing": [[[1, 2]]]}, "stroke 0 is not lists"),
        ({"word": "cat", "drawing": [[[1], [1, 2]]]}, "stroke 0 has lists of 1 and 2 numbers"),
        ({"word": "cat", "drawing": [[["1"], ["2"]]]}, "stroke 0: x holds '1'; needed: numbers"),
        ({"word": "cat", "drawing": [[[1], [True]]]}, "stroke 0: y holds True; needed: numbers"),
        ({"word": "cat", "drawing": [[[10**400], [1]]]}, "stroke 0: x holds more than a pen can"),
        ({"word": "cat", "drawing": [[[1e300], [1]]]}, "stroke 0: x holds more than a pen can"),
        ({"word": "cat", "drawing": "[[[1], [1]]"}, 'the text of "drawing" is not JSON at char'),
        ({"word": "cat", "drawing": "\ud800"}, 'the text of "drawing" '),
        ({"word": "cat", "drawing": [[[1], [1], [1]], [[1], [1]]]}, "stroke 1 has the channels x"),
        ({"word": "cat", "drawing": [[[1], [1]], [[1], [1], [1]]]}, "stroke 1 has the channels x"),
    ],
)
def test_damaged_drawings_are_refused_or_left_out(tmp_path, drawing, message):
    good, bad = json.dumps(SIMPLIFIED), json.dumps(drawing)
    lines = written(tmp_path, f"{good}\n{bad}\n{good}\n")
    with pytest.raises(FormatError, match=rf"cat\.ndjson:2: {message}"):
        list(read_inks(lines, format="quickdraw"))
    skipped = []
    assert len(list(read_inks(lines, lenient=True, skipped=skipped))) == 2
    assert len(skipped) == 1
    array = written(tmp_path, f"[{good},\n{bad},{good}]", "cat.json")
    with pytest.raises(FormatError, match=rf"cat\.json:2: {message}"):
        list(read_inks(array, format="quickdraw"))
    assert len(list(read_inks(array, lenient=True))) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"word": "cat", "drawing": [[[0', r"cat\.ndjson:1: is not JSON at character 32"),
        ('[\n{"word": "cat",\n"drawing": [}]', r"cat\.ndjson:3: is not JSON at column 13"),
        ('{"word": "cat", "drawing": [[[NaN], [1]]]}', "is not JSON: NaN is no number"),
        ('[{"word": "cat", "drawing": [[[NaN], [1]]]}]', "is not JSON: NaN is no number"),
        ('[{"word": "cat", "drawing": ' + "[" * 20_000, "is nested too deeply"),
        ('[{"word": "cat", "drawing": [[[1], [1]]]}]]', "1: text behind the array"),
        ('[{"word": "cat", "drawing": [[[1], [1]]]},]', "is not JSON at column 43"),
        ('[{"word": "cat", "drawing": [[[1], [1]]]} 5]', "',' or '\\]' expected"),
        (b'[{"word": "\xff", "drawing": [[[1], [1]]]}]', "byte 11 is not utf-8 text"),
        ('{"word": "cat", "drawing": [[[1], [1\0]]]}', "is not JSON at character 37"),
        (b'{"word": "\xff", "drawing": [[[1], [1]]]}', "is not JSON: 'utf-8' codec"),
        ('{"word": "cat", "drawing": ' + "[" * 20_000, "is nested too deeply"),
        ('{"word": "cat", "drawing": [' + "1" * 5000 + "]}", "is not JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        list(read_inks(written(tmp_path, content)))


def test_an_array_cut_off_gives_the_drawings_ahead(tmp_path):
    one = json.dumps(SIMPLIFIED)
    path = written(tmp_path, f"[{one},\n{one},\n{one[:-9]}", "cat.json")
    with pytest.raises(FormatError, match=r"cat\.json:3: is not JSON at column"):
        list(read_inks(path))
    skipped = []
    assert len(list(read_inks(path, lenient=True, skipped=skipped))) == 2
    assert len(skipped) == 1


def test_a_drawing_may_be_text_that_holds_the_list(tmp_path):
    as_text = SIMPLIFIED | {"drawing": json.dumps(SIMPLIFIED["drawing"])}
    path = written(tmp_path, json.dumps(as_text))
    assert read_ink(path).strokes == read_ink(written(tmp_path, json.dumps(SIMPLIFIED))).strokes


@pytest.mark.parametrize(
    ("key", "id", "repairs"),
    [
        ("18446744073709551615", "18446744073709551615", {}),
        ('"0006665588124418048"', "0006665588124418048", {}),
        ("6665588124418048.0", "6665588124418048", {}),
        ("1.8446744073709552e19", None, {"key_id without all its digits left out": 1}),
        ("1e400", None, {"key_id without all its digits left out": 1}),
        ("0.5", None, {"key_id without all its digits left out": 1}),
    ],
)
def test_an_id_has_all_its_digits_or_is_left_out(tmp_path, key, id, repairs):
    text = json.dumps(SIMPLIFIED).replace('"6665588124418048"', key)
    ink = read_ink(written(tmp_path, text))
    assert (ink.id, ink.repairs) == (id, repairs)


def test_times_that_stand_still_or_step_back_are_kept(tmp_path):
    drawing = {"word": "cat", "drawing": [[[1, 2, 3, 4], [1, 1, 1, 1], [50, 50, 40, 60]]]}
    ink = read_ink(written(tmp_path, json.dumps(drawing)))
    assert ink.strokes[0]["t"].tolist() == [0, 0, -0.01, 0.01]


strokes = st.lists(
    st.integers(1, 5).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 255), min_size=n, max_size=n)] * 2)
    ),
    min_size=1,
    max_size=4,
)


@given(strokes)
def test_every_drawing_comes_back_number_by_number(tmp_path_factory, drawing):
    path = tmp_path_factory.mktemp("drawing") / "drawing.ndjson"
    path.write_text(json.dumps({"word": "?", "drawing": drawing}))
    read = [stroke.xy.T.tolist() for stroke in read_ink(path).strokes]
    assert read == [[list(map(float, column)) for column in stroke] for stroke in drawing]


LINES = f"{json.dumps(RAW)}\n{json.dumps(SIMPLIFIED)}\n".encode()
ARRAY = json.dumps([SIMPLIFIED, RAW], indent=1).encode()


@settings(max_examples=100)
@given(mutated(LINES, ARRAY))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "quickdraw")


@pytest.mark.data
def test_the_published_sample_is_twenty_angels(data):
    inks = list(read_inks(data / "quickdraw"))
    assert len(inks) == 20
    assert {ink.label for ink in inks} == {"angel"}
    assert inks[0].id == "6665588124418048"
    assert all(0 <= stroke.xy.min() <= stroke.xy.max() <= 255 for i in inks for stroke in i.strokes)
    assert np.array_equal(inks[0].strokes[0].xy[0], [128, 40])
