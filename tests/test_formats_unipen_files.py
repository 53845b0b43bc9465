"""UNIPEN in the field: what includes what, damage, other units of time, and LipiTk's dialect."""

import pytest
from test_formats_unipen import written, xy

from strokesim.errors import FormatError, UnknownNameError
from strokesim.formats import read_ink, read_inks, unipen_tree
from strokesim.formats.unipen import unipen_format

# Includes


def placed(tmp_path, **texts):
    """Write files by their paths, in which two underscores are a slash and one is a dot."""
    for name, text in texts.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        written(path.parent, text, path.name)


def test_an_include_is_read_in_its_place(tmp_path):
    (tmp_path / "data").mkdir()
    written(tmp_path / "data", ".COORD Y X\n.PEN_DOWN\n1 1\n.PEN_UP\n", "b.dat")
    path = written(tmp_path, '.INCLUDE data/b.dat\n.SEGMENT A 0 ? "a"\n')
    ink = read_ink(path)
    assert (xy(ink), ink.label, dict(ink.notes)) == ([[1]], "a", {"hierarchy": "A"})


def test_components_are_counted_over_everything_included_and_coord_reaches_it(tmp_path):
    placed(
        tmp_path,
        all_dat=".INCLUDE a.doc\n.INCLUDE ink/1.dat\n.INCLUDE ink/2.dat\n.INCLUDE seg/a.seg\n",
        a_doc=".COORD Y X\n.WRITER_ID w\n.X_POINTS_PER_MM 10\n.Y_POINTS_PER_MM 10\n",
        ink__1_dat=".PEN_DOWN\n-1 1\n.PEN_UP\n.PEN_DOWN\n-2 2\n.PEN_UP\n",
        ink__2_dat=".PEN_DOWN\n-3 3\n.PEN_UP\n",
        seg__a_seg='.SEGMENT A 2 ? "c"\n.SEGMENT A 0-1 ? "ab"\n',
    )
    c, ab = read_inks(tmp_path / "all.dat")
    assert (c.label, c.strokes[0]["x"].tolist()) == ("c", [3])
    assert (ab.label, [path["x"].tolist() for path in ab.strokes]) == ("ab", [[1], [2]])
    assert (c.writer, c.mm_per_unit) == ("w", 0.1)


def test_coord_may_be_declared_in_a_file_that_is_included_last(tmp_path):
    placed(tmp_path, a_dat=".PEN_DOWN\n1 2 3\n.INCLUDE a.doc\n", a_doc=".COORD P Y X\n")
    assert read_ink(tmp_path / "a.dat").strokes[0].samples.tolist() == [[1, -2, 3]]


def test_includes_are_found_in_a_folder_include_above_or_below_a_root_that_is_given(tmp_path):
    placed(
        tmp_path,
        data__1a__abc__a_dat='.INCLUDE abc/data/1.dat\n.SEGMENT A 0 ? "a"\n',
        include__abc__data__1_dat=".INCLUDE abc/lib/2.dat\n",
        include__abc__lib__2_dat=".PEN_DOWN\n1 1\n",
        other__abc__data__1_dat=".PEN_DOWN\n2 2\n",
    )
    path = tmp_path / "data" / "1a" / "abc" / "a.dat"
    assert xy(read_ink(path)) == [[1]]
    chosen = unipen_format(root=tmp_path / "other")
    assert xy(read_ink(path, format=chosen)) == [[2]]
    assert xy(read_ink(path.rename(tmp_path / "a.dat"))) == [[1]]


@pytest.mark.parametrize("name", ["../x", "/etc/hosts", "..\\x", "b/../../x"])
def test_no_include_leaves_its_folder(tmp_path, name):
    placed(tmp_path, x=".PEN_DOWN\n1 1\n", in__a_dat=f".INCLUDE {name}\n.PEN_DOWN\n1 1\n")
    with pytest.raises(FormatError, match=r"a.dat:1: .INCLUDE .* leaves the folder"):
        list(read_inks(tmp_path / "in" / "a.dat"))


def test_no_include_leaves_its_folder_by_a_link(tmp_path):
    placed(tmp_path, x=".PEN_DOWN\n1 1\n", in__a_dat=".INCLUDE l\n.PEN_DOWN\n1 1\n")
    (tmp_path / "in" / "l").symlink_to(tmp_path / "x")
    with pytest.raises(FormatError, match=r"a.dat:1: .INCLUDE l leaves the folder"):
        list(read_inks(tmp_path / "in" / "a.dat"))


