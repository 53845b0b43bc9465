"""The script that runs the commands over every published recording."""

import runpy

import pytest

from conftest import ROOT
from strokesim.formats import write_ink
from strokesim.ink import Ink

DOT = Ink.from_arrays([[[1, 2]]], id="dot")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return runpy.run_path(str(ROOT / "benchmarks" / "every_file.py"))


def test_a_file_of_ink_is_inspected_and_converted_and_any_other_refused_in_a_line(script, tmp_path):
    write_ink([DOT, DOT], tmp_path / "a.csv")
    (tmp_path / "b.txt").write_text("no ink")
    (ink, ink_well), (text, text_well) = script["rows"](tmp_path)
    assert ink.startswith("| `a.csv` | csv | 2 | 2 | 2 | done | done, read again alike |")
    assert ink_well and text_well
    assert text.startswith("| `b.txt` | none |  |  |  | ") and text.count("b.txt") == 3
    assert "Traceback" not in text


def test_an_exception_that_a_command_lets_out_is_told(script, tmp_path, monkeypatch):
    monkeypatch.setattr("strokesim.cli.inspect.facts_of", lambda inks: 1 / 0)
    write_ink(DOT, tmp_path / "a.jsonl")
    ((line, well),) = script["rows"](tmp_path)
    assert not well
    assert "TRACEBACK ZeroDivisionError" in line
