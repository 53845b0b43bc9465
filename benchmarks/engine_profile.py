"""Where the finished engine spends its time: python benchmarks/engine_profile.py [--seconds 5].

Linux's perf samples one thread at its processor clock while it searches. The engine is a few
compiled functions, into which the others are inlined, so kernels are compiled with line tables
(NUMBA_DEBUGINFO, in a cache of their own), the objects that Numba hands to LLVM are kept, and
addr2line says for each sampled address which source line it comes from and through which inlined
functions. Each work is also timed without line tables, to tell whether they change anything.
Needs perf and addr2line. Writes results/profile.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from machine import RESULTS, describe

RATE = 1_999
"""Samples a second: no multiple of the system's own ticks."""

LEAST, LINES = 0.5, 8
"""Per cent below which a function is left out; how many lines are shown."""

PACKAGE = Path(find_spec("strokesim").origin).parent
SAMPLES = "perf.data"

FUNCTION = re.compile(r"^ *\d+: (\w+) +(\w+) FUNC +(\w+) +\w+ +(\d+) (\S+)$", re.MULTILINE)
"""Value, size, binding, section and name of a function in what readelf writes."""

Place = tuple[int, int, str, str, int]
Chains = Counter[tuple[str, ...]]
Lines = Counter[tuple[str, int]]

WORKS = {
    "raw": "Exact 1-NN, raw pendigits: 100 test inks, 7,494 candidates, x, y, pen_up, free paths",
    "protocol": "The pendigits protocol: 3,498 queries, 7,494 candidates, 32 steps, radius 4",
    "brute": "Brute DTW of 75 steps with 4,096 random walks, float32, free paths",
    "strokes": "Exact 1-NN, 100,000 synthetic strokes, 60 queries, free paths",
}


def prepare(name: str) -> Callable[[], object]:
    """Return a work, which takes one thread."""
    from peak import walks
    from scaling import strokes

    from strokesim import FeatureSpec, load_dataset
    from strokesim.distances import DISTANCES

    radius, spec = None, FeatureSpec.parse("x,y,pen_up;along=samples")
    if name == "brute":
        query, candidates = walks(3)
        searcher = DISTANCES["dtw"].prepare(candidates)
        return lambda: searcher.rows([query], 0, np.float32)
    if name == "strokes":
        candidates, queries = strokes(100_000, 1), list(strokes(60, 2))
    else:
        enrolled, asked = load_dataset("pendigits", "train"), load_dataset("pendigits", "test")
        if name == "protocol":
            radius, spec = 4, FeatureSpec()
        candidates, queries = spec.transform_all(enrolled), list(spec.transform_all(asked))
        if name == "raw":
            chosen = np.random.default_rng(2).choice(len(queries), 100, replace=False)
            queries = [queries[which] for which in chosen]
    searcher = DISTANCES["dtw"].prepare(candidates, radius)
    queries = [np.ascontiguousarray(query) for query in queries]
    return lambda: searcher.nearest_of_all(queries, 1, np.inf, 1)


def keep_objects(folder: Path) -> Callable[[], list[Place]]:
    """Write every object that Numba's engine is given into a folder, from now on.

    Returns a function that tells where their functions are.
    """
    from numba.core.codegen import JITCodeLibrary

    compiled, loaded = JITCodeLibrary._object_compiled_hook, JITCodeLibrary._object_getbuffer_hook

    def write(contents: bytes) -> None:
        number = sum(1 for _ in folder.iterdir())
        (folder / f"{number}.o").write_bytes(contents)

    def when_compiled(cls: type, module: object, contents: bytes) -> None:
        write(contents)
        compiled(module, contents)

    def when_asked(cls: type, module: object) -> bytes | None:
        contents: bytes | None = loaded(module)
        if contents:
            write(contents)
        return contents

    JITCodeLibrary._object_compiled_hook = classmethod(when_compiled)
    JITCodeLibrary._object_getbuffer_hook = classmethod(when_asked)
    return lambda: places(folder)


