"""Omniglot strokes: train on small1, tell apart the characters of three alphabets never seen.

The episodes, pairs and tuned distances are those of oneshot.py. Every choice was made with the
alphabets of `oneshot.VALIDATION` held back from training; with the choices made, an encoder is
trained on all of small1, for as many steps as chosen, with nothing to stop it early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from learning_runs import Protocol, Row
from oneshot import PLAIN, SEED, VALIDATION, Alphabet, alphabets, distances_of, tuned

from strokesim import cdist, load_dataset
from strokesim.augmentation import Augmentation, turned_classes
from strokesim.evaluation import Rate, answers, equal_error_rate, error_rate
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.learned import Together
from strokesim.siamese import Encoder, EncoderSettings, TrainingSettings, open_encoder, train
from strokesim.siamese.examples import SPEC
from strokesim.siamese.grouping import GROUPING, INKS_PER_GROUP, grouped

SHAPE = EncoderSettings()
SUPERVISED = TrainingSettings()
SELF_SUPERVISED = replace(SUPERVISED, steps=600)
CLOUD = FeatureSpec.parse("x,y,0.25*cos2,0.25*sin2;steps=64")
"""With what oneshot.py found the order-free distance to do best on the validation alphabets."""

CLOUD_WEIGHT = 4.0
"""Of that distance beside the learned one: the best of those that learning_ablation.py tries."""

TOGETHER = 3
"""How many encoders are asked together: as many as for letters (learning_letters.py)."""


def trained(
    inks: Iterable[Ink], folder: Path, settings: TrainingSettings, expand: Callable | None
) -> Encoder:
    """Train on all the inks, or go on, or open what was trained already."""
    resume = (folder / "resume.safetensors").exists()
    if (folder / "encoder.json").exists() and not resume:
        return open_encoder(folder)
    return train(
        inks, folder, spec=SPEC, encoder=SHAPE, settings=settings, validation=None,
        augment=Augmentation().augment, expand=expand, resume=resume, threads=1,
    )  # fmt: skip


@cache
def validation_alphabets() -> list[Alphabet]:
    """Return the alphabets on which choices are made."""
    known = alphabets("small1", n_episodes=400, n_impostors=20_000)
    return [known[name] for name in VALIDATION]


@cache
def test_alphabets() -> list[Alphabet]:
    """Return the alphabets of small2 that are not in small1."""
    known = {str(ink.label).rpartition("/")[0] for ink in load_dataset("omniglot", "small1")}
    asked = alphabets("small2", n_episodes=1000, n_impostors=20_000)
    return [alphabet for name, alphabet in asked.items() if name not in known]


def rates_of(asked: Sequence[Alphabet], distances: Sequence[np.ndarray]) -> dict[str, Rate]:
    """Return the error of each alphabet, their mean, and the equal error rate of all pairs.

    ``distances`` holds those of all inks of each alphabet to each other.
    """
    wrong, queries, supports, names, rates = [], [], [], [], {}
    pairs: list[list[np.ndarray]] = [[], [], [], []]
    for alphabet, table in zip(asked, distances, strict=True):
        writers = np.array([ink.writer for ink in alphabet.inks])
        query, nearest, mistaken = answers(table, alphabet.queries)
        wrong.append(mistaken)
        queries.append(writers[query])
        supports.append(writers[nearest])
        names += [alphabet.name] * len(query)
        rates[alphabet.name] = error_rate(
            mistaken, writers[query], others=writers[nearest], resamples=1000,
            rng=np.random.default_rng(SEED),
        )  # fmt: skip
        left, right, same = alphabet.pairs
        for part, values in zip(
            pairs, (table[left, right], same, writers[left], writers[right]), strict=True
        ):
            part.append(values)
    mean = error_rate(
        np.concatenate(wrong), np.concatenate(queries), others=np.concatenate(supports),
        groups=names, resamples=2000, rng=np.random.default_rng(SEED),
    )  # fmt: skip
    equal = equal_error_rate(
        *map(np.concatenate, pairs), rng=np.random.default_rng(SEED), resamples=200
    )
    return {MEAN: mean, **rates, EQUAL: equal}


MEAN, EQUAL = "one-shot error, mean of three", "equal error rate"


def embedded(asked: Sequence[Alphabet], *encoders: Encoder) -> list[np.ndarray]:
    """Return the distances of the embeddings of all inks of each alphabet to each other.

    Several encoders are asked together: their embeddings stand beside each other.
    """
    both = Together(encoders)
    return [cdist(both.transform_all(alphabet.inks), distance="euclidean") for alphabet in asked]


def with_cloud(
    asked: Sequence[Alphabet], learned: Sequence[np.ndarray], weight: float
) -> list[np.ndarray]:
    """Return learned distances with so much of the order-free one added to each."""
    clouds = [cdist(CLOUD.transform_all(alphabet.inks), distance="cloud") for alphabet in asked]
    return [one + weight * other for one, other in zip(learned, clouds, strict=True)]


def unlearned(quick: bool) -> list[Row]:
    """Tune the features of each distance on the validation alphabets, and test the best."""
    rows = []
    for plain in PLAIN:
        method = plain if quick else tuned(plain, validation_alphabets())[0]
        distances = [distances_of(method, alphabet) for alphabet in test_alphabets()]
        rows.append(Row(method.title, str(method), rates_of(test_alphabets(), distances)))
    return rows


def supervised(seed: int, steps: int | None, folder: Path) -> list[Row]:
    """Train with the labels of small1, every character turned and mirrored as well."""
    return _learned(seed, steps, folder, SUPERVISED, load_dataset("omniglot", "small1"), "learned")


def together(seed: int, steps: int | None, folder: Path) -> list[Row]:
    """Do what `supervised` does with several encoders, each of a seed of its own."""
    seeds = range(TOGETHER * seed, TOGETHER * (seed + 1))
    inks = load_dataset("omniglot", "small1")
    encoders = [
        _encoder(one, steps, folder.with_name(f"omniglot-{one}"), SUPERVISED, inks) for one in seeds
    ]
    return _rows(f"learned, {TOGETHER} encoders", *encoders)


def without_labels(seed: int, steps: int | None, folder: Path) -> list[Row]:
    """Train on the ink of small1 and nothing else: no labels, no writers."""
    inks = [replace(ink, label=None, writer=None) for ink in load_dataset("omniglot", "small1")]
    return _learned(seed, steps, folder, SELF_SUPERVISED, grouped(inks), "learned without labels")


def _learned(
    seed: int, steps: int | None, folder: Path, settings: TrainingSettings,
    inks: Iterable[Ink], title: str,
) -> list[Row]:  # fmt: skip
    return _rows(title, _encoder(seed, steps, folder, settings, inks))


def _encoder(
    seed: int, steps: int | None, folder: Path, settings: TrainingSettings, inks: Iterable[Ink]
) -> Encoder:
    chosen = replace(settings, seed=seed, steps=steps or settings.steps)
    return trained(inks, folder, chosen, turned_classes)


def _rows(title: str, *encoders: Encoder) -> list[Row]:
    asked = test_alphabets()
    distances = embedded(asked, *encoders)
    both = with_cloud(asked, distances, CLOUD_WEIGHT)
    return [
        Row(title, str(SPEC), rates_of(asked, distances)),
        Row(f"{title}, + {CLOUD_WEIGHT:g} * cloud", str(CLOUD), rates_of(asked, both)),
    ]


ABOUT = [
    "Trained on the five alphabets of small1, tested on those of small2 that are not in it. "
    f"Validation alphabets, of small1, on which every choice was made: {', '.join(VALIDATION)}. "
    "With the choices made, all of small1 is trained on, for a number of steps chosen before.",
    "20-way one-shot within an alphabet, 17-way for Tagalog; 1,000 episodes and up to 20,000 "
    "impostor pairs per alphabet, the same as in oneshot.md. The weight of the cloud distance "
    "beside the learned one was chosen with an encoder that never saw the validation alphabets "
    "(learning_ablation.md).",
]
UNLABELLED = [
    *ABOUT,
    "Labels and writers were taken away before anything else. The ink was grouped by complete "
    f"linkage under the order-free distance on `{GROUPING}`, a group for every {INKS_PER_GROUP} "
    "inks, and an encoder was trained on the groups as if they were classes. Settings were chosen "
    "with the labels of the validation alphabets, as those of the tuned distances were.",
]
SEVERAL = [
    *ABOUT,
    f"{TOGETHER} encoders of different seeds are asked together: their embeddings stand beside "
    f"each other; of run s those of seeds {TOGETHER} s to {TOGETHER} s + {TOGETHER - 1}. Distances "
    "without learning stand above. Times are those of what was not trained before.",
]
MEASURES = (MEAN, "Japanese_(katakana)", "Sanskrit", "Tagalog", EQUAL)
PROTOCOLS = {
    "omniglot": Protocol(
        "omniglot", "Omniglot, one-shot on unseen alphabets", ABOUT, MEASURES, unlearned, supervised
    ),
    "omniglot-together": Protocol(
        "omniglot-together", "The same, several encoders asked together", SEVERAL, MEASURES,
        lambda quick: [], together,
    ),
    "self-supervised": Protocol(
        "self-supervised", "The same, trained without labels", UNLABELLED, MEASURES, unlearned,
        without_labels,
    ),
}  # fmt: skip