def test_a_circle_of_includes_and_a_deep_row_are_refused(tmp_path):
    placed(tmp_path, a_dat=".INCLUDE b.dat\n", b_dat=".PEN_DOWN\n1 1\n.INCLUDE a.dat\n")
    with pytest.raises(FormatError, match=r"b.dat:3: .INCLUDE a.dat includes itself"):
        list(read_inks(tmp_path / "a.dat"))
    for number in range(30):
        written(tmp_path, f".INCLUDE {number + 1}.dat\n", f"{number}.dat")
    with pytest.raises(FormatError, match=r"20.dat:1: .* nested too deeply"):
        list(read_inks(tmp_path / "0.dat"))


def test_includes_that_multiply_are_refused(tmp_path):
    for number in range(15):
        written(tmp_path, f".INCLUDE {number + 1}.dat\n" * 3, f"{number}.dat")
    written(tmp_path, ".PEN_DOWN\n1 1\n" + " " * 1000, "15.dat")
    with pytest.raises(FormatError, match=r"15\.dat is included again and again"):
        list(read_inks(tmp_path / "0.dat"))
    skipped = []
    list(read_inks(tmp_path / "0.dat", lenient=True, skipped=skipped))
    assert skipped


def test_declarations_may_be_included_by_every_file(tmp_path):
    names = [f"{number}.dat" for number in range(40)]
    for name in names:
        written(tmp_path, ".INCLUDE head\n.PEN_DOWN\n1 1\n.PEN_UP\n", name)
    written(tmp_path, ".COORD Y X\n" + " " * 1000, "head")
    ink = read_ink(written(tmp_path, "".join(f".INCLUDE {name}\n" for name in names)))
    assert len(ink.strokes) == 40


def test_includes_larger_than_any_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unipen_tree, "LARGEST_FILE", 1 << 20)
    for name in "bc":
        written(tmp_path, ".PEN_DOWN\n1 1\n" + " " * 600_000, name)
    with pytest.raises(FormatError, match="includes are larger than 1 MiB together"):
        list(read_inks(written(tmp_path, ".INCLUDE b\n.INCLUDE c\n")))