def places(folder: Path) -> list[Place]:
    """Return address, size, object, section and offset of every function that is in memory."""
    from numba.core.registry import cpu_target

    engine, found, known = cpu_target.target_context.codegen()._engine._ee, [], set[str]()
    # In the order in which they were loaded: of what several define, the first is the one in use.
    for file in sorted(folder.glob("*.o"), key=lambda one: int(one.stem)):
        table = subprocess.run(["readelf", "-sSW", file], capture_output=True, text=True).stdout
        sections = dict(re.findall(r"^ *\[ *(\d+)\] (\.\S+) +PROGBITS", table, re.MULTILINE))
        symbols = FUNCTION.findall(table)
        shift = {}
        for value, _, binding, section, name in symbols:
            if binding != "LOCAL" and name not in known:
                known.add(name)
                if address := engine.get_function_address(name):
                    shift[section] = address - int(value, 16)
        for value, size, _, section, _ in symbols:
            if section in shift and section in sections:
                at = int(value, 16)
                found.append((shift[section] + at, int(size, 0), str(file), sections[section], at))
    return found


def child(name: str, seconds: float, folder: Path) -> None:
    """Tell where functions lie; do a work for so long after a line has come in; tell its times."""
    where = keep_objects(folder)
    work = prepare(name)
    work()
    print(json.dumps(where()), flush=True)
    sys.stdin.readline()
    times, begin = [], time.process_time()
    while time.process_time() - begin < seconds or len(times) < 3:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    print(json.dumps([len(times), min(times)]), flush=True)


