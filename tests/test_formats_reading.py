"""Where ink may lie, how its format is told, and everything that can be wrong with a file."""

import bz2
import gzip
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from strokesim.errors import ArgumentError, FormatError, OutputError, UnknownNameError
from strokesim.formats import FORMATS, opening, read_ink, read_inks, write_ink
from strokesim.formats.source import MOST_LISTED, Source
from strokesim.ink import Ink

JSONL = '{"strokesim_ink":1,"label":"%s","channels":["x","y"],"strokes":[[[0,3],[0,4]]]}\n'
UNIPEN = '.SEGMENT DIGIT 0 ? "%s"\n.PEN_DOWN\n 1 2\n.PEN_UP\n'
OMNIGLOT = "START\n1,-2,0\nBREAK\n"


def labels(*paths, **options):
    return [ink.label for ink in read_inks(*paths, **options)]


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with ink, other files, and what systems leave behind."""
    root = tmp_path / "folder"
    put(root / "b.jsonl", JSONL % "b")
    put(root / "a" / "z.unipen", UNIPEN % "z")
    put(root / "a" / "wrong.csv", UNIPEN % "wrong suffix")
    put(root / "README.md", "# Not ink\n")
    put(root / "LICENSE", "")
    put(root / "table.csv", "height,width\n1,2\n")
    put(root / "photo.jpg", b"\xff\xd8\xff\xe0" + bytes(5000))
    put(root / ".hidden.jsonl", JSONL % "hidden")
    put(root / ".git" / "c.jsonl", JSONL % "hidden")
    put(root / "__MACOSX" / "b.jsonl", JSONL % "resource fork")
    return root


@pytest.fixture
def archive(tmp_path, folder):
    path = tmp_path / "inks.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for item in sorted(folder.rglob("*")):
            file.write(item, f"top/{item.relative_to(folder)}")
    return path


EXPECTED = ["wrong suffix", "z", "b"]


def test_a_folder_gives_its_ink_in_the_order_of_names_and_passes_over_the_rest(folder):
    assert labels(folder) == EXPECTED


def test_an_archive_gives_the_same_as_the_folder_that_it_was_made_of(folder, archive):
    assert labels(archive) == EXPECTED
    assert labels(archive / "top") == EXPECTED
    assert labels(f"{archive}/top/") == EXPECTED


def test_a_part_of_an_archive_is_a_folder_or_a_member(archive):
    assert labels(archive / "top" / "a") == ["wrong suffix", "z"]
    ink = read_ink(archive / "top" / "a" / "z.unipen")
    assert (ink.label, ink.source) == ("z", f"{archive}/top/a/z.unipen")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_ink_of_a_file_whose_name_is_no_text_is_ink_like_any_other(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.unipen"
    with open(path, "wb") as file:
        file.write((UNIPEN % "a").encode())
    for given in (os.fsdecode(path), tmp_path):
        ink = read_ink(given)
        assert (ink.label, Path(ink.source).name) == ("a", "caf?.unipen")
        for text in (ink.id, ink.source, ink.writer or ""):
            text.encode()


def test_an_archive_in_a_folder_is_looked_into(tmp_path, archive):
    assert labels(tmp_path) == EXPECTED * 2


def test_an_archive_without_suffix_or_in_memory_is_told_by_its_content(archive):
    bare = archive.rename(archive.with_name("download"))
    assert labels(bare) == EXPECTED
    assert labels(io.BytesIO(bare.read_bytes())) == EXPECTED


def test_gzip_is_undone_wherever_it_is_found(tmp_path):
    put(tmp_path / "in" / "a.jsonl.gz", gzip.compress((JSONL % "a").encode(), mtime=0))
    put(tmp_path / "in" / "b.jsonl", gzip.compress((JSONL % "b").encode()))
    assert labels(tmp_path / "in") == ["a", "b"]
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as file:
        file.write(tmp_path / "in" / "a.jsonl.gz", "c.jsonl.gz")
    assert labels(tmp_path / "c.zip") == ["a"]


def test_an_open_binary_file_is_read_from_where_it_stands_and_left_open():
    file = io.BytesIO(b"prefix" + (JSONL % "a").encode())
    file.seek(6)
    assert labels(file) == ["a"]
    assert not file.closed


def test_standard_input_is_read(tmp_path):
    code = "from strokesim import read_inks; print([ink.label for ink in read_inks('-')])"
    for given in (JSONL % "a", UNIPEN % "a"):
        done = subprocess.run(
            [sys.executable, "-c", code], input=given.encode(), capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == "['a']"


def test_a_named_pipe_is_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen(["sh", "-c", f"printf %s '{JSONL % 'a'}' > {pipe}"])
    assert labels(pipe) == ["a"]
    writer.wait()
    assert labels(put(tmp_path / "b.jsonl", JSONL % "b").parent) == ["b"]


def test_content_decides_before_the_suffix(tmp_path):
    for name in ("a.csv", "a.inkml", "a.txt", "a"):
        assert labels(put(tmp_path / name, UNIPEN % "a")) == ["a"]


def test_a_dialect_is_preferred_to_what_it_is_a_dialect_of():
    text = '.COMMENT Class #01: [A] = { "a" }\n' + UNIPEN % "a"
    assert read_ink(io.BytesIO(text.encode())).mm_per_unit == 0.01


def test_a_file_that_looks_like_two_formats_is_told_by_its_suffix_or_asked_for(tmp_path):
    both = 'x,y\n.SEGMENT DIGIT 0 ? "a"\n.PEN_DOWN\n1 2\n'
    with pytest.raises(FormatError, match="ink: could be csv or unipen; name one with format="):
        labels(put(tmp_path / "ink", both))
    assert labels(put(tmp_path / "ink.unipen", both), lenient=True) == ["a"]
    assert labels(tmp_path / "ink", format="unipen", lenient=True) == ["a"]


def test_a_format_that_is_named_is_believed(tmp_path):
    path = put(tmp_path / "ink", "\n\n" + UNIPEN % "a")
    assert labels(path, format="unipen") == ["a"]
    with pytest.raises(FormatError, match="ink:3: is not JSON"):
        labels(path, format="jsonl")


def test_in_a_folder_a_named_format_takes_what_looks_like_it(folder):
    assert labels(folder, format="unipen") == ["wrong suffix", "z"]


def test_ids_are_unique_among_everything_that_one_call_reads(tmp_path, archive):
    put(tmp_path / "1" / "a.unipen", UNIPEN % "a" + UNIPEN % "a")
    put(tmp_path / "2" / "a.unipen", UNIPEN % "a")
    for paths in ([tmp_path], [tmp_path / "1", tmp_path / "2"], [*tmp_path.glob("*/a.unipen")]):
        ids = [ink.id for ink in read_inks(*paths) if ink.id is not None]
        assert len(ids) == len(set(ids)) >= 3
    assert [ink.id for ink in read_inks(tmp_path / "1" / "a.unipen")] == [
        "a.unipen#0",
        "a.unipen#1",
    ]


def test_a_source_names_the_file(tmp_path, archive):
    path = put(tmp_path / "a.unipen", UNIPEN % "a")
    assert read_ink(path).source == str(path)
    inside = next(ink for ink in read_inks(archive) if ink.label == "z")
    assert inside.source == f"{archive}/top/a/z.unipen"


# Bad input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "ink: is empty"),
        (" \n\n", "ink: is empty"),
        (gzip.compress(b"", mtime=0), "ink: is empty"),
        ("hello\n", r"ink: is no ink in a known format \(.*csv, .*inkml, .*jsonl, .*\)"),
        (b"\x00\x01\x02", "ink: is no ink in a known format"),
        (bz2.compress(b"hello"), "ink: is no ink in a known format"),
        (gzip.compress((JSONL % "a").encode(), mtime=0)[:-9], "ink: is damaged or cut off"),
        (gzip.compress((JSONL % "a").encode(), mtime=0)[:-8] + bytes(8), "ink: is damaged: CRC"),
        (b"\x1f\x8b" + bytes(20), "ink: is damaged: Unknown compression method"),
        (b"PK\x03\x04" + bytes(20), "ink: is damaged or cut off: File is not a zip file"),
    ],
)
def test_a_file_that_is_no_ink_is_refused_by_name(tmp_path, content, message):
    path = put(tmp_path / "ink", content)
    with pytest.raises(FormatError, match=message):
        labels(path)


def test_what_is_not_there_or_cannot_be_read_is_refused_by_name(tmp_path, archive, monkeypatch):
    with pytest.raises(FormatError, match=r"missing.jsonl: no such file or folder"):
        labels(tmp_path / "missing.jsonl")
    with pytest.raises(FormatError, match=r"b.jsonl/x: no such file or folder"):
        labels(put(tmp_path / "b.jsonl", JSONL % "b") / "x")
    with pytest.raises(
        FormatError, match=r"inks.zip: no member 'x'; it holds top/LICENSE, .* more"
    ):
        labels(archive / "x")
    with pytest.raises(FormatError, match="is no ink in a known format"):
        labels(archive / "top" / "README.md")
    with pytest.raises(FormatError, match="cannot be read: File name too long"):
        labels(tmp_path / ("x" * 300))

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FormatError, match=r"b.jsonl: cannot be read: Permission denied"):
        labels(tmp_path / "b.jsonl")


def test_a_folder_or_an_archive_without_ink_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    put(tmp_path / "papers" / "README.md", "# Not ink\n")
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as file:
        file.writestr("README.md", "# Not ink\n")
    for name in ("empty", "papers", "papers.zip"):
        with pytest.raises(FormatError, match=f"{name}: holds no ink"):
            labels(tmp_path / name)


def test_a_file_with_a_suffix_of_ink_alone_must_be_ink_in_a_folder_too(tmp_path):
    put(tmp_path / "a.unipen", "")
    with pytest.raises(FormatError, match=r"a.unipen: is empty"):
        labels(tmp_path)
    put(tmp_path / "a.unipen", "hello\n")
    with pytest.raises(FormatError, match=r"a.unipen:1: text ahead of the first keyword"):
        labels(tmp_path)


def test_leniently_only_damaged_files_are_left_out_and_listed(tmp_path):
    put(tmp_path / "a.jsonl", JSONL % "a")
    put(tmp_path / "b.unipen", ".PEN_DOWN\n1\n")
    put(tmp_path / "c.jsonl.gz", gzip.compress((JSONL % "c").encode() * 99)[:-20])
    put(tmp_path / "d.zip", b"PK\x03\x04")
    put(tmp_path / "e.jsonl", JSONL % "e")
    skipped = []
    assert labels(tmp_path, lenient=True, skipped=skipped) == ["a", "e"]
    assert [Path(error.source).name for error in skipped] == ["b.unipen", "c.jsonl.gz", "d.zip"]
    with pytest.raises(FormatError, match=r"b.unipen:2: a line has 1 numbers"):
        labels(tmp_path)


def test_a_damaged_member_of_an_archive_is_named(archive):
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        info = file.getinfo("top/a/z.unipen")
    data[info.header_offset + 30 + len(info.filename) + 5] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(FormatError, match=r"inks.zip/top/a/z.unipen: is damaged or cut off"):
        labels(archive)


def test_an_encrypted_member_is_refused(archive):
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        offset = file.getinfo("top/b.jsonl").header_offset
    entry = data.rindex(b"top/b.jsonl") - 46
    data[offset + 6] |= 1
    data[entry + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(FormatError, match=r"top/b.jsonl: cannot be unpacked: .* encrypted"):
        labels(archive / "top" / "b.jsonl")


@pytest.mark.parametrize("packed", ["gz", "zip"])
def test_what_unpacks_to_far_more_than_its_size_is_refused(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(opening, "FREE_BYTES", 1 << 20)
    bomb = (JSONL % "a").encode() + b" " * (4 << 20)
    path = tmp_path / f"bomb.{packed}"
    if packed == "gz":
        path.write_bytes(gzip.compress(bomb))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a.jsonl", bomb)
    with pytest.raises(FormatError, match=r"is larger than the limit of 1 MiB unpacked, from \d+"):
        labels(path)


def test_a_file_beyond_the_largest_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "LARGEST_FILE", 1 << 20)
    path = put(tmp_path / "a.jsonl", (JSONL % "a").encode() + b" " * (2 << 20))
    with pytest.raises(FormatError, match=r"a.jsonl: is larger than the limit of 1 MiB"):
        labels(path)


def test_only_one_ink_is_an_ink(tmp_path):
    path = put(tmp_path / "a.jsonl", JSONL % "a" + JSONL % "b")
    with pytest.raises(FormatError, match=r"a.jsonl: holds more than one ink; .* read_inks"):
        read_ink(path)
    put(path, "{}\n" + JSONL % "b")
    assert read_ink(path, lenient=True).label == "b"
    put(path, '{"strokesim_ink":0}\n')
    with pytest.raises(
        FormatError, match=r"a.jsonl: holds no ink that is not damaged; .*:1: strokesim_ink is 0"
    ):
        read_ink(path, lenient=True)


def test_a_call_that_means_nothing_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="no path to read ink from"):
        read_inks()
    with pytest.raises(UnknownNameError, match="unknown format 'inkm'; did you mean 'inkml'"):
        read_inks(tmp_path, format="inkm")
    with pytest.raises(ArgumentError, match="7 is neither a path nor an open binary file"):
        labels(7)
    with pytest.raises(ArgumentError, match=r"is open as text; open it in binary mode"):
        labels(io.StringIO("x"))


# Writing

INK = Ink.from_arrays([[[0, 0], [3, 4]]], label="a")


def test_the_suffix_tells_the_format_to_write(tmp_path):
    for name in ("a.jsonl", "a.csv", "a.inkml", "a.jsonl.gz", "a.inkml.gz"):
        assert write_ink(INK, tmp_path / name) == 1
        assert read_ink(tmp_path / name).label == "a"
    assert (tmp_path / "a.inkml.gz").read_bytes().startswith(b"\x1f\x8b")


def test_the_same_ink_is_written_as_the_same_bytes(tmp_path):
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_ink([INK, INK], tmp_path / name)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@pytest.mark.parametrize(
    ("inks", "name", "options", "message"),
    [
        ([], "a.jsonl", {}, "no ink to write to .*a.jsonl"),
        (INK, "a.doc", {}, r"suffix of .*a.doc tells no format; .* \(csv, inkml, .*jsonl, .*\)"),
        (INK, "a.uji", {}, r"the suffix of .*a.uji tells no format|uji can only be read"),
        (INK, "a.txt", {"format": "uji"}, "uji can only be read; use csv, inkml, .*jsonl"),
        (INK, "a.txt", {"format": "jsonll"}, "unknown format 'jsonll'; did you mean 'jsonl'"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_no_file(
    tmp_path, inks, name, options, message
):
    with pytest.raises(ArgumentError, match=message):
        write_ink(inks, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_the_old_file(tmp_path):
    path = put(tmp_path / "a.jsonl", JSONL % "old")

    def inks():
        yield INK
        raise FormatError("is damaged", "other.jsonl")

    with pytest.raises(FormatError, match=r"other.jsonl: is damaged"):
        write_ink(inks(), path)
    assert labels(tmp_path) == ["old"]
    with pytest.raises(OutputError, match=r"cannot write .*: No such file or directory"):
        write_ink(INK, tmp_path / "missing" / "a.jsonl")


# The table


def test_the_table_is_keyed_by_name_and_its_first_suffixes_are_lower_case():
    for name, format in FORMATS.items():
        assert name == format.name
        assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in format.suffixes)
        assert format.title and format.channels[:2] == ("x", "y") and format.lenient
        assert format.refines is None or format.refines in FORMATS


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    "head", [b"", b"\0" * 99, b"\xff" * 99, b"\n", b'"', b"<", b"{" * 99, b"x,y"]
)
def test_no_format_stumbles_over_bytes_that_are_not_its_own(name, head):
    assert FORMATS[name].sniff(head) is (name == "csv" and head == b"x,y")


# What is left out


def test_of_much_damage_a_thousand_are_listed_and_the_rest_is_counted(tmp_path):
    path = put(tmp_path / "a.jsonl", JSONL % "kept" + "{\n" * 1500)
    skipped = []
    assert len(list(read_inks(path, lenient=True, skipped=skipped))) == 1
    assert len(skipped) == MOST_LISTED + 1 == 1001
    assert sum(error.count for error in skipped) == 1500
    assert str(skipped[-1]) == f"{path}: 500 more left out than the 1,000 that are listed"
    assert pickle.loads(pickle.dumps(skipped[-1])).count == 500
    assert [error.line for error in skipped[:2]] == [2, 3]


@pytest.mark.parametrize(
    ("text", "lines"),
    [(b"", [b""]), (b"a", [b"a"]), (b"a\n", [b"a", b""]),
     (b"\n\xef\xbb\xbfa", [b"", b"\xef\xbb\xbfa"]),
     (b"\xef\xbb\xbfa\r\nb", [b"a\r", b"b"])],
)  # fmt: skip
def test_lines_are_what_line_feeds_separate(text, lines):
    assert list(Source(text, "a").lines()) == lines
