"""Drawings are read back: as XML, as path data and as dots."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strokesim.drawing import (
    DrawnMatch,
    MatchRow,
    svg_of_ink,
    svg_of_inks,
    svg_of_matches,
    svg_of_path,
    write_svg,
)
from strokesim.errors import ArgumentError, OutputError
from strokesim.ink import Hover, Ink, Stroke
from strokesim.polylines import fitted, polylines_of, polylines_of_features
from strokesim.svg import number, path_data, readable
from strokesim.terminal import beside, braille_fits, draw_text

SVG = "{http://www.w3.org/2000/svg}"
SLASH = [np.array([[0.0, 1.0], [1.0, 0.0]])]
DOT = Ink.from_arrays([[[3.0, 4.0]]], label=".")
CROSS = Ink.from_arrays([[[0, 0], [10, 10]], [[10, 0], [0, 10]]], label="x", writer="w1")

coordinates = st.floats(-3e38, 3e38)
lines = st.lists(
    st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, 2), elements=coordinates)),
    max_size=4,
)


def parsed(svg):
    return ElementTree.fromstring(svg.encode("utf-8"))


def texts(svg):
    return ["".join(node.itertext()) for node in parsed(svg).iter(f"{SVG}text")]


def drawn_points(d):
    """Follow a path of M and l commands, as a viewer does; one array per line."""
    found = []
    for piece in re.findall(r"M[^M]+", d):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.\d+|\.\d+|\d+)", piece)]
        found.append(np.cumsum(np.reshape(numbers, (-1, 2)), axis=0))
    return found


# What is drawn


def test_an_ink_is_drawn_stroke_by_stroke_and_without_its_hover():
    hover = [Hover(1, Stroke([[10.0, 10.0], [10.0, 0.0]]))]
    ink = Ink(CROSS.strokes, hover=hover)
    assert [line.tolist() for line in polylines_of(ink)] == [
        [[0, 0], [10, 10]],
        [[10, 0], [0, 10]],
    ]


def test_a_feature_sequence_is_drawn_with_its_weights_undone():
    steps = [[1.0, 0.5, 2.0], [1.0, 1.5, 4.0]]
    (line,) = polylines_of_features(steps, ("cos", "x", "y"), weights=(1.0, 0.5, 2.0))
    assert line.tolist() == [[1, 1], [3, 2]]


@given(arrays(np.bool_, st.integers(1, 12)))
def test_every_step_of_a_feature_sequence_is_one_point_in_order(pen_up):
    steps = np.stack([np.arange(len(pen_up)), np.zeros(len(pen_up)), pen_up], axis=1)
    parts = polylines_of_features(steps, ("x", "y", "pen_up"), air=True)
    assert np.array_equal(np.concatenate(parts), steps[:, :2])
    assert len(parts) == 1 + pen_up[1:].sum()
    assert all(len(part) for part in parts)


def test_a_line_ends_where_most_of_the_way_to_the_next_step_lies_in_the_air():
    steps = np.stack([np.arange(4), np.zeros(4), 0.5 * np.array([1, 0.4, 0.6, 0])], axis=1)
    names, weights = ("x", "y", "pen_up"), (1, 1, 0.5)
    assert list(map(len, polylines_of_features(steps, names, weights=weights))) == [2, 2]
    assert list(map(len, polylines_of_features(steps, names, weights=(1, 1, 0)))) == [4]


def test_steps_in_the_air_are_left_out_but_no_dot_at_the_end_or_of_one_sample():
    def drawn(*share, **options):
        steps = np.stack([np.arange(len(share)), np.zeros(len(share)), share], axis=1)
        lines = polylines_of_features(steps, ("x", "y", "pen_up"), **options)
        return [line[:, 0].tolist() for line in lines]

    assert drawn(0, 0, 0.7, 1, 0.8, 0) == [[0, 1], [4, 5]]
    assert drawn(0, 0, 0.7, 1, 0.8, 0, air=True) == [[0, 1], [2], [3], [4, 5]]
    assert drawn(0, 0.7, 1, 0.8) == [[0], [3]]
    assert drawn(0, 0, 1, 1, 0) == [[0, 1], [2], [3, 4]]


def test_a_feature_sequence_of_no_steps_is_an_empty_drawing():
    assert polylines_of_features(np.empty((0, 2)), ("x", "y")) == []


@pytest.mark.parametrize(
    ("sequence", "names", "weights", "message"),
    [
        ([[1.0, 2.0]], ("dx", "dy"), None, "features dx, dy cannot be drawn; x and y are needed"),
        ([[1.0, 2.0]], ("x", "y", "t"), None, r"shape \(1, 2\); needed: \(n_steps, 3\)"),
        ([1.0, 2.0], ("x", "y"), None, r"shape \(2,\); needed"),
        ([[1.0, 2.0]], ("x", "y"), (1.0,), "1 weights for 2 features"),
        ([[1.0, 2.0]], ("x", "y"), (0.0, 1.0), "weight of 0 cannot be drawn"),
        ([[1.0, np.nan]], ("x", "y"), None, "line 0: point 0 has y = nan"),
    ],
)
def test_features_that_cannot_be_drawn_are_refused(sequence, names, weights, message):
    with pytest.raises(ArgumentError, match=message):
        polylines_of_features(sequence, names, weights=weights)


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (None, "a NoneType cannot be drawn"),
        (np.zeros((4, 2)), "a ndarray cannot be drawn; needed: an Ink or a list of arrays"),
        ([np.zeros((4, 3))], r"line 0 has shape \(4, 3\)"),
        ([SLASH[0], np.zeros((0, 2))], r"line 1 has shape \(0, 2\); needed: .* at least one"),
        ([[["a", "b"]]], "line 0 is not an array of numbers"),
        ([np.array([[0.0, np.inf]])], "line 0: point 0 has y = inf"),
        ([np.array([[1e300, 0.0]])], r"line 0: point 0 has x = 1e\+300"),
    ],
)
@pytest.mark.parametrize("draw", [svg_of_ink, draw_text, lambda d: svg_of_inks([d])])
def test_what_is_no_drawing_is_refused(draw, drawing, message):
    with pytest.raises(ArgumentError, match=message):
        draw(drawing)


@given(lines)
@example([np.array([[0.0, 0.0], [1e-320, 0.0]])])
@example([np.array([[0.0, 0.0], [1e-99, 0.0]])])
def test_a_fitted_drawing_keeps_to_its_box(drawing):
    for line in fitted(drawing, 30, 20):
        assert np.isfinite(line).all()
        assert (line >= -1e-6).all()
        assert (line <= np.array([30, 20]) + 1e-6).all()


def test_a_fitted_drawing_keeps_its_proportions_and_touches_two_sides():
    (line,) = fitted([np.array([[5.0, 5.0], [25.0, 15.0]])], 40, 40)
    assert line.tolist() == [[0, 10], [40, 30]]


# SVG


@given(st.text(max_size=40))
@example("<script>&amp;\"'")
@example("\x00\x08\x1b\x7f\x85\ufffe\n\t")
@example("\ud800")
@example("手" * 40)
def test_any_label_gives_valid_xml_that_says_it(label):
    svg = svg_of_inks([DOT], captions=[label], size=800)
    assert texts(svg) == ([readable(label)] if label else [])
    for other in (
        svg_of_ink(Ink(DOT.strokes, label=label)),
        svg_of_path(DOT, DOT, [[0, 0]], captions=(label, label)),
        svg_of_matches([MatchRow(DOT, [DrawnMatch(DOT, 1.0, label, label)], label, label)]),
    ):
        assert parsed(other).tag == f"{SVG}svg"


def test_control_characters_are_shown_as_their_pictures():
    assert readable("a\n\x00\x7f\x85") == "a␊␀␡\ufffd"


def test_a_long_caption_is_cut_and_stays_readable_as_a_tooltip():
    svg = svg_of_inks([DOT], captions=["Greek/character01"], size=60)
    (node,) = parsed(svg).iter(f"{SVG}text")
    assert node.find(f"{SVG}title").text == "Greek/character01"
    assert node.find(f"{SVG}title").tail == "Gree…er01"


def test_a_caption_without_room_is_an_ellipsis():
    (node,) = parsed(svg_of_inks([DOT], captions=["long"], size=1)).iter(f"{SVG}text")
    assert node.find(f"{SVG}title").tail == "…"


@given(st.floats(-1e6, 1e6))
def test_numbers_are_rounded_to_tenths(value):
    written = number(value)
    assert abs(float(written) - value) <= 0.0501
    assert re.fullmatch(r"-?(\d+|\d*\.[1-9])", written)
    assert written != "-0"


@given(st.lists(arrays(np.float64, (5, 2), elements=st.floats(-500, 500)), min_size=1, max_size=3))
def test_rounding_does_not_add_up_along_a_path(drawing):
    for line, read in zip(drawing, drawn_points(path_data(drawing)), strict=True):
        assert np.abs(read[-1] - line[-1]).max() <= 0.0501
        gaps = np.abs(read[:, np.newaxis] - line).max(axis=2)  # (n_read, n_points)
        assert gaps.min(axis=1).max() <= 0.0501
        assert gaps.min(axis=0).max() <= 0.0501


def test_a_stroke_that_does_not_move_is_a_dot():
    ink = Ink.from_arrays([[[0, 0], [0, 90]], [[0, 100]], [[3, 100], [3, 100]]], label="i")
    root = parsed(svg_of_ink(ink))
    assert len(list(root.iter(f"{SVG}circle"))) == 2
    (path,) = root.iter(f"{SVG}path")
    assert len(drawn_points(path.get("d"))) == 1


def test_the_ink_is_drawn_where_its_box_says_and_y_grows_downwards():
    (path,) = parsed(svg_of_ink(Ink.from_arrays([[[0, 0], [5, 10]]]), size=80)).iter(f"{SVG}path")
    (line,) = drawn_points(path.get("d"))
    assert line.tolist() == [[25, 10], [55, 70]]


def test_numbered_strokes_carry_their_numbers_in_writing_order():
    svg = svg_of_ink(CROSS, numbered=True)
    assert texts(svg) == ["1", "2"]
    assert texts(svg_of_inks([CROSS, DOT], numbered=True)) == ["1", "2", "1", "x", "."]
    assert texts(svg_of_ink(CROSS)) == []


def test_a_sheet_has_a_frame_per_ink_within_the_page_and_no_two_at_one_place():
    root = parsed(svg_of_inks([CROSS] * 7, columns=3, size=50))
    ground, *frames = root.iter(f"{SVG}rect")
    corners = [(float(f.get("x")), float(f.get("y"))) for f in frames]
    assert len(set(corners)) == 7
    assert len({x for x, _ in corners}) == 3
    assert max(x for x, _ in corners) + 50 <= float(ground.get("width"))
    assert max(y for _, y in corners) + 50 <= float(ground.get("height"))


def test_captions_are_the_labels_unless_given():
    assert texts(svg_of_inks([CROSS, DOT, SLASH])) == ["x", "."]
    assert texts(svg_of_inks([CROSS, DOT], captions=["one", "two"])) == ["one", "two"]


def test_a_sheet_of_no_inks_is_a_page():
    assert parsed(svg_of_inks([])).tag == f"{SVG}svg"
    assert parsed(svg_of_inks([[]])).tag == f"{SVG}svg"
    assert parsed(svg_of_matches([])).tag == f"{SVG}svg"
    assert parsed(svg_of_matches([MatchRow(DOT, [])])).tag == f"{SVG}svg"
    assert parsed(svg_of_path([], [], np.empty((0, 2), int))).tag == f"{SVG}svg"


def test_a_sheet_of_a_hundred_inks_stays_small():
    angle = np.linspace(0, 6, 80)
    ink = Ink.from_arrays([np.stack([np.cos(angle), np.sin(2 * angle)], axis=1)], label="8")
    assert len(svg_of_inks([ink] * 100)) < 90_000


def test_a_path_is_drawn_from_point_to_point_across_lines():
    a = [np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 1.0]])]
    svg = svg_of_path(a, SLASH, [[0, 0], [1, 0], [2, 1]], size=80, captions=("a", "b"))
    joined, *_ = [drawn_points(p.get("d")) for p in parsed(svg).iter(f"{SVG}path")]
    # Margin 10, room 60; the second drawing begins at 80 + 16.
    assert [line.tolist() for line in joined] == [
        [[10, 10], [106, 70]],
        [[70, 10], [106, 70]],
        [[70, 70], [166, 10]],
    ]
    assert texts(svg) == ["a", "b"]


def test_a_long_path_is_thinned_but_keeps_its_ends():
    line = [np.stack([np.arange(500.0), np.zeros(500)], axis=1)]
    svg = svg_of_path(line, line, np.stack([np.arange(500)] * 2, axis=1), size=80, links=5)
    joined, *_ = [drawn_points(p.get("d")) for p in parsed(svg).iter(f"{SVG}path")]
    assert len(joined) == 5
    assert joined[0].tolist() == [[10, 40], [106, 40]]
    assert joined[-1].tolist() == [[70, 40], [166, 40]]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ([[0, 0], [2, 1]], r"leads to the steps \(2, 1\); the drawings have 2 and 2 points"),
        ([[-1, 0]], "leads to the steps"),
        ([0, 1], r"shape \(2,\)"),
        ([[0.0, 1.0]], "of float64; needed"),
    ],
)
def test_a_path_that_leaves_the_drawings_is_refused(path, message):
    with pytest.raises(ArgumentError, match=message):
        svg_of_path(SLASH, SLASH, path)


def test_a_row_of_matches_tells_label_distance_and_writer():
    matches = [DrawnMatch(SLASH, 0.25, "x", "w2"), DrawnMatch(DOT, 1234.5, None, None)]
    svg = svg_of_matches([MatchRow(CROSS, matches, "x", "w1")])
    assert texts(svg) == ["x", "w1", "x", "0.25", "w2", "unlabelled", "1234"]


def test_two_rows_of_one_query_draw_it_once_and_name_who_found_the_matches():
    rows = [
        MatchRow(CROSS, [DrawnMatch(SLASH, 0.25, "x")], "x", "w1", "by DTW"),
        MatchRow(None, [DrawnMatch(DOT, 0.5, "y")], "x", "w1", "learned"),
    ]
    root = parsed(svg_of_matches(rows))
    assert texts(svg_of_matches(rows)) == ["x", "w1", "by DTW", "x", "0.25", "learned", "y", "0.5"]
    assert len(list(root.iter(f"{SVG}rect"))) == 4  # the ground, the query, two matches
    titles = [t.text for p in root.iter(f"{SVG}path") for t in p.iter(f"{SVG}title")]
    assert titles == ["right", "wrong"]
    with pytest.raises(ArgumentError, match="the first row has no query"):
        svg_of_matches(rows[1:])


def test_right_and_wrong_differ_in_shape_and_not_only_in_colour():
    def shapes(label):
        root = parsed(svg_of_matches([MatchRow(CROSS, [DrawnMatch(SLASH, 1.0, label)], "x")]))
        dashed = [r for r in root.iter(f"{SVG}rect") if r.get("stroke-dasharray")]
        titles = [t.text for p in root.iter(f"{SVG}path") for t in p.iter(f"{SVG}title")]
        return len(dashed), titles

    assert shapes("x") == (0, ["right"])
    assert shapes("y") == (1, ["wrong"])
    assert shapes(None) == (0, [])


def test_matches_of_an_unlabelled_query_are_not_judged():
    svg = svg_of_matches([MatchRow(CROSS, [DrawnMatch(SLASH, 1.0, "x")])])
    assert "right" not in svg
    assert "wrong" not in svg


@pytest.mark.parametrize("size", [0, -1, np.nan, np.inf])
def test_a_size_that_is_none_is_refused(size):
    for draw in (svg_of_ink, lambda d, size: svg_of_inks([d], size=size),
                 lambda d, size: svg_of_path(d, d, [[0, 0]], size=size),
                 lambda d, size: svg_of_matches([MatchRow(d, [])], size=size)):  # fmt: skip
        with pytest.raises(ArgumentError, match="a positive number of pixels is needed"):
            draw(DOT, size=size)


def test_counts_that_mean_nothing_are_refused():
    with pytest.raises(ArgumentError, match="columns=0; a sheet has at least 1"):
        svg_of_inks([DOT], columns=0)
    with pytest.raises(ArgumentError, match="2 captions for 1 inks"):
        svg_of_inks([DOT], captions=["a", "b"])
    with pytest.raises(ArgumentError, match="links=0"):
        svg_of_path(DOT, DOT, [[0, 0]], links=0)


def test_a_drawing_is_written_whole_or_refused(tmp_path):
    write_svg(svg_of_ink(CROSS), tmp_path / "cross.svg")
    assert (tmp_path / "cross.svg").read_text(encoding="utf-8") == svg_of_ink(CROSS)
    with pytest.raises(OutputError, match="no-such"):
        write_svg(svg_of_ink(CROSS), tmp_path / "no-such" / "cross.svg")


# Characters


def dots_of(drawn):
    """Read a braille drawing back as an array of dots."""
    cells = np.array([[ord(c) - 0x2800 for c in line] for line in drawn.split("\n")])
    dots = np.zeros((4 * len(cells), 2 * cells.shape[1]), dtype=bool)
    for bit, (row, column) in enumerate(
        [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]
    ):
        dots[row::4, column::2] = cells >> bit & 1
    return dots


def test_a_diagonal_is_drawn_dot_by_dot():
    drawn = draw_text(Ink.from_arrays([[[0, 0], [7, 7]]]), width=4, height=2)
    assert np.array_equal(dots_of(drawn), np.eye(8, dtype=bool))


def test_a_long_segment_is_drawn_without_holes():
    dots = dots_of(draw_text([np.array([[0.0, 0.0], [1e6, 3e5]])], 20, 10))
    assert dots.any(axis=0).all()


@given(lines, st.integers(1, 9), st.integers(1, 5), st.booleans())
def test_a_text_drawing_has_the_size_that_was_asked(drawing, width, height, ascii):
    drawn = draw_text(drawing, width, height, ascii=ascii)
    assert [len(line) for line in drawn.split("\n")] == [width] * height
    assert drawn.isascii() == ascii
    blank = set(" \n") if ascii else set("\u2800\n")
    assert (set(drawn) <= blank) == (not drawing)


def test_a_dot_is_drawn_in_the_middle():
    assert dots_of(draw_text(DOT, 3, 3)).sum() == 1
    assert draw_text(DOT, 3, 3, ascii=True).split("\n")[1].strip() != ""


def test_ascii_drawings_show_the_shape():
    square = [np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0], [0.0, 0.0]])]
    top, *sides, bottom = draw_text(square, 8, 4, ascii=True).split("\n")
    assert all(side[0] == side[-1] == "|" and side[1:-1].isspace() for side in sides)
    assert set(top[1:-1]) == {'"'}
    assert set(bottom[1:-1]) == {"_"}
    assert draw_text(SLASH, 4, 2, ascii=True).split() == [",'", ",'"]


def test_a_text_drawing_of_no_size_is_refused():
    for size in [(0, 4), (8, 0), (-1, 1)]:
        with pytest.raises(ArgumentError, match="both must be at least 1"):
            draw_text(DOT, *size)


def test_blocks_stand_side_by_side_with_their_tops_aligned():
    assert beside(["ab\nc", "d"], gap=1) == "ab d\nc"
    assert beside([]) == ""


def test_wide_characters_take_two_columns_of_a_terminal():
    assert beside(["手書き\nab", "|\n|"], gap=1) == "手書き |\nab     |"
    assert beside(["e\u0301\nab", "|\n|"], gap=0) == "e\u0301 |\nab|"


def test_braille_fits_unicode_and_nothing_else():
    assert braille_fits("utf-8")
    assert braille_fits("UTF-16")
    assert not braille_fits("latin-1")
    assert not braille_fits("ascii")
    assert not braille_fits(None)
    assert not braille_fits("no-such-encoding")
