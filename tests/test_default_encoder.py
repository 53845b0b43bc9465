"""The encoder that comes with strokesim."""

import subprocess
import sys

import numpy as np
import pytest

from conftest import ROOT
from strokesim import Corpus, Index, load_dataset, open_encoder

MODELS = ROOT / "strokesim" / "models"
PROGRAM = """
import sys
for package in {packages!r}:
    sys.modules[package] = None
from strokesim.cli.main import main
sys.argv = ["strokesim", *sys.argv[1:]]
main()
"""


def test_it_is_small_and_the_same_as_onnx_and_as_weights():
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 2_000_000
    one, other = open_encoder(MODELS / "default.onnx"), open_encoder(MODELS / "default")
    assert one == other == open_encoder("default")
    assert one.origin == other.origin
    inks = load_dataset("demo", "test")[:20]
    gap = np.abs(one.transform_all(inks).values - other.transform_all(inks).values)
    assert gap.max() < 1e-5


def test_torch_opens_its_weights_by_the_same_name():
    from strokesim import siamese

    one = siamese.open_encoder("default")
    assert one == open_encoder("default")
    inks = load_dataset("demo", "test")[:5]
    gap = np.abs(
        one.transform_all(inks).values - open_encoder("default").transform_all(inks).values
    )
    assert gap.max() < 1e-5


def test_its_card_lies_beside_it_and_in_it():
    card = (MODELS / "default.md").read_text(encoding="utf-8")
    assert open_encoder("default").origin.card == card
    for words in ("CC BY 4.0", "MIT", "What it never saw", "| learned |"):
        assert words in card


def test_it_is_better_than_chance_by_far_on_the_demo_corpus():
    encoder = open_encoder("default")
    corpus = Corpus.from_inks(load_dataset("demo", "train"), encoder.spec)
    asked = load_dataset("demo", "test")
    found = Index(corpus, encoder).search(asked)
    right = [row[0].label == ink.label for row, ink in zip(found, asked, strict=True)]
    assert np.mean(right) > 0.5
    assert 0 < encoder.threshold < 2


@pytest.mark.parametrize("packages", [["torch", "onnx"], ["torch", "onnx", "onnxruntime"]])
def test_match_takes_it_without_torch(tmp_path, packages):
    from strokesim import write_ink

    inks = load_dataset("demo", "test")
    write_ink(inks[:6], tmp_path / "ink.jsonl")
    program = PROGRAM.format(packages=packages)
    if "onnxruntime" in packages:
        program = f"import importlib.util\nimportlib.util.find_spec = lambda name: None\n{program}"

    def run(*words):
        return subprocess.run(
            [sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True
        )

    built = run("corpus", "build", "demo", "ink.jsonl", "--model", "default")
    assert built.returncode == 0, built.stderr
    words = ["match", "ink.jsonl", "--corpus", "demo", "--model", "default", "-k", "1"]
    done = run(*words, "--reject", "--no-draw")
    assert "6 of 6 nearest labels are right" in done.stderr, done.stderr
    assert "0 are none of them" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--reject"], "--reject takes the threshold of a --model"),
        (["--reject", "--cutoff", "1", "--model", "default"], "both say how far is too far"),
    ],
)
def test_a_threshold_that_nobody_has_is_refused(tmp_path, monkeypatch, words, message):
    from click.testing import CliRunner

    from strokesim.cli.main import command

    monkeypatch.chdir(tmp_path)
    Corpus.build("demo", load_dataset("demo", "test")[:3], open_encoder("default").spec)
    done = CliRunner().invoke(command, ["match", "none.jsonl", "--corpus", "demo", *words])
    assert done.exit_code == 2
    assert message in done.stderr
