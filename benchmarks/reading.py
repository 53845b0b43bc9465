"""Reading ink: how fast every format is read, and how much memory that takes.

python benchmarks/reading.py [--data FOLDER] [--runs 7] [--wacom PYTHON]

Over the published recordings in $STROKESIM_DATA or ../shared/data, and over pendigits as this
library writes it in each format that it writes; and over its strokes strung together to traces of
a thousand samples, where hardly anything but trace text is read. One core; files are in the page
cache. Times are of processor use, because the machine may be shared: medians with the fastest and
the slowest.
The memory is the most that one reading of the whole set takes beyond what the process holds
before, in a process of its own: once all inks are kept, once none. PYTHON is that of a virtual
environment with universal-ink-library, which needs a protobuf too old for our tests: what Wacom's
library reads of the same InkML files is timed there.
Writes results/reading.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import RESULTS, describe

from strokesim.formats import FORMATS, read_inks, write_ink
from strokesim.ink import Ink

ROOT = Path(__file__).parent.parent
PUBLISHED = {
    "pendigits-orig.tra": ("unipen", "pendigits/pendigits-orig.tra"),
    "pendigits.tra": ("pendigits", "pendigits/pendigits.tra"),
    "ujipenchars": ("uji", "ujipenchars"),
    "ujipenchars2 excerpt": ("uji2", "ujipenchars2_excerpt"),
    "omniglot small 1": ("omniglot", "omniglot/strokes_background_small1.zip"),
    "Quick, Draw! excerpt": ("quickdraw", "quickdraw"),
    "Character Trajectories excerpt": ("character_trajectories", "character_trajectories"),
    "InkML examples": ("inkml", "inkml"),
    "$-family gestures": ("gesture", "mmg"),
    "hwrt": ("hwrt", "hwrt"),
    "handwriting samples (.svc)": ("signature_text", "svc"),
    "handwriting samples (JSON)": ("bdalab", "svc"),
    "Wacom sensor CSV": ("wacom_csv", "wacom"),
}
"""Format and place of what is read, by its name."""

DIGITS = "pendigits/pendigits-orig.tra"

_MANY = 1 << 20
"""Bytes from which one reading is long enough to be timed alone."""


def data_folder() -> Path | None:
    named = os.environ.get("STROKESIM_DATA")
    for folder in ([Path(named)] if named else []) + [ROOT.parent / "shared" / "data"]:
        if (folder / "pendigits").is_dir():
            return folder
    return None


def unpacked_size(path: Path) -> int:
    """Return the bytes of a file, of a folder's files, or of an archive's members."""
    if path.is_dir():
        return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if "__MACOSX" not in item.filename]
            return sum(item.file_size for item in members)
    return path.stat().st_size


def n_bytes_and_inks(path: Path, format: str) -> tuple[int, int]:
    """Return how many bytes the files have that are of a format, and how many inks."""
    sources: dict[str, int] = {}
    for ink in read_inks(path, format=format):
        sources[str(ink.source)] = sources.get(str(ink.source), 0) + 1
    if path.is_dir():
        return sum(Path(source).stat().st_size for source in sources), sum(sources.values())
    return unpacked_size(path), sum(sources.values())


def seconds(path: Path, format: str, repeats: int) -> float:
    """Return the processor time of one reading."""
    start = time.process_time()
    for _ in range(repeats):
        deque(read_inks(path, format=format), maxlen=0)
    return (time.process_time() - start) / repeats


def most_memory(path: Path, format: str, *, keep: bool) -> int:
    """Return the bytes that a reading takes, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_grown, (path, format, keep))


def _grown(path: Path, format: str, keep: bool) -> int:
    before = _peak()
    deque(read_inks(path, format=format), maxlen=None if keep else 0)
    return _peak() - before


