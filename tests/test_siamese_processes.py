"""Several processes that train together under torchrun, on loopback."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_siamese_training import (
    QUICK,
    SHAPE,
    SPEC,
    inks_of,
    lines_of,
    quick,
    randomly,
    weights_of,
)

from strokesim import write_ink
from strokesim.errors import TrainingError
from strokesim.siamese import open_encoder
from strokesim.siamese.examples import examples_of
from strokesim.siamese.objective import Objective
from strokesim.siamese.processes import Processes
from strokesim.siamese.resuming import read_state
from strokesim.siamese.run import Run

pytestmark = pytest.mark.slow

PLAIN = {
    "cross-entropy": {},
    "triplet": {"miner": "distance-weighted", "mine_after": 1},
}
"""Settings under which nothing but the batch is drawn at random."""

HANGS = 600
"""Seconds after which processes that wait for each other are given up."""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def environment():
    here, package = Path(__file__).parent, Path(__file__).parent.parent
    paths = [str(here), str(package), os.environ.get("PYTHONPATH", "")]
    own = {name: value for name, value in os.environ.items() if name != "RANK"}
    loopback = "lo" if sys.platform == "linux" else "lo0"
    return own | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": loopback,
    }


def torchrun(*words, processes=2, restarts=0):
    """Start a program or a module under torchrun."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone",
         "--nproc-per-node", str(processes), "--max-restarts", str(restarts), *words],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(process, code=0):
    try:
        out, err = process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate()
        pytest.fail(f"still running after {HANGS} s: {err}")
    assert process.returncode == code, err
    return out, err


def plain(name, folder):
    settings = replace(QUICK, classes_per_batch=5, loss=name, steps=4, **PLAIN[name])
    return quick(inks_of("abcdefgh", 6), folder, settings)


def interrupted(folder):
    """Train; Ctrl-C reaches the second process alone. Then go on."""
    whole = Run._advance

    def advance(run, folder):
        if run.at.step == 6 and run.processes.rank == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(run, folder)

    Run._advance = advance
    try:
        quick(inks_of("abcdefgh", 6), folder, **randomly())
    except KeyboardInterrupt:
        state, _ = read_state(folder)
        sys.stdout.write(f"stopped after {state['progress']['step']}\n")
    Run._advance = whole
    quick(inks_of("abcdefgh", 6), folder, resume=True, **randomly())


def failing(folder):
    def wrong(ink, rng):
        if os.environ["RANK"] == "1":
            raise ZeroDivisionError
        return ink

    try:
        quick(inks_of("abcdefgh", 6), folder, augment=wrong)
    except TrainingError as error:
        sys.stdout.write(f"{error}\n")
    except ZeroDivisionError:
        sys.stdout.write("the mistake\n")


def program(folder):
    """What each of several processes does in the first test."""
    torch.set_num_threads(1)
    for name in PLAIN:
        plain(name, folder / name)
    quick(inks_of("abcdefgh", 6), folder / "unbroken", **randomly())
    interrupted(folder / "interrupted")
    failing(folder / "failing")


def test_several_processes_take_the_steps_that_one_would_take_and_end_together(tmp_path):
    several, one = tmp_path / "several", tmp_path / "one"
    several.mkdir()
    one.mkdir()
    words = "import sys, pathlib, test_siamese_processes as t; t.program(pathlib.Path(sys.argv[1]))"
    (tmp_path / "program.py").write_text(words)
    started = torchrun(str(tmp_path / "program.py"), str(several))
    alone = {name: plain(name, one / name) for name in PLAIN}
    out, _ = finished(started)
    for name, expected in alone.items():
        lines, others = lines_of(several / name), lines_of(one / name)
        assert len(lines) == len(others) == 6
        for line, other in zip(lines, others, strict=True):
            for key in ("loss", "gradient", "same", "different"):
                if key in other:
                    assert line[key] == pytest.approx(other[key], rel=1e-3), (name, key)
        found = open_encoder(several / name).tower.state_dict()
        for key, values in expected.tower.state_dict().items():
            assert torch.allclose(found[key], values, atol=2e-4), (name, key)
    assert out.count("stopped after 7\n") == 2
    assert weights_of(several / "interrupted") == weights_of(several / "unbroken")
    assert lines_of(several / "interrupted") == lines_of(several / "unbroken")
    assert out.count("the mistake\n") == 1
    assert out.count("another process of this training has ended or does not answer") == 1


@pytest.mark.parametrize("rank", range(6))
def test_a_process_without_a_share_of_a_small_batch_has_a_gradient_of_zero(rank, monkeypatch):
    """Six processes for the four samples of two classes."""
    seen = []

    def gathered(self, points, n_points):
        seen.append(points)
        return torch.cat([points, torch.randn(n_points - len(points), points.shape[1])])

    monkeypatch.setattr(Processes, "gathered", gathered)
    examples = examples_of(inks_of("ab", 2), SPEC)
    settings = replace(QUICK, samples_per_class=2)
    objective = Objective(
        examples, SHAPE, settings, None, None, Processes(rank, 6), torch.device("cpu")
    )
    _, labels, loss = objective(0)
    loss.backward()
    assert labels.shape == (4,)
    assert seen[0].shape == (rank < 4, 8)
    gradients = [parameter.grad for parameter in objective.tower.parameters()]
    assert all(gradient is not None for gradient in gradients)
    assert any(gradient.any() for gradient in gradients) == (rank < 4)


def test_a_killed_process_is_started_again_and_the_result_is_that_of_an_unbroken_run(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import os, signal, sys
import strokesim.siamese.run
from strokesim.cli.main import main
whole, victim = strokesim.siamese.run.Run._advance, sys.argv.pop(1)
def killed(self, folder):
    dies = (os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]) == (victim, "0")
    if self.at.step == 7 and dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, folder)
strokesim.siamese.run.Run._advance = killed
main()
"""
    )
    write_ink(inks_of("abcdefgh", 6), tmp_path / "ink.jsonl")
    options = ["--spec", "x,y;steps=12", "--width", "8", "--layers", "1", "--dim", "6", "--steps",
               "9", "--classes-per-batch", "6", "--samples-per-class", "2",
               "--checkpoint-every", "5"]  # fmt: skip
    for name, dies in [("whole", "nobody"), ("cut", "0")]:
        words = ["train", str(tmp_path / name), str(tmp_path / "ink.jsonl"), *options]
        out, err = finished(torchrun(str(program), dies, *words, restarts=1))
        assert out.count("wrong among the classes held back") == 1
        assert ("exitcode: -9" in err) == (name == "cut")
    assert weights_of(tmp_path / "cut") == weights_of(tmp_path / "whole")
    assert lines_of(tmp_path / "cut") == lines_of(tmp_path / "whole")
    assert not (tmp_path / "cut" / "resume.safetensors").exists()
