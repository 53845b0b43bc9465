"""UJI Pen Characters, version 2: words, their strokes, and who wrote them."""

import pytest

from strokesim.errors import FormatError
from strokesim.formats import read_ink, read_inks

WORD = "WORD a trn_UJI_W01-02\n  NUMSTROKES 1\n  POINTS 2 # 614 743 572 718\n"
OTHER = "// ASCII char: /\nWORD / tst_UPV_W03-01\n  NUMSTROKES 1\n  POINTS 1 # 1 2\n"


def test_a_word_is_an_ink_with_y_growing_downwards(tmp_path):
    (tmp_path / "a.txt").write_text("// comment\n" + WORD)
    ink = read_ink(tmp_path / "a.txt")
    assert [stroke.xy.tolist() for stroke in ink.strokes] == [[[614, 743], [572, 718]]]
    assert (ink.label, ink.writer, ink.id) == ("a", "UJI_W01", "a.txt#0")
    assert dict(ink.notes) == {"part": "trn", "repetition": "02"}


def test_each_institution_has_its_scale(tmp_path):
    (tmp_path / "a.txt").write_text(WORD + OTHER + WORD.replace("UJI", "XYZ"))
    scales = [ink.mm_per_unit for ink in read_inks(tmp_path / "a.txt")]
    assert scales == [1 / 100, 1 / 152, None]


def test_labels_are_utf_8_and_a_slash_is_no_comment(tmp_path):
    (tmp_path / "a.txt").write_text(OTHER + WORD.replace(" a ", " ñ "), encoding="utf-8")
    assert [ink.label for ink in read_inks(tmp_path / "a.txt")] == ["/", "ñ"]


def test_a_session_of_another_form_is_kept_as_it_is(tmp_path):
    (tmp_path / "a.txt").write_text(WORD.replace("trn_UJI_W01-02", "mine"))
    ink = read_ink(tmp_path / "a.txt")
    assert (ink.writer, dict(ink.notes)) == (None, {"session": "mine"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WORD.replace("POINTS 2", "POINTS 3"), "bad.txt:3: announces 3 points, and 4 numbers"),
        (WORD.replace("POINTS 2", "POINTS 1000000000"), "bad.txt:3: announces 1000000000 points"),
        (WORD.replace("SES 1", "SES 2").replace("STROKES 1", "STROKES 2"), "announces 2 strokes"),
        (
            WORD.replace("STROKES 1", "STROKES 1" + "0" * 5000),
            "bad.txt:2: 'NUMSTROKES 1000.* is no WORD, NUMSTROKES",
        ),
        (WORD.replace("POINTS 2", "POINTS 2" + "0" * 5000), "bad.txt:3: 'POINTS 2000.* is no WORD"),
        (WORD.replace("614", "6l4"), "bad.txt:3: '6l4' is not a number"),
        (WORD.replace("POINTS 2 # 614 743 572 718", "POINTS 0 #"), "bad.txt:3: a stroke without"),
        (WORD.replace("POINTS", "PIONTS"), "bad.txt:3: 'PIONTS 2 # .* is no WORD, NUMSTROKES"),
        (WORD[:30], "bad.txt:2: 'NUMSTR' is no WORD, NUMSTROKES"),
        (WORD[:38], "bad.txt:1: WORD a announces 1 strokes and has 0"),
        ("WORD a\n" + WORD, "bad.txt:1: 'WORD a' stands ahead of the first WORD"),
    ],
)
def test_a_damaged_word_is_named_and_only_it_is_lost_when_lenient(tmp_path, text, message):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        list(read_inks(path, format="uji2"))
    path.write_text(text + OTHER)
    skipped = []
    kept = [ink.label for ink in read_inks(path, format="uji2", lenient=True, skipped=skipped)]
    assert (kept[-1], len(skipped)) == ("/", 1)


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(tmp_path):
    (tmp_path / "bad.txt").write_bytes(WORD.encode() + "WORD ñ".encode("latin-1"))
    with pytest.raises(FormatError, match=r"bad.txt:4: byte \d+ is not utf-8 text"):
        list(read_inks(tmp_path / "bad.txt"))
