"""How well an embedding tells classes apart that it was not trained on, during training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strokesim.distances import cdist
from strokesim.evaluation import equal_error
from strokesim.ragged import Ragged
from strokesim.siamese.examples import Examples


class Score(NamedTuple):
    """What validation found.

    ``one_shot_error`` is the share of wrong answers, between 0 and 1, and ``n_trials`` of how
    many; ``threshold`` is the distance at which as many impostor pairs are accepted as genuine
    pairs are refused, and ``equal_error_rate`` the share of either.
    """

    one_shot_error: float
    n_trials: int
    equal_error_rate: float
    threshold: float


def score(points: Ragged, examples: Examples) -> Score:
    """Compare every writer's samples with one sample per class of every other writer.

    Nothing is drawn at random. Within each alphabet, the first sample of each class by one
    writer is the support, and each sample of these classes by another writer a query; the
    nearest of the support answers. The pairs behind threshold and equal error rate are all of
    these. Where an alphabet was written by one writer only, repetitions stand for writers.

    Parameters
    ----------
    points : Ragged
        Embeddings of the examples, each of shape (1, dim).
    examples : Examples
        All with labels.
    """
    wrong, genuine, impostor = [], [], []
    for alphabet in np.unique(examples.alphabets):
        inside = np.flatnonzero(examples.alphabets == alphabet)
        distances = cdist(points.take(inside), distance="euclidean")
        classes, writers = examples.classes[inside], examples.writers[inside]
        if len(np.unique(writers)) < 2:
            writers = _repetitions(classes)
        for writer in np.unique(writers):
            own = np.flatnonzero(writers == writer)
            support = own[np.unique(classes[own], return_index=True)[1]]
            queries = np.flatnonzero((writers != writer) & np.isin(classes, classes[support]))
            if len(support) < 2 or not len(queries):
                continue
            table = distances[np.ix_(queries, support)]
            same = classes[queries][:, np.newaxis] == classes[support]
            wrong.append(~same[np.arange(len(queries)), table.argmin(1)])
            genuine.append(table[same])
            impostor.append(table[~same])
    if not wrong:
        return Score(float("nan"), 0, float("nan"), float("nan"))
    errors = np.concatenate(wrong)
    pairs = np.concatenate([*genuine, *impostor])
    alike = np.arange(len(pairs)) < sum(map(len, genuine))
    rate, threshold = equal_error(pairs, alike)
    return Score(float(errors.mean()), len(errors), rate, threshold)


def _repetitions(classes: np.ndarray) -> np.ndarray:
    """Return for each sample how many of its class came before it."""
    return np.array([(classes[:i] == c).sum() for i, c in enumerate(classes)])
