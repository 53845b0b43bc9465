"""Warming up: what it compiles is what searches use, once, and found again by other processes."""

import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from strokesim import DISTANCES, cdist
from strokesim.cli.main import command
from strokesim.distances.warmup import variants, warm_up
from strokesim.errors import ArgumentError
from strokesim.ragged import Ragged


@pytest.mark.slow
def test_after_warming_up_nothing_is_left_to_compile():
    done = []
    compiled = warm_up([3], progress=done.append)
    assert sum(done) == len(DISTANCES)
    assert compiled == variants()
    rng = np.random.default_rng(1)
    walks = Ragged.from_arrays([rng.normal(size=(20, 3)) for _ in range(40)])
    walks.values.flags.writeable = False
    for entry in DISTANCES.values():
        radius = {"radius": 2} if entry.takes_radius else {}
        searcher = entry.prepare(walks, *radius.values())
        searcher.nearest_of_all(list(walks), 5, 9.0, 2)
        cdist(walks, distance=entry.name, dtype=np.float32, **radius)
    assert variants() == compiled


@pytest.mark.slow
def test_another_process_finds_in_the_cache_what_was_compiled_here():
    warm_up([3])
    program = (
        "from strokesim.distances import cascade; from strokesim.distances.warmup import warm_up;"
        "warm_up([3]); print(sum(cascade.answer_queries.stats.cache_misses.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "0"


def test_the_command_lists_what_is_compiled():
    done = CliRunner().invoke(command, ["warmup", "--features", "3"])
    assert done.exit_code == 0
    assert "cascade.answer_queries: " in done.stdout
    assert "kernels.dtw_square: " in done.stdout
    assert "stepping.count_steps: " in done.stdout
    assert CliRunner().invoke(command, ["warmup", "--features", "0"]).exit_code == 2


@pytest.mark.slow
def test_after_the_command_the_first_match_compiles_nothing(tmp_path):
    cache = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    strokesim = [sys.executable, "-m", "strokesim"]
    for words in (
        ["synth", "ink.jsonl", "--labels", "ab", "--writers", "2"],
        ["warmup", "--features", "4"],
        ["corpus", "build", "corpus", "ink.jsonl"],
        ["match", "ink.jsonl", "--corpus", "corpus", "-k", "1", "--json"],
    ):
        before = set((tmp_path / "cache").rglob("*.nbc"))
        subprocess.run([*strokesim, *words], cwd=tmp_path, env=cache, check=True,
                       capture_output=True)  # fmt: skip
    assert before
    assert set((tmp_path / "cache").rglob("*.nbc")) == before


def test_no_features_cannot_be_warmed_up():
    with pytest.raises(ArgumentError, match="0 features; a feature sequence has at least 1"):
        warm_up([0])
    for wrong in (5, "x", [1.5]):
        with pytest.raises(ArgumentError, match="give several whole numbers"):
            warm_up(wrong)
