"""KanjiVG and SVG paths: the grammar of path data, flattening, labels, groups."""

import math
import tracemalloc

import numpy as np
import pytest
from damaged_files import mutated, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import kanjivg, read_ink, read_inks, svg_paths
from strokesim.formats.kanjivg import FLATNESS
from strokesim.formats.svg_paths import BadPath, flatten, longer_side, parse_path

DECLARATION = """<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.0//EN" "http://www.w3.org/svg10.dtd" [
<!ATTLIST g
xmlns:kvg CDATA #FIXED "http://kanjivg.tagaini.net"
kvg:element CDATA #IMPLIED >
]>
"""
ONE = """<svg xmlns="http://www.w3.org/2000/svg"{} width="109" height="109" viewBox="0 0 109 109">
<g id="kvg:StrokePaths_04e01" style="fill:none;stroke:#000000">
<g id="kvg:04e01" kvg:element="丁"><g id="kvg:04e01-g1" kvg:element="一">
\t<path id="kvg:04e01-s1" kvg:type="㇐" d="M14,24.25c2.25,0.25,60.25,-6,79,-6"/>
</g>
\t<path id="kvg:04e01-s2" kvg:type="㇚" d="M52,25 L54 60"/>
</g></g>
<g id="kvg:StrokeNumbers_04e01"><text transform="matrix(1 0 0 1 4 54)">1</text>
<path d="M0 0L1 1"/></g>
</svg>
"""
SVG = ONE.format(' xmlns:kvg="http://kanjivg.tagaini.net"')
COLLECTION = (
    "<kanjivg xmlns:kvg='http://kanjivg.tagaini.net'>"
    "<kanji id='kvg:kanji_04e00'><g id='kvg:04e00' kvg:element='一'>"
    "<path d='M1 2 3 4'/></g></kanji>"
    "<kanji id='kvg:kanji_00021-Kaisho'><g><path d='M5 6h1m1 1h1'/></g></kanji>"
    "<kanji id='other'><g><path d='M7 8z'/></g></kanji><kanji id='empty'/></kanjivg>"
)


def written(tmp_path, text, name="04e01.svg"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def drawn(data):
    """Return the corners of path data of straight lines, subpath by subpath."""
    return [
        [(p.real, p.imag) for p in [subpath.start, *(curve[-1] for curve in subpath.curves)]]
        for subpath in parse_path(data)
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("M1 2L3 4", [[(1, 2), (3, 4)]]),
        ("M1,2 3,4", [[(1, 2), (3, 4)]]),
        ("m1 2 3 4", [[(1, 2), (4, 6)]]),
        ("M1-2.5.5-3", [[(1, -2.5), (0.5, -3)]]),
        ("M.5.5-.5-.5", [[(0.5, 0.5), (-0.5, -0.5)]]),
        ("M1e1 2E-1l5. +6", [[(10, 0.2), (15, 6.2)]]),
        ("M1 2H5V7h-1v-1", [[(1, 2), (5, 2), (5, 7), (4, 7), (4, 6)]]),
        ("M1 2h1 2 3", [[(1, 2), (2, 2), (4, 2), (7, 2)]]),
        ("M0 0h1v1z", [[(0, 0), (1, 0), (1, 1), (0, 0)]]),
        ("M1 1h1zl5 5", [[(1, 1), (2, 1), (1, 1)], [(1, 1), (6, 6)]]),
        ("M0 0h1m1 1h1", [[(0, 0), (1, 0)], [(2, 1), (3, 1)]]),
        ("M1 1h1zm2 2h1", [[(1, 1), (2, 1), (1, 1)], [(3, 3), (4, 3)]]),
        ("M5 5z", [[(5, 5), (5, 5)]]),
        ("M5 5", []),
        ("M5 5M6 6h1", [[(6, 6), (7, 6)]]),
        ("", []),
        (" \n", []),
        ("M0 0A0 5 0 0 1 3 4", [[(0, 0), (3, 4)]]),
        ("M0 0A5 5 0 0 1 0 0h1", [[(0, 0), (1, 0)]]),
    ],
)
def test_path_data_is_read_by_its_whole_grammar(data, expected):
    assert drawn(data) == expected


@pytest.mark.parametrize(
    ("data", "control_points"),
    [
        ("M0 0C1 2 3 4 5 6", [0, 1 + 2j, 3 + 4j, 5 + 6j]),
        ("M1 1c1 2 3 4 5 6", [1 + 1j, 2 + 3j, 4 + 5j, 6 + 7j]),
        ("M0 0C0 0 2 3 4 4S5 6 7 8", [4 + 4j, 6 + 5j, 5 + 6j, 7 + 8j]),
        ("M4 4S5 6 7 8", [4 + 4j, 4 + 4j, 5 + 6j, 7 + 8j]),
        ("M0 0Q3 0 6 3", [0, 2, 4 + 1j, 6 + 3j]),
        ("M0 0Q3 0 6 3t6 3", [6 + 3j, 8 + 5j, 10 + 6j, 12 + 6j]),
        ("M0 0h6t3 3", [6, 6, 7 + 1j, 9 + 3j]),
    ],
)
def test_curves_have_the_control_points_that_the_recommendation_gives(data, control_points):
    assert [*parse_path(data)[-1].curves][-1] == pytest.approx(control_points)


