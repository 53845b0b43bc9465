"""How near brute DTW comes to what the processor can do: python benchmarks/peak.py [--rounds 15].

First the machine: how many vector instructions a second one core retires, in loops of nothing but
independent fused products, sums or minima, at two register widths. Then DTW of one query with 4,096
ragged random walks, packing included, in float32 and float64, free and within a radius, for several
numbers of features. Last, what the compiler made of the loop over columns: its instructions are
counted in the generated assembly. Processor time of one thread. Writes results/peak.md.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from machine import RESULTS, describe
from numba import extending, njit, types
from numba.core import cgutils

from strokesim.distances import DISTANCES
from strokesim.distances.lane_dtw import FOUR
from strokesim.distances.lanes import sweep
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged

CHAINS = 12
"""Independent chains: more than the steps of latency of two units, fewer than registers."""

TIMES = 2_000_000
FEATURES = (1, 2, 3, 4, 6, 12)
ARITHMETIC = re.compile(r"v(?:sub|mul|add|min|max|f\w*?(?:add|sub)\d+)(?:ps|pd)$")


def endless(operation: str, width: int) -> Callable[[int], float]:
    """Return a function that does ``CHAINS`` vector operations so many times."""

    @extending.intrinsic  # type: ignore[untyped-decorator]
    def loop(typing_context: Any, times: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector = ir.VectorType(ir.FloatType(), width)
            given = builder.sitofp(arguments[0], ir.FloatType())
            totals = []
            for number in range(CHAINS):
                # Not known to the compiler, which would fold the loop otherwise.
                begin = ir.Constant(vector, [float(number)] * width)
                begin = builder.insert_element(begin, given, ir.IntType(32)(number % width))
                totals.append(cgutils.alloca_once_value(builder, begin))
            with cgutils.for_range(builder, arguments[0]):
                for _ in range(4):
                    values = [builder.load(total) for total in totals]
                    for value, other, total in zip(
                        values, values[1:] + values[:1], totals, strict=True
                    ):
                        if operation == "fused":
                            product = builder.fmul(value, value, flags=("contract",))
                            new = builder.fadd(product, other, flags=("contract",))
                        elif operation == "sum":
                            new = builder.fadd(value, other)
                        else:
                            less = builder.fcmp_ordered("<", value, other)
                            new = builder.select(less, value, other)
                        builder.store(new, total)
            result = builder.load(totals[0])
            for total in totals[1:]:
                result = builder.fadd(result, builder.load(total))
            return builder.extract_element(result, ir.IntType(32)(0))

        return types.float32(times), generate

    return njit(nogil=True)(lambda times: loop(times))  # type: ignore[no-any-return]


def walks(n_features: int) -> tuple[np.ndarray, Ragged]:
    """Return a query and 4,096 random walks of 30 to 120 steps."""
    rng = np.random.default_rng(n_features)
    lengths = rng.integers(30, 121, 4096)
    arrays = [rng.normal(size=(n, n_features)).cumsum(axis=0).astype(np.float32) for n in lengths]
    return rng.normal(size=(75, n_features)).cumsum(axis=0).astype(np.float32), Ragged.from_arrays(
        arrays
    )


def cells(n: int, lengths: np.ndarray, radius: int | None) -> int:
    """Return how many cells of the matrices lie in the band."""
    if radius is None:
        return int(n * lengths.sum())
    total = 0
    for m in lengths.tolist():
        rows = np.arange(n)
        first = np.maximum(rows - radius - max(n - m, 0), 0)
        last = np.minimum(rows + radius + max(m - n, 0), m - 1)
        total += int((last - first + 1).sum())
    return total


def operations(n_features: int, single: bool) -> float:
    """Return the vector operations per cell and lane: see docs/performance.md."""
    squares = 2 * n_features if single else 3 * n_features - 1
    # A single square is fused with the sum onto the best predecessor.
    return squares + (0 if single and n_features == 1 else 1) + 2 + 0.25


def rate(work: Callable[[], object], amount: float, rounds: int) -> Callable[[], None] | Any:
    """Return the most of ``amount`` per second of processor time, of so many rounds."""
    work()
    best = np.inf
    for _ in range(rounds):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return amount / best


def loop_instructions(n_features: int, number: Any) -> dict[str, int]:
    """Count what stands in the loop over columns where no cell is masked, four rows together."""
    features = (0,) * n_features

    @njit(nogil=True)
    def once(query, block, columns, row, starts, widths, lowest):  # type: ignore[no-untyped-def]
        sweep(FOUR, features, query, 0, block, columns, row, starts, widths, lowest)

    flat, lanes = types.Array(number, 1, "C"), types.Array(types.int32, 1, "C")
    once.compile((types.Array(number, 2, "C"), flat, types.UniTuple(types.int64, 4), flat,
                  lanes, lanes, flat))  # fmt: skip
    text = next(iter(once.inspect_asm().values()))
    candidates = []
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    places = {line[:-1]: place for place, line in enumerate(lines) if line.endswith(":")}
    for end, line in enumerate(lines):
        jump = re.match(r"j\w+\s+(\S+)$", line)
        if jump and places.get(jump[1], end) < end:
            body = [part for part in lines[places[jump[1]] : end + 1] if part and part[0] != "."]
            names = [part.split()[0] for part in body if not part.endswith(":")]
            found = sum(bool(ARITHMETIC.match(name)) for name in names)
            masks = sum("cmp" in name and name.startswith("v") for name in names)
            if found and not masks:
                memory = [part for part in body if part.startswith("v") and "(" in part]
                counts = {
                    "arithmetic": found,
                    "stores": sum(bool(re.search(r",\s*\S*\(\S+\)$", part)) for part in memory),
                    "stack": sum("(%rsp" in part for part in memory),
                    "all": len(names),
                }
                candidates.append(counts)
    return max(candidates, key=lambda counts: counts["arithmetic"], default={})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each is timed")
    rounds = parser.parse_args().rounds
    lines = [
        "# Brute DTW beside the machine's peak", "",
        f"Written by `python benchmarks/peak.py`. One thread; the best of {rounds} rounds, in "
        "processor time.", "", describe("numpy", "numba", "llvmlite"), "",
        "## Vector instructions a second", "",
        "| instruction | 512 bits | 256 bits |", "|---|---|---|",
    ]  # fmt: skip
    peak = {}
    for operation in ("fused", "sum", "minimum"):
        for width in (16, 8):
            function = endless(operation, width)
            amount = 4 * CHAINS * TIMES
            peak[operation, width] = rate(lambda f=function: f(TIMES), amount, rounds) / 1e9
        lines.append(
            f"| {operation} | {peak[operation, 16]:.2f} G/s | {peak[operation, 8]:.2f} G/s |"
        )
        print(lines[-1], flush=True)
    flops = [32 * peak["fused", 16], 16 * peak["fused", 8]]
    numbers = max(16 * peak["fused", 16], 8 * peak["fused", 8])
    lines += [
        "", f"A fused product counts as two: {flops[0]:.0f} and {flops[1]:.0f} GFLOP/s of float32.",
        "", "## DTW of a query of 75 steps with 4,096 walks of 30 to 120", "",
        "Operations per cell: F differences, F squares and sums (fused in float32), one sum "
        "(fused too where F is 1), two minima, a quarter for the last row's. The bound is what the "
        "fastest width above allows, for float64 half of it.", "",
        "| F | number | radius | operations | bound, G cells/s | reached | share |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for n_features in FEATURES:
        query, candidates = walks(n_features)
        for radius in (None, 12):
            searcher = DISTANCES["dtw"].prepare(candidates, radius)
            amount = cells(len(query), candidates.lengths, radius)
            for number in (np.float32, np.float64):
                single = number == np.float32
                reached = rate(
                    lambda s=searcher, q=query, d=number: s.rows([q], 0, d), amount, rounds
                ) / 1e9  # fmt: skip
                needed = operations(n_features, single)
                bound = numbers / needed / (1 if single else 2)
                lines.append(
                    f"| {n_features} | {number.__name__} | {'free' if radius is None else radius} "
                    f"| {needed:g} | {bound:.1f} | {reached:.1f} | {100 * reached / bound:.0f} % |"
                )
                print(lines[-1], flush=True)
    lines += [
        "", "## The loop over columns, four rows together, no cell masked", "",
        "Vector instructions per column in the assembly. Two registers hold "
        f"{LANES} lanes of float64, so that everything comes twice.", "",
        "| F | number | arithmetic, expected | arithmetic | on the stack | all instructions |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for n_features in FEATURES:
        for number in (types.float32, types.float64):
            single = number == types.float32
            counts = loop_instructions(n_features, number)
            needed = 4 * operations(n_features, single) * (1 if single else 2)
            lines.append(
                f"| {n_features} | {number} | {needed:g} | {counts.get('arithmetic', '?')} "
                f"| {counts.get('stack', '?')} | {counts.get('all', '?')} |"
            )
            print(lines[-1], flush=True)
    if hasattr(os, "getloadavg"):
        lines += ["", f"Processes that wanted to run at the end: {os.getloadavg()[0]:.1f}."]
    (RESULTS / "peak.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
