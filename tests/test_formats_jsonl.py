"""Our own JSON lines carry everything, and say what is wrong with a line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ink_strategies import bits, inks

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks, write_ink
from strokesim.ink import Ink

LINE = '{"strokesim_ink":1,"channels":["x","y"],"strokes":[[[0,3],[0,4]]]}'


@given(st.lists(inks(), min_size=1, max_size=3), st.sampled_from([".jsonl", ".jsonl.gz"]))
def test_reading_what_was_written_gives_every_ink_back_to_the_last_bit(
    tmp_path_factory, given, end
):
    path = tmp_path_factory.mktemp("jsonl") / f"inks{end}"
    assert write_ink(given, path) == len(given)
    again = list(read_inks(path))
    assert again == given
    assert list(map(bits, again)) == list(map(bits, given))


def test_surrogates_and_line_separators_in_a_label_survive(tmp_path):
    ink = Ink.from_arrays([[[0, 0]]], label="\ud800\u2028\n\x85")
    write_ink(ink, tmp_path / "odd.jsonl")
    assert read_ink(tmp_path / "odd.jsonl").label == ink.label


def test_whole_numbers_are_written_as_integers(tmp_path):
    write_ink(Ink.from_arrays([[[0, 0], [3, 4]]]), tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_text() == LINE + "\n"


def changed(**fields):
    return json.dumps(json.loads(LINE) | fields)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINE[:-2], r"bad.jsonl:2: is not JSON at character 65"),
        ("[1]", "is no JSON object"),
        ("[" * 20_000, "nested too deeply"),
        ("\x00", "is not JSON"),
        (changed(strokesim_ink=2), "strokesim_ink is 2; this version reads 1"),
        ('{"strokes":[]}', "strokesim_ink is None"),
        (changed(strokes=[]), "an ink without strokes"),
        (changed(strokes=[[[], []]]), "a stroke without samples"),
        (changed(strokes=[[[1], [1, 2]]]), "stroke 0 has lists of the lengths 1, 2"),
        (changed(strokes=[[[1]]]), "stroke 0 has lists of the lengths 1; needed: 2"),
        (changed(strokes=[[1, 2]]), "each channel of stroke 0 is 1; needed: a list"),
        (changed(strokes=[[[1], ["2"]]]), "channel y: something in the list is not a number"),
        (changed(strokes=[[[1], [True]]]), "channel y: something in the list is not a number"),
        (changed(strokes=[[[1], [float("nan")]]]), "is not JSON: NaN is no number"),
        (changed(strokes=[[[1], [10**400]]]), "beyond 2\\*\\*53"),
        (LINE.replace("4", "1e400"), "y is inf"),
        (LINE.replace("4", "1e300"), "y is 1e\\+300"),
        (LINE.replace("4", "9" * 5000), "4300"),
        (changed(channels=["x", "z"]), "x and y are needed"),
        (changed(channels="xy"), "channels is 'xy'; needed: a list of names"),
        (changed(label=7), "label is 7; needed: a text"),
        (changed(mm_per_unit="1"), "mm_per_unit is a text; needed: a number"),
        (changed(mm_per_unit=0), "a positive number or None"),
        (changed(repairs={"a": "b"}), "repairs is no object of counts by name"),
        (changed(notes=[]), "notes is no object of texts by name"),
        (changed(hover=[{"before": 0}]), "has not the keys before, channels, samples"),
        (
            changed(hover=[{"before": 9, "channels": ["x", "y"], "samples": [[1], [1]]}]),
            "hover before stroke 9 of 1",
        ),
        (changed(lable="a"), "unknown key 'lable'"),
    ],
)
def test_a_damaged_line_is_named_and_only_it_is_lost_when_lenient(tmp_path, line, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(f"{LINE}\n{line}\n{LINE}\n")
    with pytest.raises(FormatError, match=message) as caught:
        list(read_inks(path, format="jsonl"))
    assert (caught.value.source, caught.value.line) == (str(path), 2)
    skipped = []
    assert len(list(read_inks(path, lenient=True, skipped=skipped))) == 2
    assert [str(error) for error in skipped] == [str(caught.value)]
