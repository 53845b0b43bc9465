"""Known characters by unknown writers: what the nearest of the training inks answers.

A protocol here is a number of folds: inks to learn from, which are the corpus as well, and inks
of other writers to ask about. Beside the plain rule, the nearest one in the embedding, stand
others, each in a row of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from learning_runs import Row
from oneshot import OPTIONS, PLAIN, SEED, Method, best_of

from strokesim import Corpus, FeatureSpec, Index, cdist
from strokesim.augmentation import Augmentation
from strokesim.evaluation import Rate, error_rate
from strokesim.ink import Ink
from strokesim.learned import Together
from strokesim.siamese import Encoder, EncoderSettings, TrainingSettings, open_encoder, train

ERROR, UNSEEN = "error", "error, writers that no choice saw"
N_VERSIONS = 8
"""How many variations of an ink are averaged with it, where versions are."""


@dataclass(frozen=True)
class Fold:
    """Inks to learn from and inks to ask about, by other writers."""

    name: str
    known: list[Ink]
    asked: list[Ink]


@dataclass(frozen=True)
class Recipe:
    """What validation writers chose.

    Parameters
    ----------
    spec, shape, settings, augmentation
        What an encoder is trained with.
    dtw : Method
        The best DTW without learning.
    dtw_weight : float
        What its distance is multiplied with before it is added to that of two embeddings.
    radius : int or None
        How far alignments of learned steps may stray.
    n_encoders : int
        How many encoders, of different seeds, are asked together.
    """

    spec: FeatureSpec
    shape: EncoderSettings
    settings: TrainingSettings
    augmentation: Augmentation
    dtw: Method
    dtw_weight: float
    radius: int | None
    n_encoders: int = 1

    def trained(self, inks: Sequence[Ink], folder: Path, seed: int, steps: int | None) -> Encoder:
        """Train on all the inks, or go on, or open what was trained already."""
        torch.set_num_threads(1)
        resume = (folder / "resume.safetensors").exists()
        if (folder / "encoder.json").exists() and not resume:
            return open_encoder(folder)
        settings = replace(self.settings, seed=seed, steps=steps or self.settings.steps)
        return train(
            inks, folder, spec=self.spec, encoder=self.shape, settings=settings, validation=None,
            augment=self.augmentation.augment, resume=resume, threads=1,
        )  # fmt: skip


def labels_of(inks: Sequence[Ink]) -> np.ndarray:
    """Return the labels, an array of str."""
    return np.array([str(ink.label) for ink in inks])


def unlearned_wrong(method: Method, fold: Fold) -> np.ndarray:
    """Return which questions the nearest ink answers wrongly."""
    index = Index(Corpus.from_inks(fold.known, method.spec), method.distance, radius=method.radius)
    found = index.search(fold.asked)
    return np.array(
        [matches[0].label != ink.label for ink, matches in zip(fold.asked, found, strict=True)]
    )


def rates_of(
    wrong: Sequence[np.ndarray], folds: Sequence[Fold], validation: Collection[str]
) -> dict[str, Rate]:
    """Return the error over the questions of all folds, and of writers that no choice saw."""
    mistaken = np.concatenate(wrong)
    writers = np.array([str(ink.writer) for fold in folds for ink in fold.asked])
    unseen = ~np.isin(writers, list(validation))
    rates = {ERROR: error_rate(mistaken, writers, rng=np.random.default_rng(SEED))}
    if not unseen.all():
        rates[UNSEEN] = error_rate(
            mistaken[unseen], writers[unseen], rng=np.random.default_rng(SEED)
        )
    return rates


def tuned_on(fold: Fold, options: Mapping[str, Sequence[object]] = OPTIONS) -> list[Method]:
    """Return Euclidean, DTW and cloud with the features that do best on a validation fold."""
    return [
        best_of(plain, lambda method: float(unlearned_wrong(method, fold).mean()), options)[0]
        for plain in PLAIN
    ]


def unlearned_rows(
    folds: Sequence[Fold], methods: Sequence[Method], validation: Collection[str] = ()
) -> list[Row]:
    """Return what distances without learning do."""
    rows = []
    for method in methods:
        wrong = [unlearned_wrong(method, fold) for fold in folds]
        rows.append(Row(method.title, str(method), rates_of(wrong, folds, validation)))
    return rows


def learned_wrong(encoders: Sequence[Encoder], recipe: Recipe, fold: Fold) -> dict[str, np.ndarray]:
    """Return which questions each rule answers wrongly, the plain one first."""
    dtw, encoder = recipe.dtw, encoders[0]
    known, asked = labels_of(fold.known), labels_of(fold.asked)
    points, queries = (encoder.transform_all(part).values for part in (fold.known, fold.asked))
    distances = cdist(queries[:, np.newaxis], points[:, np.newaxis], distance="euclidean")
    aligned = cdist(
        dtw.spec.transform_all(fold.asked), dtw.spec.transform_all(fold.known),
        distance="dtw", radius=dtw.radius,
    )  # fmt: skip
    steps = encoder.per_step()
    stepwise = Index(
        Corpus.from_inks(fold.known, steps), "dtw", radius=recipe.radius
    ).search(fold.asked)  # fmt: skip
    averaged = cdist(
        _averaged(encoder, recipe, fold.asked), _averaged(encoder, recipe, fold.known),
        distance="euclidean",
    )  # fmt: skip
    centres, names = _centres(points, known)
    answers = {
        "learned": _nearest(distances, known),
        "learned, 5 nearest": majority(distances, known, 5),
        "learned, nearest class mean": _nearest(
            cdist(queries[:, np.newaxis], centres[:, np.newaxis], distance="euclidean"), names
        ),
        f"learned, mean of {N_VERSIONS} variations and the ink": _nearest(averaged, known),
        f"learned + {recipe.dtw_weight:g} dtw, tuned": _nearest(
            distances + recipe.dtw_weight * aligned, known
        ),
        "learned steps, dtw": np.array([matches[0].label for matches in stepwise]),
    }
    if len(encoders) > 1:
        title = f"learned, {len(encoders)} encoders"
        both = Together(encoders)
        all_points, all_queries = (
            both.transform_all(part).values for part in (fold.known, fold.asked)
        )
        together = cdist(
            all_queries[:, np.newaxis], all_points[:, np.newaxis], distance="euclidean"
        )
        answers[title] = _nearest(together, known)
        answers[f"{title}, + {recipe.dtw_weight:g} dtw, tuned"] = _nearest(
            together + recipe.dtw_weight * aligned, known
        )
    return {title: given != asked for title, given in answers.items()}


def _nearest(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    nearest: np.ndarray = labels[distances.argmin(axis=1)]
    return nearest


def majority(distances: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Return the commonest label of the k nearest, of equally common ones that found first."""
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    answers = []
    for row in labels[order].tolist():
        answers.append(max(row, key=row.count))
    return np.array(answers)


