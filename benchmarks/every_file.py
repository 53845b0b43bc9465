"""`strokesim inspect` and `strokesim convert` on every published recording.

python benchmarks/every_file.py [--data FOLDER]

Each file below $STROKESIM_DATA or ../shared/data is inspected and converted to JSON lines, as the
commands do it, and what was written is read again. Fails where a command ends in anything but an
answer or one line of error, or where other inks come back. Writes results/every_file.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner, Result
from machine import RESULTS, describe
from reading import data_folder

from strokesim.cli.main import command
from strokesim.errors import FormatError
from strokesim.formats import read_inks
from strokesim.formats.opening import candidates, opened
from strokesim.formats.table import format_of_file

HEADING = (
    "| file | format | inks | strokes | samples | inspect | convert to JSON lines |\n"
    "|---|---|---|---|---|---|---|\n"
)


def formats_of(path: Path) -> str:
    """Return the formats that a file, or the members of an archive, are told to be of."""
    found = set()
    for candidate in candidates(path):
        try:
            with opened(candidate) as (head, _):
                format = format_of_file(head, candidate.name, named=candidate.named)
        except FormatError:
            continue
        found |= {format.name} if format else set()
    return ", ".join(sorted(found))


def outcome(result: Result) -> str:
    """Return "done", or the one line of error; "TRACEBACK ..." for anything else."""
    error = result.exception
    if result.exit_code == 0:
        return "done"
    if error is not None and not isinstance(error, SystemExit):
        return f"TRACEBACK {type(error).__name__}: {error}"
    lines = result.stderr.strip().splitlines()
    return lines[-1].replace("|", "/") if lines else "TRACEBACK nothing said"


def row(path: Path, shown: str, folder: Path) -> tuple[str, bool]:
    """Return the line of the table for a file, and whether all went well."""
    runner = CliRunner()
    inspected = runner.invoke(command, ["inspect", "--json", str(path)])
    target = folder / "inks.jsonl"
    target.unlink(missing_ok=True)
    converted = runner.invoke(command, ["convert", str(path), str(target)])
    facts = json.loads(inspected.stdout) if inspected.exit_code == 0 else {}
    outcomes = [outcome(result).replace(str(path), shown) for result in (inspected, converted)]
    if outcomes[1] == "done":
        same = list(read_inks(target)) == list(read_inks(path))
        outcomes[1] = "done, read again alike" if same else "DIFFERS when read again"
    cells = [f"`{shown}`", formats_of(path) or "none"]
    cells += [f"{facts[name]:,}" if facts else "" for name in ("inks", "strokes", "samples")]
    wrong = any(text.startswith(("TRACEBACK", "DIFFERS")) for text in outcomes)
    return "| " + " | ".join([*cells, *outcomes]) + " |", not wrong


def rows(data: Path) -> Iterator[tuple[str, bool]]:
    """Yield a line for each file of a folder, and whether all went well."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(path for path in data.rglob("*") if path.is_file()):
            yield row(path, path.relative_to(data).as_posix(), Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_args()
    if options.data is None:
        parser.error("no published recordings: neither $STROKESIM_DATA nor ../shared/data is there")
    lines, n_wrong = [], 0
    for line, well in rows(options.data):
        print(line, flush=True)
        lines.append(line)
        n_wrong += not well
    RESULTS.mkdir(exist_ok=True)
    page = f"{describe('strokesim', 'numpy')}\n\n{HEADING}" + "\n".join(lines) + "\n"
    (RESULTS / "every_file.md").write_text(page)
    if n_wrong:
        raise SystemExit(f"{n_wrong} of {len(lines)} files went wrong")


if __name__ == "__main__":
    main()