def _peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    try:
        # Unlike getrusage, not what the parent held before this process was started.
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def row(name: str, path: Path, format: str, runs: int) -> str:
    n_bytes, n_inks = n_bytes_and_inks(path, format)
    repeats = max(1, min(100, _MANY // max(n_bytes, 1)))
    times = sorted(seconds(path, format, repeats) for _ in range(runs))
    speeds = [n_bytes / 1e6 / taken for taken in times]
    memory = "too small to tell"
    if n_bytes > _MANY:
        kept, passing = (most_memory(path, format, keep=keep) for keep in (True, False))
        memory = f"{kept / n_bytes:.1f} x, {passing / n_bytes:.1f} x"
    cells = [
        f"`{format}`",
        name,
        f"{n_bytes / 1e6:.2f}",
        f"{n_inks:,}",
        f"{statistics.median(speeds):.1f} ({speeds[-1]:.1f} to {speeds[0]:.1f})",
        f"{n_inks / statistics.median(times):,.0f}",
        memory,
    ]
    return "| " + " | ".join(cells) + " |"


def rows(data: Path, runs: int) -> Iterator[str]:
    for name, (format, place) in PUBLISHED.items():
        if format in FORMATS and (data / place).exists():
            yield row(name, data / place, format, runs)
    inks = list(read_inks(data / DIGITS))
    with tempfile.TemporaryDirectory() as folder:
        for format in sorted(name for name, entry in FORMATS.items() if entry.write):
            path = Path(folder, f"pendigits{(*FORMATS[format].suffixes, '.ink')[0]}")
            write_ink(inks, path, format=format)
            yield row("pendigits-orig.tra, written by strokesim", path, format, runs)
            if format in ("inkml", "inkml_differences", "unipen"):
                # Four times, so that the file is no small one.
                write_ink(strung_together(inks * 4), path, format=format)
                yield row("its samples four times, in traces of 1,000", path, format, runs)


def strung_together(inks: list[Ink], n_samples: int = 1000) -> Ink:
    """Return one ink of the samples of many, in traces of about so many."""
    samples = np.concatenate([stroke.xy for ink in inks for stroke in ink.strokes])
    return Ink.from_arrays(np.array_split(samples, len(samples) // n_samples))


WACOM = """
import logging, sys, time
logging.disable()
from uim.codec.parser.inkml import InkMLParser
start = time.process_time()
model = InkMLParser().parse(sys.argv[1])
print(time.process_time() - start, len(model.strokes))
"""


def beside_wacom(python: str, paths: dict[str, Path], runs: int) -> Iterator[str]:
    """Yield a line for each InkML file that Wacom's library is to read too."""
    for name, path in paths.items():
        ours = statistics.median(seconds(path, "inkml", 1) for _ in range(runs))
        strokes = sum(len(ink.strokes) for ink in read_inks(path, format="inkml"))
        # A process for each reading, because it refuses to read a file twice in one.
        command = [python, "-c", WACOM, str(path)]
        done = [subprocess.run(command, capture_output=True, text=True) for _ in range(runs)]
        theirs, ratio = (done[0].stderr.strip().splitlines() or ["nothing said"])[-1][:100], ""
        if not any(run.returncode for run in done):
            taken = statistics.median(float(run.stdout.split()[0]) for run in done)
            theirs = f"{taken * 1e3:.1f} ms, {done[0].stdout.split()[1]} strokes"
            ratio = f"{taken / ours:.1f}"
        yield f"| {name} | {ours * 1e3:.1f} ms, {strokes} strokes | {theirs} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--wacom", metavar="PYTHON", help="interpreter that has Wacom's library")
    options = parser.parse_args()
    if options.data is None:
        parser.error("no published recordings: neither $STROKESIM_DATA nor ../shared/data is there")
    lines = [
        describe("strokesim", "numpy"),
        "",
        "| format | what | MB | inks | MB/s: median (slowest to fastest) | inks/s | "
        "memory by size of the text: all inks kept, none kept |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in rows(options.data, options.runs):
        lines.append(line)
        print(line, flush=True)
    if options.wacom:
        lines += ["", "| InkML | strokesim | universal-ink-library | times |", "|---|---|---|---|"]
        files = {
            f"inkml/{name}": options.data / "inkml" / name for name in ("ink1.xml", "ink2.xml")
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "traces.inkml")
            write_ink(strung_together(list(read_inks(options.data / DIGITS))), path)
            files["pendigits-orig.tra in traces of 1,000 samples"] = path
            for line in beside_wacom(options.wacom, files, options.runs):
                lines.append(line)
                print(line, flush=True)
    if options.runs >= parser.get_default("runs"):
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "reading.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
