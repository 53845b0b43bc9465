"""The commands that train an encoder and use it."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tqdm import tqdm

import strokesim.siamese.run
from strokesim import Corpus, FeatureSpec, Index, read_inks, write_ink
from strokesim.cli.main import command
from strokesim.cli.options import spoken
from strokesim.cli.show import tell
from strokesim.siamese import open_encoder
from strokesim.synthesis import synthesise_corpus

SPEC = ["--spec", "x,y;steps=12"]
SMALL = ["--width", "8", "--layers", "1", "--dim", "6", "--patch", "1", "--steps", "6",
         "--classes-per-batch", "6", "--samples-per-class", "2"]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with ink, a corpus of its first writers and an encoder trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    inks = list(synthesise_corpus("abcdefgh", 6, np.random.default_rng(0)))
    write_ink(inks, folder / "ink.jsonl")
    write_ink(inks[:3], folder / "three.jsonl")
    Corpus.build(folder / "corpus", inks, FeatureSpec.parse(SPEC[1]))
    Corpus.build(folder / "other", inks, FeatureSpec.parse("x,y;steps=9"))
    words = ["train", str(folder / "model"), str(folder / "ink.jsonl"), *SPEC, *SMALL]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    (folder / "said").write_text(done.stdout + done.stderr)
    return folder


@pytest.fixture
def run(trained, monkeypatch):
    monkeypatch.chdir(trained)

    def run(*words, code=0):
        done = CliRunner().invoke(command, list(words), prog_name="strokesim")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == code, done.output
        return done

    return run


def test_training_says_how_well_it_went(run, trained):
    encoder = open_encoder("model")
    assert encoder.tower.settings.dim == 6
    assert encoder.origin.training["steps"] == 6
    said = (trained / "said").read_text()
    kept = sorted(set("abcdefgh") - set(encoder.origin.classes))
    assert f"held back: 4 inks of {', '.join(kept)}" in said
    error = 100 * encoder.origin.metrics["one_shot_error"]
    assert f"model: {error:.2f} % wrong among the classes held back" in said


def test_options_reach_the_library(run, tmp_path):
    new = str(tmp_path / "new")
    done = run("train", new, "ink.jsonl", *SPEC, *SMALL, "--loss", "triplet", "--miner", "hard",
               "--margin", "0.1:0.4", "--share", "0", "--augment", "0", "--turned", "--network",
               "tcn", "--pooling", "max", "--seed", "3", "--same-alphabet", "0.3", "--mine-after",
               "2", "--precision", "float32", "--device", "cpu", "--tensorboard", "--dropout",
               "0.1", "--weight-decay", "0.2", "--warm-up", "3", "--clip", "inf",
               "--similar-length", "--collapse-below", "0")  # fmt: skip
    assert done.stdout == f"{new}: trained for 6 steps\n"
    encoder = open_encoder(new)
    training = encoder.origin.training
    assert (training["loss"], training["miner"], training["seed"]) == ("triplet", "hard", 3)
    assert training["margin"] == [0.1, 0.4]
    assert (training["same_alphabet"], training["mine_after"]) == (0.3, 2)
    assert training["precision"] == "float32"
    assert (training["weight_decay"], training["warm_up"]) == (0.2, 3)
    assert (training["clip"], training["collapse_below"]) == (float("inf"), 0)
    assert training["similar_length"]
    assert encoder.tower.settings.dropout == 0.1
    assert os.listdir(os.path.join(new, "tensorboard"))
    assert (encoder.tower.settings.network, encoder.tower.settings.pooling) == ("tcn", "max")
    assert len(encoder.origin.classes) > 8
    assert encoder.origin.augmentation is None


def test_training_that_no_longer_improves_stops_and_keeps_the_best(run, tmp_path):
    new, still = str(tmp_path / "new"), ["--learning-rate", "1e-30", "--warm-up", "0"]
    words = ["train", new, "ink.jsonl", *SPEC, *SMALL, *still, "--steps", "60"]
    done = run(*words, "--evaluate-every", "2", "--patience", "3")
    assert "step 8: " in done.stderr
    assert "step 10: " not in done.stderr
    assert "stopped after step 8: nothing better since step 2" in done.stderr
    assert open_encoder(new).origin.metrics["step"] == 2


def test_training_goes_on_from_an_encoder(run, tmp_path):
    new, still = str(tmp_path / "new"), ["--learning-rate", "1e-30", "--steps", "1", "--share", "0"]
    done = run("train", new, "ink.jsonl", "--from", "model", *still)
    assert done.stdout == f"{new}: trained for 1 steps\n"
    assert open_encoder(new) == open_encoder("model")
    seen = run("train", str(tmp_path / "seen"), "ink.jsonl", "--from", "model", "--steps", "1",
               "--seed", "4", "--augment", "0", "--movement", "2")  # fmt: skip
    assert re.search(r"\d of 2 classes held back are known to model: new ones", seen.stderr)
    varied = open_encoder(str(tmp_path / "seen")).origin.augmentation
    assert {name: value for name, value in varied.items() if value} == {"movement": 2.0}
    words = ["train", str(tmp_path / "other"), "ink.jsonl", "--from", "default"]
    assert "--width 8, and the encoder to start from has 64" in run(*words, *SMALL, code=2).stderr
    assert "steps=12 was given; take the features" in run(*words, *SPEC, code=2).stderr
    run(*words, *still)
    assert open_encoder(words[1]) == open_encoder("default")


def test_ink_without_labels_is_learned_from_beside_labelled_ink(run, tmp_path):
    inks = list(read_inks("ink.jsonl"))
    write_ink([*inks, *(replace(ink, label=None) for ink in inks)], tmp_path / "partly.jsonl")
    new = str(tmp_path / "new")
    words = [str(tmp_path / "partly.jsonl"), *SPEC, *SMALL, "--unlabelled-weight", "0.5"]
    done = run("train", new, *words)
    assert "without label: 32 inks" in done.stderr
    assert open_encoder(new).origin.training["unlabelled_weight"] == 0.5


def test_groups_stand_for_classes_where_nothing_is_labelled(run, tmp_path):
    inks = [replace(ink, label=None, writer=None) for ink in read_inks("ink.jsonl")]
    write_ink(inks, tmp_path / "bare.jsonl")
    words = [str(tmp_path / "new"), str(tmp_path / "bare.jsonl"), *SPEC, *SMALL, "--groups-of"]
    assert "--groups-of 30, and 48 inks make no two" in run("train", *words, "30", code=2).stderr
    done = run("train", *words, "4")
    assert "without labels: 48 inks in 12 groups" in done.stderr
    assert "held back" not in done.stderr
    assert "group 1" in open_encoder(words[0]).origin.classes


def test_match_searches_by_the_model(run):
    done = run(
        "match", "three.jsonl", "--corpus", "corpus", "--model", "model", "-k", "4", "--json"
    )
    index = Index(Corpus.open("corpus"), open_encoder("model"))
    expected = index.search(list(read_inks("three.jsonl")), 4)
    found = [json.loads(line)["matches"] for line in done.stdout.splitlines()]
    assert [[m["index"] for m in row] for row in found] == [
        [m.index for m in row] for row in expected
    ]
    assert "48 entries by model" in done.stderr


def test_embed_prints_points_or_writes_a_corpus(run, tmp_path):
    encoder = open_encoder("model")
    lines = [json.loads(line) for line in run("embed", "model", "three.jsonl").stdout.splitlines()]
    expected = encoder.transform_all(list(read_inks("three.jsonl")))
    assert [line["label"] for line in lines] == ["a", "b", "c"]
    for line, points in zip(lines, expected, strict=True):
        assert np.array(line["embedding"]) == pytest.approx(points, abs=1e-6)
    run("embed", "model", "three.jsonl", "--per-step", "-o", str(tmp_path / "steps"))
    corpus = Corpus.open(tmp_path / "steps")
    assert corpus.spec == encoder.per_step()
    assert [entry.sequence.shape for entry in corpus] == [(12, 6)] * 3
    assert list(corpus.labels) == ["a", "b", "c"]


def test_ctrl_c_and_resume_from_the_command_line(run, tmp_path, monkeypatch):
    new = str(tmp_path / "new")
    words = ["train", new, "ink.jsonl", *SPEC, *SMALL]
    whole = strokesim.siamese.run.Run._advance

    def interrupted(self, folder):
        if self.at.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(self, folder)

    monkeypatch.setattr(strokesim.siamese.run.Run, "_advance", interrupted)
    done = run(*words, code=1)
    assert f"{new}: stopped; the same command with --resume goes on" in done.stderr
    monkeypatch.setattr(strokesim.siamese.run.Run, "_advance", whole)
    run(*words, "--resume")
    assert open_encoder(new) == open_encoder("model")


def test_ctrl_c_before_the_first_checkpoint_promises_nothing(run, tmp_path, monkeypatch):
    words = ["train", str(tmp_path / "new"), "ink.jsonl", *SPEC, *SMALL]
    whole = strokesim.siamese.run.Run._beginning

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(strokesim.siamese.run.Run, "_beginning", interrupted)
    assert "new: stopped; the same command begins anew" in run(*words, code=1).stderr
    monkeypatch.setattr(strokesim.siamese.run.Run, "_beginning", whole)
    run(*words)


def test_a_corpus_of_embeddings_is_matched_as_its_features_are(run, tmp_path):
    points = str(tmp_path / "points")
    run("embed", "model", "ink.jsonl", "-o", points)
    words = ["three.jsonl", "--model", "model", "-k", "4", "--json"]
    one, other = (run("match", *words, "--corpus", name).stdout for name in ("corpus", points))
    assert one == other
    done = run("match", "three.jsonl", "--corpus", points, code=2)
    assert "ink needs that encoder to become one" in done.stderr


def test_a_corpus_of_points_per_step_is_searched_by_dtw_over_them(run, tmp_path):
    steps = str(tmp_path / "steps")
    done = run("embed", "model", "ink.jsonl", "--per-step", "-o", steps)
    assert f"strokesim match --corpus {steps} --model model searches it, by dtw" in done.stderr
    words = ["match", "three.jsonl", "--corpus", steps, "--model", "model", "-k", "4", "--json"]
    encoder, corpus = open_encoder("model").per_step(), Corpus.open(steps)
    asked = encoder.transform_all(list(read_inks("three.jsonl")))
    for options, radius in (([], None), (["--radius", "1"], 1)):
        done = run(*words, *options)
        expected = Index(corpus, "dtw", radius=radius).search(asked, 4)
        found = [json.loads(line)["matches"] for line in done.stdout.splitlines()]
        assert [[m["index"] for m in row] for row in found] == [
            [m.index for m in row] for row in expected
        ]
        assert "48 entries by dtw over what model makes of each step" in done.stderr
    assert "by euclidean over what model" in run(*words, "--distance", "euclidean").stderr
    for option in (["--reject"], ["--prototypes", "3"]):
        assert "has a point per step" in run(*words, *option, code=2).stderr
    wrong = run(*words, "--distance", "euclidean", "--radius", "2", code=2).stderr
    assert "--radius 2 means nothing to euclidean; leave it out or use dtw" in wrong


@pytest.mark.parametrize("options", [[], ["--radius", "2"], ["--distance", "dtw"]])
def test_a_corpus_of_another_encoder_says_so(run, tmp_path, options):
    points, steps = str(tmp_path / "points"), str(tmp_path / "steps")
    run("embed", "model", "ink.jsonl", "-o", points)
    run("embed", "model", "ink.jsonl", "--per-step", "-o", steps)
    for corpus, words in ((points, "-o CORPUS`"), (steps, "--per-step -o CORPUS`")):
        asked = ["match", "three.jsonl", "--corpus", corpus, *options, "--model", "default"]
        said = run(*asked, code=2).stderr
        assert f"{corpus} holds embeddings by encoder" in said
        assert "another one than default; name that one, or make a corpus by" in said
        assert f"`strokesim embed default INK {words}" in said
        both = run(*asked, "--model", "default", code=2).stderr
        assert "a corpus by `strokesim corpus build CORPUS INK --model default`" in both


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "model", "ink.jsonl", *SPEC], 1, "holds a finished training; name"),
        (["train", "corpus", "ink.jsonl", *SPEC], 1, "it holds other files"),
        (["train", "new", "none.jsonl"], 1, "none.jsonl"),
        (["train", "new", "ink.jsonl", "--loss", "contrastive"], 2, "did you mean"),
        (["train", "new", "ink.jsonl", "--loss", "linear", "--margin", "0"], 2, "--margin 0.0;"),
        (["train", "new", "ink.jsonl", "--margin", "wide"], 2, "give a number, or two"),
        (["train", "new", "ink.jsonl", "--network", "mlp"], 2, "unknown network 'mlp'"),
        (["train", "new", "ink.jsonl", "--validation", "three.jsonl"], 2, "is in the training"),
        (["train", "new", "three.jsonl"], 2, "or train on all of it with --share 0"),
        (["train", "new", "ink.jsonl", "--steps", "0"], 2, "--steps 0; use a whole number"),
        (["train", "new", "ink.jsonl", "--augment", "-1"], 2, "--augment -1.0; needed: 0 or"),
        (["train", "new", "ink.jsonl", "--movement", "11"], 2, "--movement 11.0; needed: a number"),
        (["train", "new", "ink.jsonl", "--share", "2"], 2, "--share 2; use a part from 0"),
        (["train", "new", "ink.jsonl", "--share", "nan"], 2, "--share nan; use a part from 0"),
        (["train", "new", "ink.jsonl", "--threads", "0"], 2, "at least 1, or leave it out"),
        (["train", "new", "ink.jsonl", "--augment", "0", "--unlabelled-weight", "1"], 2,
         "compares two variations of each; give --augment above 0"),
        (["train", "new", "ink.jsonl", "--augment", "0", "--loss", "nt-xent"], 2, "above 0"),
        (["train", "new", "ink.jsonl", "--unlabelled-weight", "1"], 2, "--unlabelled-weight 1.0,"),
        (["train", "new", "ink.jsonl", "--warm-up", "9" * 400], 2, "...; use a whole number"),
        (["train", "new", "ink.jsonl", "--device", "meta"], 2, "device 'meta' cannot be used"),
        (["train", "new", "ink.jsonl", "--resume"], 1, "training; leave out --resume"),
        (["train", "model", "ink.jsonl"], 1, "give --from model and a new folder"),
        (["train", "model", "ink.jsonl", "--resume"], 1, "is finished, nothing is to resume; to"),
        (["match", "three.jsonl", "--corpus", "corpus", "--model", "none"], 1, "train one first"),
        (["match", "three.jsonl", "--corpus", "other", "--model", "model"], 2, "spec of the enc"),
        (["match", "three.jsonl", "--corpus", "corpus", "--model", "model", "--distance", "dtw"], 2,
         "--model brings its own distance"),
        (["embed", "corpus", "three.jsonl"], 1, "corpus is no encoder: it has no encoder.json"),
        (["embed", "model", "three.jsonl", "-o", "corpus"], 2, "corpus is a corpus already"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_the_right_code_and_nothing_half_written(
    run, trained, words, code, message
):
    before = sorted(os.listdir(trained))
    done = run(*words, code=code)
    assert message in done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert sorted(os.listdir(trained)) == before


def test_messages_name_options_and_leave_specs_and_paths_as_they_are():
    options = {"steps": "--steps", "classes_per_batch": "--classes-per-batch", "start": "--from",
               "margin": "--margin", "resume": "--resume"}  # fmt: skip
    for said, expected in [
        ("steps=0; use more", "--steps 0; use more"),
        ("reads x,y;steps=9; not x/steps=3", "reads x,y;steps=9; not x/steps=3"),
        ("use fewer classes_per_batch, or", "use fewer --classes-per-batch, or"),
        ("classes_per_batch=3; fewer", "--classes-per-batch 3; fewer"),
        ("margin=(0.5, 0.0); above", "--margin 0.5:0.0; above"),
        ("by start=a/b and (resume=True) or not", "by --from a/b and (--resume) or not"),
        ("two steps, started", "two steps, started"),
    ]:
        assert spoken(said, options) == expected
    assert spoken("two of_them=3", {"steps": "--steps"}) == "two of_them=3"


def test_talk_stands_on_lines_of_its_own_beside_a_bar(monkeypatch, capsys):
    with tqdm(total=3, file=sys.stderr, mininterval=0) as bar:
        bar.update(1)
        tell("held back")
    shown = re.split("[\r\n]", capsys.readouterr().err)
    assert "held back" in shown


@pytest.mark.parametrize("package", ["torch", "safetensors"])
def test_without_the_extra_the_command_says_what_to_install(package):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from strokesim.cli.main import main; sys.argv = ['strokesim', 'train', 'a', 'b']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: learning needs {package}, which is not installed; pip install 'strokesim[learn]'\n"
    )
