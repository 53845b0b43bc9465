"""The fuzzer of benchmarks/, shortly: on every format, and on readers that are wrong."""

import runpy
from pathlib import Path

import pytest
from whole_files import WHOLE

from conftest import ROOT
from strokesim.formats import FORMATS, read_inks
from strokesim.formats.format import Format
from strokesim.ink import Ink

DOT = Ink.from_arrays([[[1, 2]]])


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield runpy.run_path(str(ROOT / "benchmarks" / "fuzz.py"))


def reading(read):
    """Return a format that is read by a function."""
    return Format("odd", "Odd", (".odd",), ("x", "y"), lambda head: True, read)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_survives_damage(script, tmp_path, name):
    findings = script["Findings"](tmp_path)
    read, taken = script["fuzz"](
        name,
        list(WHOLE[name]),
        findings,
        minutes=10,
        numbers=range(30),
        folder=tmp_path,
    )
    assert read == sum(taken.values()) == 30
    # Time and memory are no matter of a test.
    assert not [what for what in findings.counts if "over" not in what]


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"uim", "kanjivg", "unipen"}))
def test_what_is_damaged_was_whole(tmp_path, name):
    for number, data in enumerate(WHOLE[name]):
        path = tmp_path / str(number)
        path.write_bytes(data)
        assert list(read_inks(path, format=name))


def test_a_damaged_file_is_made_of_its_format_and_number_alone(script, tmp_path):
    made = []
    for _ in range(2):
        tmp_path.joinpath("main.unipen").write_bytes(b"")
        script["fuzz"](
            "unipen",
            list(WHOLE["unipen"]),
            script["Findings"](tmp_path),
            minutes=1,
            numbers=range(7, 8),
            folder=tmp_path,
        )
        made.append([(tmp_path / name).read_bytes() for name in ("main.unipen", "part.doc")])
    assert made[0] == made[1]
    assert made[0][0]


def wrong(script, read, data=b"12", lenient=False):
    _, found = script["watched"](data, len(data), reading(read), lenient=lenient, measure=True)
    return found


def test_a_reader_that_is_right_is_no_finding(script):
    assert wrong(script, lambda source: iter([DOT])) == []


def test_an_exception_that_is_not_ours_is_a_finding(script):
    (found,) = wrong(script, lambda source: iter([int("x")]))
    assert found.startswith("read strictly, ValueError at test_fuzzing.py:")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is told by /proc")
def test_a_reader_that_takes_much_memory_is_a_finding(script):
    def read(source):
        filled = bytearray(b"1" * (32 << 20))
        yield DOT
        del filled

    assert wrong(script, read) == ["read strictly, over ten times the file"]


def test_a_reader_that_does_not_end_is_broken_off_and_is_a_finding(script, monkeypatch):
    monkeypatch.setitem(script["broken_off"].__wrapped__.__globals__, "GIVEN_UP", 0.01)

    def read(source):
        while True:
            pass
        yield DOT

    assert "read leniently, given up" in wrong(script, read, lenient=True)