def test_a_missing_include_is_an_error_or_leniently_a_counted_repair(tmp_path):
    path = written(tmp_path, ".INCLUDE b.dat\n.PEN_DOWN\n1 1\n.PEN_UP\n")
    with pytest.raises(FormatError, match=r"a.unipen:1: .INCLUDE b.dat is missing; it was looked"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert dict(ink.repairs) == {"missing include": 1}
    assert (dict(ink.notes), len(skipped)) == ({"missing include": "b.dat"}, 1)


def test_missing_documentation_is_noted(tmp_path):
    ink = read_ink(written(tmp_path, ".INCLUDE dene.doc\n.PEN_DOWN\n1 1\n.PEN_UP\n"))
    assert (dict(ink.notes), dict(ink.repairs)) == ({"missing include": "dene.doc"}, {})


def test_a_missing_include_is_named_where_components_are_missing_too(tmp_path):
    path = written(tmp_path, '.INCLUDE b.doc\n.SEGMENT A 7 ? "a"\n.PEN_DOWN\n1 1\n.PEN_UP\n')
    with pytest.raises(FormatError, match=r"component 7 of 1 .* is not there; not found: b.doc"):
        read_ink(path)


def test_what_is_no_file_cannot_include(tmp_path):
    with (
        written(tmp_path, ".INCLUDE b.dat\n.PEN_DOWN\n1 1\n").open("rb") as file,
        pytest.raises(FormatError, match=r"b.dat is missing; what is no file of its own cannot"),
    ):
        read_ink(file)


# Damage


DAMAGED = """.SEGMENT WORD 0-3 OK "abc"
.SEGMENT CHAR 0 OK "a"
.SEGMENT CHAR 1 OK "b"
.SEGMENT CHAR 2:1-3 OK "c"
.SEGMENT CHAR 9 OK "d"
.SEGMENT
.PEN_DOWN
1 1
.PEN_DOWN
2 2
2 O
.PEN_DOWN
3 3
4 4
.PEN_DOWN
5 5
.PEN_UP
"""


def test_leniently_a_damaged_component_is_lost_and_nothing_else(tmp_path):
    path = written(tmp_path, DAMAGED)
    skipped = []
    inks = list(read_inks(path, lenient=True, skipped=skipped))
    assert [(ink.label, xy(ink)) for ink in inks] == [
        ("abc", [[1], [3, 4], [5]]),
        ("a", [[1]]),
        ("c", [[4], [5]]),
    ]
    assert [dict(ink.repairs) for ink in inks] == [{"damaged component left out": 1}, {}, {}]
    assert [(error.line, error.reason.split(";")[0]) for error in skipped] == [
        (6, ".SEGMENT is not followed by hierarchy, delineation, quality and label in quotes"),
        (11, "'O' is not a number"),
        (5, ".SEGMENT: component 9 of 4 (from 0) is not there"),
    ]


def test_leniently_components_under_a_damaged_coord_are_lost(tmp_path):
    text = ".PEN_DOWN\n1 1\n.COORD X\n.PEN_DOWN\n2\n.PEN_DOWN\n3\n.COORD X Y\n.PEN_DOWN\n4 4\n"
    skipped = []
    (ink,) = read_inks(written(tmp_path, text), lenient=True, skipped=skipped)
    assert (xy(ink), dict(ink.repairs)) == ([[1], [4]], {"damaged component left out": 2})
    assert len(skipped) == 1


def test_segments_that_name_components_over_and_over_are_refused(tmp_path):
    ink = ".PEN_DOWN\n1 1\n" * 50
    path = written(tmp_path, f'.SEGMENT A {"0-49," * 3}0 ? "a"\n{ink}')
    with pytest.raises(FormatError, match=r"a.unipen:1: .* components are named more than twice"):
        list(read_inks(path))
    path = written(tmp_path, '.SEGMENT A 0-49 ? "a"\n' * 200 + ink)
    with pytest.raises(FormatError, match=r"name components over and over, 100 times on average"):
        list(read_inks(path))


# Time


@pytest.mark.parametrize(
    ("step", "unit", "note"),
    [
        ("10", "ms", None),
        ("10000", "us", "the median step is 10000, which suggests microseconds; read as milli"),
        ("0.01", "s", "the median step is 0.01, which suggests seconds; read as milliseconds"),
    ],
)
def test_another_unit_of_time_is_noted_and_converted_only_when_told(tmp_path, step, unit, note):
    times = [7, 7 + float(step), 7 + 2 * float(step)]
    rows = "".join(f"1 1 {t}\n" for t in times)
    path = written(tmp_path, f".COORD X Y T\n.PEN_DOWN\n{rows}.PEN_DOWN\n1 1 99999999\n")
    ink = read_ink(path)
    assert ink.strokes[0]["t"].tolist() == [(t - 7) / 1000 for t in times]
    assert ink.notes.get("time", "").startswith(note or "") and ("time" in ink.notes) == bool(note)
    told = read_ink(path, format=unipen_format(time_unit=unit))
    assert told.strokes[0]["t"].tolist() == pytest.approx([0, 0.01, 0.02])
    assert "time" not in told.notes


def test_an_unknown_unit_of_time_is_refused():
    with pytest.raises(UnknownNameError, match="unknown time unit 'min'"):
        unipen_format(time_unit="min")


# LipiTk


LIPITK = """.VERSION 1.0 0
.HIERARCHY CHARACTER
.COORD X Y T
.SEGMENT CHARACTER
.X_POINTS_PER_INCH 254
.Y_POINTS_PER_INCH 254
.POINTS_PER_SECOND 120
.PEN_DOWN
1 1 7000
2 2 7010
.PEN_UP
.PEN_DOWN
3 3 7500
.PEN_UP
.SEGMENT CHARACTER
.PEN_DOWN
4 4 0
.PEN_UP
"""


def test_lipitk_segments_have_what_follows_and_y_grows_downwards(tmp_path):
    first, second = read_inks(written(tmp_path, LIPITK))
    assert [path.samples.tolist() for path in first.strokes] == [
        [[1, 1, 0], [2, 2, 0.01]],
        [[3, 3, 0.5]],
    ]
    assert second.strokes[0].samples.tolist() == [[4, 4, 0]]
    assert (first.label, first.mm_per_unit) == (None, pytest.approx(0.1))
    assert dict(first.notes) == {
        "hierarchy": "CHARACTER",
        "dialect": "LipiTk",
        "points per second": "120",
    }


@pytest.mark.parametrize("second", ["2 2 0", "2 2"])
def test_lipitk_times_of_first_samples_only_are_left_out(tmp_path, second):
    text = LIPITK.replace("2 2 7010", second)
    ink, other = read_inks(written(tmp_path, text))
    assert [path.samples.tolist() for path in ink.strokes] == [[[1, 1], [2, 2]], [[3, 3]]]
    assert dict(ink.repairs) == {"time of a component's first sample alone left out": 1}
    assert other.channels == ("x", "y", "t")
    path = written(tmp_path, text.replace("SEGMENT CHARACTER", 'SEGMENT CHARACTER 0 ? "a"'))
    if second == "2 2":
        with pytest.raises(FormatError, match=r"a.unipen:10: a line has 2 numbers"):
            list(read_inks(path))
    else:
        assert all(ink.channels == ("x", "y", "t") for ink in read_inks(path))


def test_a_name_of_an_include_that_no_file_can_have_is_shown_in_short(tmp_path):
    path = tmp_path / "a.unipen"
    path.write_text(f".INCLUDE {'part ' * 1000}\n.PEN_DOWN\n1 2\n")
    with pytest.raises(FormatError, match=r"a.unipen:1: .INCLUDE 'part .{36}\.\.\. is longer"):
        read_ink(path)
    assert len(list(read_inks(path, lenient=True))) == 1
