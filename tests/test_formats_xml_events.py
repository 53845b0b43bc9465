"""The one reader of XML: what it yields, and what it refuses for every format."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_inks, xml_events
from strokesim.formats.source import Source
from strokesim.formats.xml_events import End, Start, root_of, without_doctype

EMPTY = {
    "gesture": "<Gesture>{}</Gesture>",
    "iamondb": "<WhiteboardCaptureSession>{}</WhiteboardCaptureSession>",
    "inkml": "<ink>{}</ink>",
    "kanjivg": "<kanjivg>{}</kanjivg>",
    "tegaki": "<character>{}</character>",
    "xournal": "<xournal>{}</xournal>",
}


def events(text, *roots, lenient=False):
    data = text if isinstance(text, bytes) else text.encode()
    return list(xml_events.xml_events(Source(data, "a.xml", lenient=lenient), *roots))


def test_elements_begin_and_end_with_their_text_and_lines():
    text = '<a xmlns="urn:x" xmlns:y="urn:y">\n1<b y:c="&lt;" xml:id="i">2\n</b>3</a>'
    assert events(text, "a") == [
        Start("a", {}, 1),
        Start("b", {"{urn:y}c": "<", "id": "i"}, 2),
        End("b", "2\n"),
        End("a", "\n13"),
    ]


def test_a_root_of_another_name_is_refused():
    assert events("<x:a xmlns:x='urn:x'/>", "a", "b")[0].name == "a"
    with pytest.raises(FormatError, match=r"a\.xml:2: begins with <c>; needed: <a> or <b>"):
        events("\n<c><a/></c>", "a", "b")


def test_a_lenient_reader_closes_what_a_break_left_open_and_drops_its_text():
    text = "<a>1<b>2</b><c>3<d/>4"
    with pytest.raises(FormatError, match=r"a\.xml:1: is no XML at column 22: no element found"):
        events(text)
    assert events(text, lenient=True)[-2:] == [End("c", ""), End("a", "")]
    assert End("b", "2") in events(text, lenient=True)


@pytest.mark.parametrize("format", sorted(EMPTY))
@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]>{}', "has a document type declaration"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">{}', "has a document type declaration"),
        ("{}" + "<g>" * 5000, "is nested more than 256 elements deep"),
        ("{}" + f"<g a='{'1' * (3 << 20)}'/>", "has a tag of more than 1 MiB"),
        ("{}" + f"<!--{'-x' * (3 << 19)}-->", "has a tag of more than 1 MiB"),
        ("<?xml version='1.0' encoding='klingon'?>{}", "unknown encoding"),
    ],
)
def test_what_could_do_harm_is_refused_however_it_is_read(
    tmp_path, format, lenient, content, message
):
    if format == "kanjivg" and lenient and "DOCTYPE" in content:
        pytest.skip("blanked out unread; tested with the format")
    empty = EMPTY[format]
    inside = content.removeprefix("{}")
    text = empty.format(inside) if content.startswith("{}") else content.format(empty.format(""))
    path = tmp_path / "bad.xml"
    path.write_text(text)
    skipped = []
    if lenient:
        assert list(read_inks(path, format=format, lenient=True, skipped=skipped)) == []
        assert message in str(skipped[-1])
    else:
        with pytest.raises(FormatError, match=rf"bad\.xml:1: {message}"):
            list(read_inks(path, format=format))


@pytest.mark.parametrize("format", sorted(EMPTY))
@pytest.mark.parametrize("content", ["&x;", "\0", "&#0;", "<g>", "</g>", "<g a=1/>", "]]>"])
def test_what_is_no_xml_is_refused_with_file_and_line(tmp_path, format, content):
    path = tmp_path / "bad.xml"
    path.write_text(EMPTY[format].format(f"\n{content}\n"))
    with pytest.raises(FormatError, match=r"bad\.xml:[23]: is no XML at column \d+: "):
        list(read_inks(path, format=format))


def test_more_elements_than_a_day_of_writing_are_refused(monkeypatch):
    monkeypatch.setattr(xml_events, "MOST_ELEMENTS", 10)
    assert len(events("<a>" + "<b/>" * 9 + "</a>")) == 20
    with pytest.raises(FormatError, match="has more than 10 elements"):
        events("<a>" + "<b/>" * 10 + "</a>")


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "bomb.xopp"
    with gzip.open(path, "wb") as file:
        file.write(b"<xournal>")
        for _ in range(64):
            file.write(b" " * (1 << 20))
        file.write(b"</xournal>")
    tracemalloc.start()
    with pytest.raises(FormatError, match=r"is larger than the limit of 16 MiB unpacked, from \d+"):
        list(read_inks(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_a_byte_order_mark_or_without_and_broken_where_it_is(encoding):
    data = "<a>1<b c='ñ'/>2</a>".encode(encoding)
    assert events(data)[1] == Start("b", {"c": "ñ"}, 1)
    for broken in (data[:-1], data[:-8] + b"\x00\xd8\xd8\x00" + data[-8:], data + b"\0"):
        with pytest.raises(FormatError, match=r"a\.xml:1: is no XML at column"):
            events(broken)
        assert events(broken, lenient=True)[-1].name == "a"


@pytest.mark.parametrize("name", ["cp037", "utf-7", "rot13", "F-" * 400_000, ""])
def test_an_encoding_in_which_ascii_is_something_else_is_refused_before_it_is_used(name):
    with pytest.raises(FormatError, match=r"a\.xml:1: unknown encoding"):
        events(f"<?xml version='1.0' encoding='{name}'?><a/>", lenient=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        "<a xmlns:n='{}'>" + "<n:b/>" * 1000 + "</a>",
        "<a xmlns:n='{}' " + " ".join(f"n:b{number}=''" for number in range(900)) + "/>",
        '<a xmlns = "{}"/>',
    ],
)
def test_a_long_namespace_is_refused_before_every_name_has_it(text, encoding):
    data = text.format("u" * 100_000).encode(encoding)
    tracemalloc.start()
    with pytest.raises(FormatError, match="has a namespace of more than 1000 bytes"):
        events(data, lenient=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(data)
    assert events(text.format("u" * 1000).encode(encoding))[0].name == "a"


def test_events_take_no_memory_that_grows_with_the_file():
    data = b"<a>" + b'<Point X="1" Y="2"/>' * 50_000 + b"</a>"
    tracemalloc.start()
    count = sum(1 for _ in xml_events.xml_events(Source(data, "a.xml")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_002
    assert peak < 3 * len(data)


@pytest.mark.parametrize(
    ("head", "root"),
    [
        (b"<ink/>", "ink"),
        (b"<i:ink xmlns:i='x'>", "ink"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<!-- <svg> --><Gesture\nName='a'>", "Gesture"),
        ("<?xml version='1.0' encoding='utf-16'?><ink>".encode("utf-16"), "ink"),
        (b'<!DOCTYPE svg PUBLIC "a>" \'b>\' [<!ATTLIST g a CDATA "]>"> <!-- ]> --> ]><svg>', "svg"),
        (b"<!-- never closed <svg>", ""),
        (b"<!DOCTYPE svg [", ""),
        (b"text <svg>", ""),
        (b"<inkling", ""),
        (b"", ""),
    ],
)
def test_the_root_is_found_behind_whatever_stands_ahead_of_it(head, root):
    assert root_of(head) == root


def test_blanking_a_declaration_keeps_everything_else_in_its_line():
    data = b"<?xml?>\n<!DOCTYPE a [\n<!ENTITY b ']>'>\n]>\n<a/>"
    plain = without_doctype(Source(data, "a")).data
    assert plain.split() == [b"<?xml?>", b"<a/>"]
    assert (len(plain), plain.count(b"\n")) == (len(data), data.count(b"\n"))


def test_a_file_without_a_declaration_stays_what_it_is():
    for data in (b"<a><!DOCTYPE b></a>", b"<!DOCTYPE a [", b"<a/>"):
        source = Source(data, "a")
        assert without_doctype(source) is source


@given(st.lists(st.sampled_from([b"<!DOCTYPE", b"<!--", b"-->", b"<?", b"?>", b'"', b"[", b">"])))
def test_looking_for_a_declaration_only_ever_blanks(pieces):
    data = b"".join(pieces)
    plain = without_doctype(Source(data, "a")).data
    assert len(plain) == len(data)
    assert all(new in (old, ord(" ")) for new, old in zip(plain, data, strict=True))


def test_a_huge_tag_may_have_a_long_attribute_and_no_endless_number_of_them():
    long = "<a b='" + "= \\" * 50_000 + "'/>"
    assert len(events(long)) == 2
    assert len(events("<!--" + ' b=""' * 50_000 + "--><a/>")) == 2
    with pytest.raises(FormatError, match="has a tag of more than 1000 attributes"):
        events("<a " + " ".join(f"b{n} = ''" for n in range(30_000)) + "/>")
    many = " ".join(f"b{n}=''" for n in range(900))
    assert len(events(f"<a {many} c='{long[6:-3]}'/>")) == 2
