"""Every file is told to be of one format: the published recordings, and a small one of each."""

import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.formats import FORMATS
from strokesim.formats.opening import HEAD_BYTES
from strokesim.formats.table import format_of_file

# What the folders of the published recordings hold, by the endings of the files in them.
PUBLISHED = {
    ("character_trajectories", ".csv"): "character_trajectories",
    ("hwrt", ".json"): "hwrt",
    ("inkml", ".inkml"): "inkml",
    ("inkml", ".xml"): "inkml",
    ("mmg", ".xml"): "gesture",
    ("omniglot", ".zip"): "omniglot",
    ("pendigits", "-orig.tra"): "unipen",
    ("pendigits", "-orig.tes"): "unipen",
    ("pendigits", ".tra"): "pendigits",
    ("pendigits", ".tes"): "pendigits",
    ("quickdraw", ".json"): "quickdraw",
    ("svc", ".json"): "bdalab",
    ("svc", ".svc"): "signature_text",
    ("ujipenchars", ".txt"): "uji",
    ("ujipenchars2_excerpt", ".txt"): "uji2",
    ("wacom", ".csv"): "wacom_csv",
    ("wacom", ".uim"): "uim",
}
NO_INK = ("LICENSE", "README.md")

SMALL = {
    "bdalab": b'{"meta_data": {"samples_count": 1}, "data": {"x": [1]}}',
    "character_trajectories": b"sample,label,k,vx,vy,force\n1,a,0,0,0,0\n",
    "csv": b"x,y,pen\n1,2,1\n",
    "digilets": b"0.1 0.2 0.5 1 0.0 0.1 0.2 0.5 0 0.02\n",
    "evdev": b'{"time": 1.5, "type": "EV_ABS", "code": "ABS_X", "value": 7}\n',
    "gesture": b'<?xml version="1.0"?>\n<Gesture Name="D~01"><Stroke><Point X="1" Y="2"/>',
    "homus": b"Quarter-Note\n144,130;143,131;\n",
    "hwrt": b'[[{"x": 271, "y": 262, "time": 1411811187486}]]',
    "iamondb": b'<?xml version="1.0"?><WhiteboardCaptureSession><WhiteboardDescription/>',
    "inkml": b'<ink xmlns="http://www.w3.org/2003/InkML"><trace>1 2</trace></ink>',
    "jsonl": b'{"strokesim_ink":1,"channels":["x","y"],"strokes":[[[0],[0]]]}\n',
    "kanjivg": b'<kanjivg><kanji id="kvg:kanji_04e00"><g><path d="M1,2c3,4,5,6,7,8"/></g>',
    "omniglot": b"START\n1.5,-2,0\nBREAK\n",
    "pendigits": b" 47,100, 27, 81, 57, 37, 26,  0,  0, 23, 56, 53,100, 90, 40, 98, 8\n",
    "pointer_events": b'{"type": "pointerdown", "timeStamp": 1, "x": 1, "y": 2}\n',
    "pot": bytes.fromhex("1400 a1b00000 0100 0100 0200 ffff 0000 ffff ffff"),
    "quickdraw": b'{"word":"cat","drawing":[[[1],[2]]]}\n',
    "signature_text": b"2\r\n2933 5678 31275775 0\r\n2933 5678 31275785 1\r\n",
    "tegaki": b'<character><utf8>a</utf8><strokes><stroke><point x="1" y="2"/>',
    "uim": b"RIFF\x10\0\0\0UINKHEAD",
    "uji": b".VERSION 1.0\n.COMMENT Class [A]\n.SEGMENT CHARACTER 0 ? \"A\"\n",
    "uji2": b"WORD a trn_UJI_W01-02\n  NUMSTROKES 1\n  POINTS 1 # 1 2\n",
    "unipen": b".VERSION 1.0\n.COORD X Y\n.PEN_DOWN\n1 2\n.PEN_UP\n",
    "wacom_csv": b"idx,SPLINE_X,SPLINE_Y,SENSOR_TIMESTAMP\n0,1,2,3\n",
    "xournal": b'<xournal version="0.4"><page><layer><stroke>1 2 3 4</stroke>',
}  # fmt: skip


def test_every_format_that_a_file_can_look_like_has_its_small_file():
    # A format without a suffix is another way of writing one that has them.
    assert {*SMALL} == {name for name, format in FORMATS.items() if format.suffixes}


def told(head):
    """Return the names of the formats that a file looks like, dialects instead of their own."""
    alike = {name for name, format in FORMATS.items() if format.sniff(head)}
    return alike - {FORMATS[name].refines for name in alike}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_file_looks_like_its_own_format_and_no_other(name):
    assert told(SMALL[name]) == {name}
    assert format_of_file(SMALL[name], "file", named=False) is FORMATS[name]


@pytest.mark.parametrize("name", sorted({*SMALL} - {"pot", "uim"}))
def test_a_byte_order_mark_makes_no_other_format_of_a_file(name):
    assert told(b"\xef\xbb\xbf" + SMALL[name]) <= {name}


@pytest.mark.data
def test_every_published_file_is_told(data):
    n_files = 0
    for path in sorted(data.rglob("*")):
        if path.is_dir() or path.name in NO_INK:
            continue
        folder = path.relative_to(data).parts[0]
        endings = [end for key, end in PUBLISHED if key == folder and path.name.endswith(end)]
        expected = PUBLISHED[folder, max(endings, key=len)]
        for head in heads(path):
            n_files += 1
            assert told(head) == {expected}, path
            assert format_of_file(head, path.name, named=False) is FORMATS[expected], path
    assert n_files > 4840


@pytest.mark.data
def test_licences_and_descriptions_beside_the_ink_are_told_to_be_none(data):
    paths = [path for path in data.rglob("*") if path.name in NO_INK]
    assert len(paths) > 5
    assert all(told(path.read_bytes()[:HEAD_BYTES]) == set() for path in paths)


def heads(path):
    """Yield the first bytes of a file, or of each member of an archive."""
    if path.suffix != ".zip":
        yield path.read_bytes()[:HEAD_BYTES]
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            hidden = member.filename.startswith("__MACOSX") or ".DS_Store" in member.filename
            if not (member.is_dir() or hidden):
                yield archive.open(member).read(HEAD_BYTES)


@settings(max_examples=500)
@given(st.binary(max_size=60) | st.sampled_from([*SMALL.values()]).flatmap(
    lambda data: st.integers(0, len(data)).map(lambda end: data[:end])
))  # fmt: skip
def test_no_format_fails_over_a_head_or_takes_part_of_another_for_its_own(head):
    alike = told(head)
    assert len(alike) <= 1 or head in b"".join(SMALL.values())
