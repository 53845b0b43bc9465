"""Fuzzing of the readers: damaged files of every format, read strictly and leniently.

python benchmarks/fuzz.py [--minutes 10] [--format NAME ...] [--seed 0] [--keep FOLDER]

The files that are damaged are those of the tests and, where $STROKESIM_DATA or ../shared/data has
some of the format, recorded ones. Watched for: an exception that is not ours, a reading of more
than a second (and another for every MB), strict and lenient reading of a whole file that differ,
and memory beyond ten times the file and 4 MiB. Files above 64 KB, made by repeating a part, are
read without keeping their inks; memory is measured at all of these and at every 50th other.
Minutes are of the clock; the table says how many of them the processor was in use. An input is
made of the format and its number alone: what --seed N --inputs 1 gives is what a finding named.
Adds a line per format to results/fuzz.md.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib.util
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from machine import RESULTS, describe
from reading import PUBLISHED, ROOT, data_folder

from strokesim.errors import FormatError
from strokesim.formats import FORMATS
from strokesim.formats.format import Format
from strokesim.formats.opening import candidates, opened

sys.path.insert(0, str(ROOT / "tests"))

from damaged_files import TOKENS, agree, damaged, taken_or_refused
from whole_files import PART, WHOLE

MEMORY_RATIO, FREE_MEMORY = 10, 4 << 20
SECONDS, SECONDS_PER_MB = 1.0, 1.0
GIVEN_UP = 20.0
"""Seconds of processor use after which a reading is broken off."""
LARGE = 1 << 16
LARGEST = 1 << 20
RECORDED = 40
"""Recorded files of a format that are damaged, at most."""
INCLUDED = {"unipen": ("part.doc", PART)}
"""What lies beside a file of a format."""
HEADING = (
    "| format | inputs | numbers | taken whole, in part, not | processor minutes | minutes "
    "| findings |\n|---|---|---|---|---|---|---|\n"
)


class GivenUpError(BaseException):
    """A reading that was broken off; no reader may catch it."""


def originals(format: str, data: Path | None) -> list[bytes]:
    """Return whole files of a format, large ones cut."""
    found = list(WHOLE[format])
    for name, place in PUBLISHED.values():
        if data is None or name != format:
            continue
        for candidate in islice(candidates(data / place), RECORDED):
            with contextlib.suppress(FormatError), opened(candidate) as (head, rest):
                if FORMATS[format].sniff(head):
                    # Binary files are not whole without their end.
                    found.append(rest() if format == "uim" else rest()[: LARGE // 2])
    return found


def mutated(rng: random.Random, files: list[bytes]) -> bytes:
    """Return one of the files with a few damages, and now and then a part repeated often."""
    data = rng.choice(files)
    for _ in range(rng.choice([1, 1, 2, 4, 9])):
        begin = rng.randint(0, len(data))
        end = min(len(data), begin + rng.choice([0, 1, 1, 3, 9, 40, 400]))
        token = rng.choice([rng.choice(TOKENS), rng.randbytes(rng.randint(1, 3)), b""])
        if not token:
            other = rng.choice(files)
            start = rng.randint(0, len(other))
            token = other[start : start + rng.choice([1, 5, 30, 200])]
        # Cutting the rest off is one of five kinds, and would leave little of most files.
        kind = rng.choice([0, *[1, 2, 3, 4] * 4])
        data = damaged(data, kind, begin, end, token)
    if data and rng.random() < 0.02:
        begin = rng.randrange(len(data))
        piece = data[begin : begin + rng.choice([1, 2, 5, 20, 100, 1000, 10000])]
        times = rng.randint(LARGE, LARGEST) // len(piece)
        data = data[:begin] + piece * times + data[begin + len(piece) :]
    return data


class Findings:
    """What went wrong, one of each kind kept with the number of its input.

    Parameters
    ----------
    folder : Path
        Where inputs are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()

    def note(self, format: str, number: int, what: str, data: bytes) -> None:
        """Count a finding; print the first of its kind and keep the input."""
        self.counts[what] += 1
        if self.counts[what] == 1:
            path = self.folder / f"{format}-{number}"
            path.write_bytes(data)
            print(f"{format} --seed {number}: {what}\n  kept as {path}", flush=True)


