"""Several encoders asked together."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from strokesim import Corpus, FeatureSpec, Index, load_dataset, open_encoder, write_ink
from strokesim.cli.main import command
from strokesim.errors import ArgumentError
from strokesim.learned import Together
from strokesim.siamese import EncoderSettings, TrainingSettings, train


@pytest.fixture(scope="module")
def inks():
    return [ink for ink in load_dataset("demo", "train") if ink.label in set("abcdef")][:60]


@pytest.fixture(scope="module")
def folders(inks, tmp_path_factory):
    """Three encoders of two seeds, the last one of other features."""
    made = []
    for number, steps in enumerate((16, 16, 12)):
        folder = tmp_path_factory.mktemp("models") / f"model-{number}"
        train(
            inks, folder, validation=None, threads=1,
            spec=FeatureSpec.parse(f"x,y;steps={steps}"),
            encoder=EncoderSettings(width=4, dim=5 + number, layers=1, patch=2),
            settings=TrainingSettings(seed=number, steps=2, classes_per_batch=4),
        )  # fmt: skip
        made.append(str(folder))
    return made


def test_embeddings_stand_beside_each_other(folders, inks):
    first, second = map(open_encoder, folders[:2])
    both = Together([first, second])
    found = both.transform_all(inks).values
    beside = [each.transform_all(inks).values for each in (first, second)]
    np.testing.assert_allclose(found, np.concatenate(beside, axis=1) / np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert both.n_features == first.n_features + second.n_features
    steps = both.per_step().transform(inks[0])
    assert steps.shape == (8, both.n_features)
    assert both.threshold is None


def test_the_distance_is_the_mean_square_of_what_each_says(folders, inks):
    encoders = [open_encoder(folder) for folder in folders[:2]]
    both = Index(Corpus.from_inks(inks, encoders[0].spec), Together(encoders))
    match = both.search(inks[7], 2)[0][1]
    squares = []
    for each in encoders:
        a, b = (each.transform(inks[number]) for number in (7, match.index))
        squares.append(((a - b) ** 2).sum())
    assert match.distance == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-5)


def test_an_encoder_is_told_apart_from_several(folders):
    first, second = map(open_encoder, folders[:2])
    both = Together([first, second])
    assert both == Together([first, second])
    assert both != Together([second, first])
    assert both != first
    assert both.per_step() != both


def test_what_cannot_be_asked_together_is_refused(folders):
    first, _, other = map(open_encoder, folders)
    with pytest.raises(ArgumentError, match="encoders of different features"):
        Together([first, other])
    for wrong in ([], [folders[0]], first, None):
        with pytest.raises(ArgumentError, match="takes several encoders"):
            Together(wrong)


def test_the_command_asks_several_models_together(folders, inks, tmp_path):
    write_ink(inks[:40], tmp_path / "known.jsonl")
    write_ink(inks[40:42], tmp_path / "asked.jsonl")
    run = CliRunner().invoke
    corpus = str(tmp_path / "corpus")
    built = run(command, ["corpus", "build", corpus, str(tmp_path / "known.jsonl"),
                          "--model", folders[0]])  # fmt: skip
    assert built.exit_code == 0, built.output
    models = ["--model", folders[0], "--model", folders[1]]
    asked = ["match", str(tmp_path / "asked.jsonl"), "--corpus", corpus, "-k", "3", *models]
    found = run(command, [*asked, "--json"])
    assert found.exit_code == 0, found.output
    encoders = Together(map(open_encoder, folders[:2]))
    index = Index(Corpus.from_inks(inks[:40], encoders.spec), encoders)
    expected = [[match.index for match in one] for one in index.search(inks[40:42], 3)]
    lines = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]
    assert [[match["index"] for match in line["matches"]] for line in lines] == expected
    refused = run(command, [*asked, "--reject"])
    assert refused.exit_code == 2
    assert "none was calibrated" in refused.output
    mixed = run(command, [*asked, "--model", folders[2]])
    assert "encoders of different features" in mixed.output
