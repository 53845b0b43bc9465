"""The published recordings, read whole: as many inks, writers and oddities as were counted."""

import zipfile
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from strokesim.formats import read_ink, read_inks
from strokesim.ink import Ink, Stroke

pytestmark = pytest.mark.data


def test_every_ink_of_pendigits_is_read_from_44_writers(data):
    training = list(read_inks(data / "pendigits" / "pendigits-orig.tra"))
    testing = list(read_inks(data / "pendigits" / "pendigits-orig.tes"))
    assert (len(training), len(testing)) == (7494, 3498)
    writers = [{ink.writer for ink in inks} for inks in (training, testing)]
    assert [len(names) for names in writers] == [30, 14]
    assert not writers[0] & writers[1]
    inks = training + testing
    assert {ink.label for ink in inks} == set("0123456789")
    assert len({ink.id for ink in inks}) == 10992
    assert {ink.channels for ink in inks} == {("x", "y")}
    assert {ink.notes["missing include"] for ink in inks} == {"dene.doc"}
    assert not any(ink.repairs or ink.hover for ink in inks)
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    assert len(strokes) == 9433 + 4257
    assert sum(len(stroke) == 1 for stroke in strokes) == 4
    repeated = sum(int((np.diff(stroke.xy, axis=0) == 0).all(axis=1).sum()) for stroke in strokes)
    assert repeated == 3525


def test_the_first_ink_of_pendigits_is_the_8_that_stands_there(data):
    ink = next(read_inks(data / "pendigits" / "pendigits-orig.tra"))
    assert (ink.label, ink.writer, ink.id) == (
        "8",
        "pendigits-orig.tra/12",
        "pendigits-orig.tra#0",
    )
    assert ink.strokes[0].xy[:2].tolist() == [[267, -333], [267, -336]]
    assert (len(ink.strokes), ink.n_samples) == (1, 78)


def test_the_pendigits_folder_gives_its_ink_in_both_of_its_forms(data):
    inks = read_inks(data / "pendigits")
    recorded = Counter("-orig" in ink.source for ink in inks)
    assert recorded == {True: 10992, False: 10992}


def test_every_ink_of_uji_is_read(data):
    inks = list(read_inks(data / "ujipenchars"))
    assert len(inks) == len({ink.id for ink in inks}) == 1364
    assert Counter(ink.writer for ink in inks) == {f"w{i:02}": 124 for i in range(1, 12)}
    assert set(Counter(ink.label for ink in inks).values()) == {22}
    assert len({ink.label for ink in inks}) == 62
    assert len({ink.notes["class"] for ink in inks}) == 35
    assert {ink.mm_per_unit for ink in inks} == {0.01}
    assert sum(len(ink.strokes) for ink in inks) == 1854


def test_both_versions_of_uji_have_the_same_first_a(data):
    first = next(read_inks(data / "ujipenchars"))
    inks = list(read_inks(data / "ujipenchars2_excerpt"))
    assert [ink.label for ink in inks] == ["a", "a", "c", "j", "ñ"]
    assert [len(ink.strokes) for ink in inks] == [1, 1, 1, 2, 2]
    assert inks[0].strokes == first.strokes


def test_every_drawing_of_omniglot_is_read_and_what_is_in_both_archives_is_the_same(data):
    archives = sorted((data / "omniglot").glob("*.zip"))
    inks = list(read_inks(*archives))
    by_id = {ink.id: ink for ink in inks}
    assert len(by_id) == 4840
    assert len({ink.label for ink in inks}) == 242
    assert set(Counter(ink.label for ink in by_id.values()).values()) == {20}
    assert len({label.split("/")[0] for label in {ink.label for ink in inks}}) == 8
    twice = Counter(ink.label.split("/")[0] for ink in inks if by_id[ink.id] is not ink)
    assert twice == {"Greek": 480, "Latin": 520}
    assert all(ink.strokes == by_id[ink.id].strokes for ink in inks)
    # Counted over both archives, as they lie.
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    assert sum(len(stroke) == 1 for stroke in strokes) == 692
    steps = np.concatenate([np.diff(stroke["t"]) for stroke in strokes])
    assert (int((steps == 0).sum()), int((steps < 0).sum())) == (2183, 16)
    assert not any(ink.repairs for ink in inks)


@pytest.mark.parametrize("place", ["pendigits/pendigits-orig.tes", "ujipenchars", "omniglot"])
def test_readers_that_check_in_bulk_give_what_the_constructors_accept(data, place):
    for ink in islice(read_inks(data / place), 500):
        assert not any(path.samples.flags.writeable for path in ink.strokes)
        rebuilt = [Stroke(path.samples.copy(), path.channels) for path in ink.strokes]
        assert Ink(rebuilt, *ink._fields()[1:]) == ink


def test_a_part_of_an_omniglot_archive_is_a_path_into_it(data):
    archive = data / "omniglot" / "strokes_background_small1.zip"
    with zipfile.ZipFile(archive) as file:
        member = next(
            name for name in file.namelist() if name.endswith("Greek/character01/0394_01.txt")
        )
    ink = read_ink(archive / member)
    assert ink.strokes[0].samples[0].tolist() == [65.188679, 19.405622, 0]
    assert (ink.label, ink.writer) == ("Greek/character01", "Greek/drawer01")
    assert (ink.id, ink.source) == ("Greek/character01/0394_01", f"{archive}/{member}")
    assert sum(1 for _ in read_inks(archive / member.rpartition("/")[0])) == 20


def test_the_inkml_files_are_read_with_pressure_and_the_example_of_the_recommendation(data):
    example, first, second = read_inks(data / "inkml")
    assert example.strokes[0].xy[-1].tolist() == [1584, 18823]
    assert example.strokes[0]["B2"].tolist() == [0] * 8 + [1, 0, 0]
    assert [(len(ink.strokes), ink.n_samples) for ink in (first, second)] == [(13, 623), (7, 685)]
    for ink in (first, second):
        assert ink.channels == ("x", "y", "pressure")
        # Resolutions of X and Y contradict one another.
        assert ink.mm_per_unit is None
        pressure = np.concatenate([stroke["pressure"] for stroke in ink.strokes])
        assert 0 < pressure.min() < pressure.max() < 1
        assert not ink.repairs
    # Worked out by hand: "32 635 2757,'34'0'1090,"0"0"2950".
    assert first.strokes[0].xy[:3].tolist() == [[32, 635], [66, 635], [100, 635]]
    assert np.rint(first.strokes[0]["pressure"][:3] * 32767).tolist() == [2757, 3847, 7887]


def test_reading_the_whole_folder_of_recordings_stumbles_over_what_needs_an_extra_only(data):
    skipped = []
    inks = read_inks(data, lenient=True, skipped=skipped)
    sources = Counter(ink.source.removeprefix(f"{data}/").split("/")[0] for ink in inks)
    assert sources["pendigits"] == 2 * 10992
    assert sources["omniglot"] == 5840
    assert sources["inkml"] == 3
    assert all("strokesim[uim]" in error.reason for error in skipped)
