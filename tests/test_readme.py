"""Every command and every line of Python in the README runs, and prints what it says."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

README = (ROOT / "README.md").read_text()
# `make demo` and `make test` are run by whoever runs this test.
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands_of(block):
    """Yield (command, expected output) of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield line, output


def agrees(expected, got):
    checker = doctest.OutputChecker()
    return checker.check_output(expected, got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def test_the_comparison_rejects_another_output():
    assert agrees("5 inks, ... right\n", "5 inks, 4 right\n")
    assert not agrees("5 inks right\n", "5 inks wrong\n")


@pytest.mark.slow
def test_the_session_in_the_readme_prints_what_it_says(tmp_path):
    sessions = [block for language, block in BLOCKS if language == "console"]
    assert sessions
    environment_bin = Path(sys.executable).parent
    for line, expected in (pair for block in sessions for pair in commands_of(block)):
        if line.startswith("make "):
            continue
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, text=True, capture_output=True,
            env={"PATH": f"{environment_bin}:/usr/bin:/bin", "PYTHONIOENCODING": "utf-8",
                 "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        got = done.stdout + done.stderr
        assert agrees(expected, got), f"{line}\n{got}"


def test_the_python_in_the_readme_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = [block for language, block in BLOCKS if language == "python"]
    assert blocks
    for block in blocks:
        code, *expected = re.split(r"^# prints\n", block, flags=re.MULTILINE)
        exec(compile(code, "README.md", "exec"), {})
        printed = capsys.readouterr().out
        wanted = "".join(line.removeprefix("# ") for line in "".join(expected).splitlines(True))
        assert agrees(wanted, printed), printed


def test_every_link_of_the_readme_leads_to_a_file():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_picture_and_the_counts_of_the_readme_are_those_of_the_demo(tmp_path):
    from click.testing import CliRunner

    from strokesim.cli.main import command

    drawn = tmp_path / "matches.svg"
    done = CliRunner().invoke(command, ["demo", "-o", str(drawn)])
    assert done.exit_code == 0
    (counts,) = (block for language, block in BLOCKS if language == "text")
    assert counts.startswith("nearest entry")
    assert counts in done.output
    assert drawn.read_text() == (ROOT / "docs" / "images" / "matches.svg").read_text()
