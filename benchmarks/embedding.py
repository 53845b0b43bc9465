"""How fast a stroke is embedded, by ONNX Runtime and by NumPy, and what int8 weights cost.

python benchmarks/embedding.py

The encoder that comes with strokesim, sequences of 64 steps, one thread; the shortest of many
times, the ways measured in turns. Errors: pendigits, test writers, against training writers.
Writes results/embedding.md.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
import time
from pathlib import Path

import numpy as np
from baselines import pendigits
from machine import RESULTS, describe

from strokesim.siamese import export_onnx
from strokesim.siamese import open_encoder as open_tower

from strokesim import open_encoder  # isort: skip

MODELS = Path(__file__).parent.parent / "strokesim" / "models"
STEPS, BATCH, ROUNDS, CALLS = 64, 256, 15, 20


def main() -> None:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.onnx"
        export_onnx(open_tower(MODELS / "default"), small, quantised=True)
        files = {
            "ONNX Runtime, float32": MODELS / "default.onnx",
            "ONNX Runtime, int8 weights": small,
            "NumPy, float32": MODELS / "default",
        }
        encoders = {name: open_encoder(path) for name, path in files.items()}
        sizes = {name: path.stat().st_size for name, path in files.items() if path.is_file()}
    one, many = {}, {}
    for _ in range(ROUNDS):
        for name, encoder in encoders.items():
            given = rng.normal(size=(BATCH, STEPS, encoder.n_inputs)).astype(np.float32)
            for taken, best, calls in ((given[:1], one, CALLS), (given, many, 1)):
                for _ in range(calls):
                    begun = time.perf_counter()
                    encoder.embed(list(taken))
                    best[name] = min(best.get(name, np.inf), time.perf_counter() - begun)
    lines = [
        "# Embedding strokes",
        "",
        "Written by `python benchmarks/embedding.py`: the encoder that comes with strokesim, "
        f"{STEPS} steps a stroke, one thread, shortest of {ROUNDS} times; of single strokes, "
        f"{CALLS} are embedded each time, one call after the other. Error of the nearest neighbour "
        "on pendigits [95 % interval over writers].",
        "",
        describe("numpy", "onnxruntime"),
        "",
        f"| run by | one stroke | strokes per second, {BATCH} at once | bytes | pendigits |",
        "|---|---|---|---|---|",
    ]
    for name, encoder in encoders.items():
        assert encoder.spec is not None
        size = f"{sizes[name]:,}" if name in sizes else ""
        lines.append(
            f"| {name} | {1e3 * one[name]:.2f} ms | {BATCH / many[name]:,.0f} | {size} | "
            f"{pendigits(encoder.spec, encoder, None)} |"
        )
        print(lines[-1], flush=True)
    (RESULTS / "embedding.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