def do(
    name: str, seconds: float, environment: dict[str, str], folder: Path
) -> tuple[list[Place], list[float]]:
    """Do a work in a process of its own, sampled; return where its functions lay, and its times."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--work", name, "--seconds", str(seconds), "--folder", folder],
        env=os.environ | environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    functions = json.loads(process.stdout.readline())
    command = ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", str(RATE)]
    perf = subprocess.Popen([*command, "-o", folder / SAMPLES, "-p", str(process.pid)])
    # Until it has attached itself.
    time.sleep(2)
    process.stdin.write("\n")
    process.stdin.flush()
    times = json.loads(process.stdout.readline())
    perf.send_signal(signal.SIGINT)
    perf.wait()
    process.communicate()
    return functions, times


def addresses(folder: Path) -> Counter[tuple[int, str]]:
    """Return how often each address was met, with the file that perf takes it to be from."""
    command = ["perf", "script", "-i", folder / SAMPLES, "-F", "ip,sym,dso"]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    counts: Counter[tuple[int, str]] = Counter()
    for line in lines:
        met = re.match(r"\s*([0-9a-f]+)\s+(.*?)\s*\(([^()]*)\)\s*$", line)
        if met:
            counts[int(met[1], 16), Path(met[3]).name] += 1
    return counts


def short(function: str) -> str:
    """Return module.function for the name of a compiled function."""
    if function.startswith("NRT_"):
        return "Numba's reference counts"
    parts, rest = [], function.removeprefix("_ZN")
    while rest != function and (size := re.match(r"\d+", rest)):
        end = size.end() + int(size[0])
        parts.append(rest[size.end() : end])
        rest = rest[end:]
    if not parts:
        return function
    return f"Numba's {parts[-1]}" if "_3clocals_3e" in parts else ".".join(parts[-2:])


def read_lines(counts: Counter[tuple[int, str]], functions: list[Place]) -> tuple[Chains, Lines]:
    """Return samples per chain of inlined functions, innermost first, and per line of the package.

    What Numba itself adds to a function counts as that function.
    """
    chains, lines = Chains(), Lines()
    wanted: dict[tuple[str, str], Counter[int]] = {}
    for (address, file), count in counts.items():
        for begin, size, compiled, section, at in functions:
            if begin <= address < begin + size:
                wanted.setdefault((compiled, section), Counter())[at + address - begin] += count
                break
        else:
            outside = (
                "Python, NumPy, the system"
                if "perf-" not in file
                else "compiled, of unknown origin"
            )
            chains[(outside,)] += count
    for (compiled, section), offsets in wanted.items():
        given = "\n".join(f"{offset:#x}" for offset in offsets)
        command = ["addr2line", "-a", "-f", "-i", "-j", section, "-e", compiled]
        told = subprocess.run(command, input=given, capture_output=True, text=True).stdout
        blocks = re.split(r"^0x([0-9a-f]+)\n", told, flags=re.MULTILINE)[1:]
        for offset, text in zip(blocks[::2], blocks[1::2], strict=True):
            count, told_lines = offsets[int(offset, 16)], text.strip().split("\n")
            chain = [
                (short(function), *re.match(r"(.*):(\d+|\?)", place).groups())
                for function, place in zip(told_lines[::2], told_lines[1::2], strict=True)
            ]
            ours = [link for link in chain if PACKAGE in Path(link[1]).parents] or chain
            chains[tuple(function for function, _, _ in ours)] += count
            if ours[0][2] not in "0?" and Path(ours[0][1]).is_file():
                lines[ours[0][1], int(ours[0][2])] += count
    return chains, lines


def report(name: str, built: Chains, plain: list[float], read: tuple[Chains, Lines],
           traced: list[float]) -> list[str]:  # fmt: skip
    """Return the section on one work."""
    chains, lines = read
    total, total_built = chains.total(), built.total()
    inner, alone, within = Counter[str](), Counter[str](), {}
    for (function, *callers), count in chains.items():
        inner[function] += count
        within.setdefault(function, Counter())[callers[-1] if callers else ""] += count
    for chain, count in built.items():
        alone[chain[-1]] += count
    out = [
        f"## {WORKS[name]}", "",
        f"{1000 * plain[1]:.2f} ms as built, {1000 * traced[1]:.2f} ms with line tables (least of "
        f"{plain[0]} and {traced[0]} rounds, processor time); {total_built:,} and {total:,} "
        "samples.", "",
        "| function | share of samples | inlined into | as built, by compiled function |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for function in sorted(inner | alone, key=lambda one: -max(inner[one], alone[one])):
        share, share_built = 100 * inner[function] / total, 100 * alone[function] / total_built
        if max(share, share_built) >= LEAST:
            into = [one for one, _ in within.get(function, Counter()).most_common(2) if one]
            out.append(
                f"| {function} | {share:.1f} % | {', '.join(into)} | "
                + (f"{share_built:.1f} % |" if alone[function] else "|")
            )
    out += ["", "| line | share | source |", "|---|---|---|"]
    for (file, line), count in lines.most_common(LINES):
        text = Path(file).read_text().splitlines()[line - 1].strip().replace("|", "\\|")
        out.append(f"| {Path(file).stem}:{line} | {100 * count / total:.1f} % | `{text}` |")
    return [*out, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5, help="how long each is sampled")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        child(arguments.work, arguments.seconds, arguments.folder)
        return
    version = subprocess.run(["perf", "--version"], capture_output=True, text=True).stdout.strip()
    out = [
        "# Where the engine spends its time", "",
        "Written by `python benchmarks/engine_profile.py`. One thread, sampled by perf at its "
        f"processor clock, {RATE:,} times a second, in user mode. The share of a function is "
        "without those that it calls, inlined or not, in kernels compiled with line tables; "
        "the last column is that of what the compiler made one function of in ordinary kernels, "
        f"everything inlined into it included. Shares below {LEAST:g} % in both are left out.", "",
        f"{describe('numpy', 'numba', 'llvmlite')}, {version}", "",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as kept:
        for name in WORKS:
            found = []
            for environment in (
                {},
                {
                    "NUMBA_CACHE_DIR": f"{kept}/cache",
                    "NUMBA_DEBUGINFO": "1",
                    "PYTHONWARNINGS": "ignore",
                },
            ):
                folder = Path(kept) / f"{name}-{len(found)}"
                folder.mkdir()
                functions, times = do(name, arguments.seconds, environment, folder)
                found.append((*read_lines(addresses(folder), functions), times))
            (built, _, plain), (chains, lines, traced) = found
            out += report(name, built, plain, (chains, lines), traced)
            print("\n".join(out[-40:]), flush=True)
    out.append(f"Processes that wanted to run at the end: {os.getloadavg()[0]:.1f}.")
    (RESULTS / "profile.md").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