def _averaged(encoder: Encoder, recipe: Recipe, inks: Sequence[Ink]) -> np.ndarray:
    """Return the means of the embeddings of inks and variations of them, shape (n, 1, dim)."""
    rng = np.random.default_rng(SEED)
    total = encoder.transform_all(inks).values.copy()
    for _ in range(N_VERSIONS):
        varied = [recipe.augmentation.augment(ink, rng) for ink in inks]
        total += encoder.transform_all(varied).values
    return (total / np.linalg.norm(total, axis=1, keepdims=True))[:, np.newaxis]


def _centres(points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean embedding of each class, of length 1 again, and the classes."""
    names = np.unique(labels)
    centres = np.stack([points[labels == name].mean(axis=0) for name in names])
    return centres / np.linalg.norm(centres, axis=1, keepdims=True), names


def learned_rows(
    folds: Sequence[Fold],
    recipe: Recipe,
    seed: int,
    steps: int | None,
    folder: Path,
    validation: Collection[str] = (),
) -> list[Row]:
    """Train encoders for every fold, on every core one, and return what each rule makes of them."""
    wrong: dict[str, list[np.ndarray]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    count = recipe.n_encoders
    # A process that was forked from one in which torch has threads may wait for ever.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        trained = [
            [
                pool.submit(
                    recipe.trained, fold.known, folder / f"{fold.name}-{number}",
                    count * seed + number, steps,
                )
                for number in range(count)
            ]
            for fold in folds
        ]  # fmt: skip
        for fold, waited in zip(folds, trained, strict=True):
            encoders = [one.result() for one in waited]
            for title, mistaken in learned_wrong(encoders, recipe, fold).items():
                wrong.setdefault(title, []).append(mistaken)
    return [
        Row(title, str(recipe.spec), rates_of(each, folds, validation))
        for title, each in wrong.items()
    ]