@contextlib.contextmanager
def broken_off() -> Iterator[None]:
    """Raise GivenUpError in what takes far too long."""

    def give_up(*_: object) -> None:
        raise GivenUpError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, GIVEN_UP)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def memory(name: str) -> int:
    """Return a figure of this process's memory in bytes: VmRSS, or VmHWM for the highest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def memory_before() -> int | None:
    """Return the memory held now, counting the highest from now on; None where it cannot be."""
    try:
        gc.collect()
        # What is free already would hide what a reading takes.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        return memory("VmRSS")
    except (OSError, AttributeError):
        return None


def watched(
    file: bytes | Path, size: int, format: str | Format, *, lenient: bool, measure: bool
) -> tuple[object, list[str]]:
    """Read a file; return its inks (or how many, of a large one) and what was wrong."""
    wrong = []
    way = "leniently" if lenient else "strictly"
    inks: object = None
    before = memory_before() if measure else None
    start = time.process_time()
    try:
        with broken_off():
            inks = taken_or_refused(file, format, lenient, keep=size < LARGE)
    except GivenUpError:
        wrong.append(f"read {way}, given up")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        wrong.append(f"read {way}, {type(error).__name__} at {place}: {str(error)[:80]}")
    taken = time.process_time() - start
    if taken > SECONDS + SECONDS_PER_MB * size / 1e6:
        wrong.append(f"read {way}, over a second")
    if before is not None and memory("VmHWM") - before > MEMORY_RATIO * size + FREE_MEMORY:
        wrong.append(f"read {way}, over ten times the file")
    return inks, wrong


def fuzz(
    format: str,
    files: list[bytes],
    findings: Findings,
    *,
    minutes: float,
    numbers: range,
    folder: Path,
) -> tuple[int, Counter[str]]:
    """Read damaged files of a format for so long; return how many, and how they were taken."""
    # What is imported and kept by the first reading is not the file's.
    for whole in files[:1]:
        taken_or_refused(whole, format, True, keep=True)
    begin = time.monotonic()
    taken: Counter[str] = Counter()
    read = 0
    name, included = INCLUDED.get(format, ("", b""))
    for number in numbers:
        if time.monotonic() - begin > 60 * minutes:
            break
        rng = random.Random(f"{format} {number}")
        data = mutated(rng, files)
        file: bytes | Path = data
        size = len(data)
        if name:
            file = folder / f"main{FORMATS[format].suffixes[0]}"
            file.write_bytes(data)
            part = mutated(rng, [included, data[:LARGE]])
            (folder / name).write_bytes(part)
            size += len(part)
        measure = size >= LARGE or read % 50 == 0
        found = {}
        for lenient in (False, True):
            found[lenient], wrong = watched(file, size, format, lenient=lenient, measure=measure)
            for what in wrong:
                findings.note(format, number, what, data)
        if not agree(found[False], found[True]):
            findings.note(format, number, "read in two ways", data)
        whole, saved = found[False] is not None, bool(found[True])
        taken["whole" if whole else "in part" if saved else "not"] += 1
        read += 1
    return read, taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--format", nargs="+", default=sorted(FORMATS), choices=sorted(FORMATS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0, help="number of the first input")
    parser.add_argument("--inputs", type=int, default=10**9, help="at most so many")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    path = RESULTS / "fuzz.md"
    for format in options.format:
        if format == "uim" and importlib.util.find_spec("uim") is None:
            print("`uim`: universal-ink-library is not installed, there is nothing to fuzz")
            continue
        findings = Findings(options.keep)
        wall, cpu = time.monotonic(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            read, taken = fuzz(
                format,
                originals(format, options.data),
                findings,
                minutes=options.minutes,
                numbers=range(options.seed, options.seed + options.inputs),
                folder=Path(folder),
            )
        cells = [
            f"`{format}`",
            f"{read:,}",
            f"{options.seed} to {options.seed + read - 1}",
            ", ".join(f"{taken[how]:,}" for how in ("whole", "in part", "not")),
            f"{(time.process_time() - cpu) / 60:.1f}",
            f"{(time.monotonic() - wall) / 60:.1f}",
            "; ".join(f"{what} ({times:,})" for what, times in findings.counts.items()) or "none",
        ]
        line = "| " + " | ".join(cells) + " |"
        print(line, flush=True)
        if read > 1:
            RESULTS.mkdir(exist_ok=True)
            if not path.exists():
                path.write_text(f"{describe('strokesim', 'numpy')}\n\n{HEADING}")
            with path.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