@pytest.mark.parametrize(("large", "sweep"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_an_arc_lies_on_its_ellipse_on_the_side_that_its_flags_say(large, sweep):
    (subpath,) = parse_path(f"M0 0A10 5 30 {large}{sweep}8 6")
    points = flatten(subpath, 0.001) @ [1, 1j]
    assert (points[0], points[-1]) == (0, 8 + 6j)
    turned = points * np.exp(-1j * math.radians(30))
    circle = turned.real / 10 + 1j * turned.imag / 5
    middle, half = (circle[0] + circle[-1]) / 2, (circle[-1] - circle[0]) / 2
    across = 1j * half / abs(half) * math.sqrt(1 - abs(half) ** 2)
    center = min(middle + across, middle - across, key=lambda c: np.ptp(np.abs(circle - c)))
    assert np.abs(circle - center) == pytest.approx(np.ones(len(circle)), abs=4e-4)
    turn = np.unwrap(np.angle(circle - center))
    assert (abs(turn[-1] - turn[0]) > math.pi) == bool(large)
    assert (turn[-1] > turn[0]) == bool(sweep)


def test_an_arc_whose_radii_are_too_small_is_half_an_ellipse():
    points = flatten(parse_path("M-2 0A1 1 0 0 1 2 0")[0], 0.001)
    assert np.hypot(*points.T) == pytest.approx(np.full(len(points), 2), abs=1e-3)


@pytest.mark.parametrize(
    "data",
    ["L1 2", "1 2", "M1", "M1 2 3", "M1 2X", "M1 2Z3", "M1 2L3 a", "M0 0A1 1 0 2 0 1 1",
     "M1 2 3,;4", "M1e400 0", "MNaN 0", "M9e15 0l9e15 0", "M1 ٣", "M0 0A1e300 1 0 0 0 1 1"],
)  # fmt: skip
def test_what_is_no_path_data_is_refused(data):
    with pytest.raises(BadPath):
        parse_path(data)


coordinates = st.floats(-1000, 1000)
points = st.builds(complex, coordinates, coordinates)


def distance_to_polyline(point, corners):
    """Return the distance from a point to a line of straight pieces."""
    a, b = corners[:-1], corners[1:]
    along = b - a
    length = np.abs(along) ** 2
    # The square of a tiny length is 0, too.
    length = np.where(length == 0, 1, length)
    share = np.clip(((point - a) * along.conj()).real / length, 0, 1)
    return np.abs(a + share * along - point).min()


@given(st.lists(points, min_size=4, max_size=4))
def test_no_curve_leaves_its_flattened_line_by_more_than_the_flatness(controls):
    a, b, c, d = controls
    subpath = svg_paths.Subpath(a)
    subpath.draw(b, c, d)
    tolerance = FLATNESS * longer_side([subpath])
    line = flatten(subpath, tolerance) @ [1, 1j]
    assert (line[0], line[-1]) == (a, d)
    assert len(line) == svg_paths.n_flattened(subpath, tolerance)
    for t in np.linspace(0, 1, 97):
        s = 1 - t
        exact = s**3 * a + 3 * s**2 * t * b + 3 * s * t**2 * c + t**3 * d
        assert distance_to_polyline(exact, line) <= tolerance * (1 + 1e-9) + 1e-9


def test_a_curve_has_no_more_samples_than_its_flatness_needs():
    straight = parse_path("M0 0C1 0 2 0 3 0")[0]
    assert len(flatten(straight, FLATNESS * 3)) == 2
    circle = parse_path("M0 0A50 50 0 1 1 0 .1")[0]
    assert 40 < len(flatten(circle, FLATNESS * 100)) < 160
    assert len(flatten(circle, 0)) == 5


def test_an_svg_of_kanjivg_is_one_ink_of_its_stroke_paths(tmp_path):
    ink = read_ink(written(tmp_path, SVG))
    assert (ink.label, ink.id, ink.channels) == ("丁", "04e01.svg#0", ("x", "y"))
    assert len(ink.strokes) == 2
    assert ink.strokes[0].xy[[0, -1]].tolist() == [[14, 24.25], [93, 18.25]]
    assert ink.strokes[1].xy.tolist() == [[52, 25], [54, 60]]
    assert ink.notes == {"types": "㇐ ㇚"}
    assert ink.repairs == {}


def test_a_collection_has_an_ink_per_character(tmp_path):
    first, second, third = read_inks(written(tmp_path, COLLECTION, "kanjivg.xml"))
    assert (first.label, first.strokes[0].xy.tolist()) == ("一", [[1, 2], [3, 4]])
    assert (second.label, second.notes) == ("!", {"variant": "Kaisho"})
    assert [stroke.xy.tolist() for stroke in second.strokes] == [[[5, 6], [6, 6]], [[7, 7], [8, 7]]]
    assert (third.label, third.strokes[0].xy.tolist()) == (None, [[7, 8], [7, 8]])


def test_a_declaration_is_refused_and_leniently_blanked_out_unread(tmp_path):
    path = written(tmp_path, f'<?xml version="1.0"?>\n{DECLARATION}{ONE.format("")}')
    with pytest.raises(FormatError, match=r"svg:2: has a document type declaration; ink needs"):
        read_ink(path)
    skipped = []
    (ink,) = read_inks(path, lenient=True, skipped=skipped)
    assert ink.strokes == read_ink(written(tmp_path, SVG, "plain.svg")).strokes
    assert (ink.label, skipped) == ("丁", [])
    assert ink.repairs == {"document type declaration left out": 1}


def test_entities_of_a_blanked_declaration_do_not_exist(tmp_path):
    text = f'<!DOCTYPE svg [<!ENTITY a "M0 0h1">]>{SVG.replace("M52,25", "&a;")}'
    skipped = []
    (ink,) = read_inks(written(tmp_path, text), lenient=True, skipped=skipped)
    assert len(ink.strokes) == 1
    assert "undefined entity" in str(skipped[0])


def test_pictures_are_ink_only_where_they_are_asked_for(tmp_path):
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/><path d="M2 2v1"/></svg>'
    path = written(tmp_path, picture, "icon.svg")
    assert len(read_ink(path).strokes) == 2
    (tmp_path / "icons").mkdir()
    path.rename(tmp_path / "icons" / "icon.svg")
    written(tmp_path, SVG)
    assert [ink.label for ink in read_inks(tmp_path)] == ["丁"]


def test_transforms_are_counted_and_not_applied(tmp_path):
    text = SVG.replace("<path id", '<path transform="scale(2)" id', 1)
    ink = read_ink(written(tmp_path, text))
    assert ink.strokes[0].xy[0].tolist() == [14, 24.25]
    assert ink.repairs == {"transform not applied": 1}


def test_a_damaged_path_is_refused_or_left_out(tmp_path):
    path = written(tmp_path, SVG.replace("M52,25 L54 60", "M52,25 L54"))
    with pytest.raises(FormatError, match=r"svg:6: path: L: '' is not a number that a pen can"):
        read_ink(path)
    (ink,) = read_inks(path, lenient=True)
    assert len(ink.strokes) == 1


def test_drawings_of_more_curves_or_samples_than_ink_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(kanjivg, "MOST_SAMPLES", 20)
    curve = '<path d="M0 0c0 9 9 9 9 0"/>'
    with pytest.raises(FormatError, match=r"curves of more than 47 samples"):
        read_ink(written(tmp_path, f"<svg>{curve * 3}</svg>"))
    monkeypatch.setattr(kanjivg, "MOST_CURVES", 2)
    with pytest.raises(FormatError, match="a drawing of more than 2 lines and curves"):
        read_ink(written(tmp_path, f"<svg>{curve * 3}</svg>"))
    monkeypatch.setattr(svg_paths, "MOST_CURVES", 10)
    with pytest.raises(BadPath, match="has more than 10 parts"):
        parse_path("M0 0" + "h1" * 10)


@settings(max_examples=100)
@given(mutated(f"{DECLARATION}{SVG}".encode(), COLLECTION.encode()))
def test_damaged_files_raise_nothing_but_format_errors(data):
    read_or_refused(data, "kanjivg")


@given(st.text("MLHVCSQTAZmz0123456789.-+eE, ", max_size=60))
def test_any_path_data_gives_reachable_points_or_bad_path(data):
    try:
        subpaths = parse_path(data)
    except BadPath:
        return
    for subpath in subpaths:
        assert np.isfinite(flatten(subpath, FLATNESS * longer_side(subpaths))).all()


def test_a_drawing_of_many_lines_takes_little_memory(tmp_path):
    path = written(tmp_path, '<svg><path d="M0 0' + "h1" * 90_000 + '"/></svg>')
    tracemalloc.start()
    ink = read_ink(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ink.strokes[0].xy[-1].tolist() == [90_000, 0]
    assert peak < 10 * path.stat().st_size + (4 << 20)


def test_short_paths_take_no_memory_twice(tmp_path):
    path = tmp_path / "short.svg"
    paths = "<path d='M1 2 3 4' id='path'/>" * 4000
    path.write_text(f"<svg xmlns:kvg='u'>{paths}</svg>")
    list(read_inks(path))
    tracemalloc.start()
    (ink,) = read_inks(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ink.n_samples == 8000
    assert peak < 17 * path.stat().st_size
