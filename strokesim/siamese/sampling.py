"""Batches of m samples of each of n classes, positives by different writers."""

from __future__ import annotations

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.siamese.examples import NONE, Examples, alphabet_of
from strokesim.siamese.settings import TrainingSettings


class ClassSampler:
    """Draws batches of labelled examples.

    Parameters
    ----------
    examples : Examples
        Classes of one sample are left out: they have no positive pair.
    settings : TrainingSettings
        ``classes_per_batch``, ``samples_per_class``, ``same_alphabet``, ``similar_length``.

    Attributes
    ----------
    classes : ndarray of int64
        The classes that are drawn.
    n_alone : int
        How many classes of one sample were left out.
    n_unlabelled : int
        How many examples have no label.

    Raises
    ------
    ArgumentError
        If fewer than two classes have two samples.
    """

    def __init__(self, examples: Examples, settings: TrainingSettings) -> None:
        self._settings, self._writers = settings, examples.writers
        self.n_unlabelled = int((examples.classes == NONE).sum())
        if self.n_unlabelled == len(examples):
            raise ArgumentError(
                f"none of the {len(examples)} inks has a label; give labelled ink, or "
                "loss='nt-xent', which learns without"
            )
        found, counts = np.unique(examples.classes[examples.classes != NONE], return_counts=True)
        self.classes = found[counts > 1]
        self.n_alone = int((counts == 1).sum())
        if len(self.classes) < 2:
            raise ArgumentError(
                f"{len(self.classes)} of {len(found)} classes have two samples or more; at least "
                "two such classes are needed to learn what is alike and what is not"
            )
        self._members = {int(c): np.flatnonzero(examples.classes == c) for c in self.classes}
        alphabets = [alphabet_of(examples.names[c]) for c in self.classes]
        self._alphabets = np.array(alphabets)
        self._families = np.array([alphabet_of(alphabet) for alphabet in alphabets])
        lengths = examples.sequences.lengths
        self._log_lengths = np.array(
            [np.log(lengths[self._members[int(c)]]).mean() for c in self.classes]
        )

    def batch(self, rng: np.random.Generator) -> np.ndarray:
        """Return the numbers of the examples of a batch, those of a class side by side."""
        return np.concatenate([self._samples(int(c), rng) for c in self._draw_classes(rng)])

    def _draw_classes(self, rng: np.random.Generator) -> np.ndarray:
        count = min(self._settings.classes_per_batch, len(self.classes))
        # The order in which classes are taken until the batch is full.
        order = rng.permutation(len(self.classes))
        if self._settings.similar_length:
            order = order[np.argsort(self._gaps(rng)[order], kind="stable")]
        if rng.random() < self._settings.same_alphabet:
            drawn = rng.integers(len(self.classes))
            other = self._alphabets != self._alphabets[drawn]
            strange = self._families != self._families[drawn]
            order = order[np.argsort((other.astype(int) + strange)[order], kind="stable")]
        return self.classes[order[:count]]

    def _gaps(self, rng: np.random.Generator) -> np.ndarray:
        """Return how unlike in length each class is to one drawn, blurred by a fifth."""
        pivot = self._log_lengths[rng.integers(len(self.classes))]
        return np.abs(self._log_lengths + rng.normal(0, 0.2, len(self.classes)) - pivot)

    def _samples(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Return samples of a class, as many writers among them as there are."""
        members = rng.permutation(self._members[number])
        seen: dict[int, int] = {}
        turns = np.zeros(len(members), np.int64)
        for place, writer in enumerate(self._writers[members]):
            # Ink of unknown writers counts as if each had a writer of its own.
            if writer != NONE:
                turns[place] = seen.get(int(writer), 0)
                seen[int(writer)] = int(turns[place]) + 1
        return members[np.argsort(turns, kind="stable")][: self._settings.samples_per_class]
