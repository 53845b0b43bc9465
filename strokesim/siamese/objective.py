"""One batch of training: which examples, what the tower makes of them, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from strokesim.errors import ArgumentError
from strokesim.siamese.encoders import EncoderSettings, Tower, pad
from strokesim.siamese.examples import NONE, Augment, Examples
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.mining import MINERS, distance_matrix, same_label
from strokesim.siamese.sampling import ClassSampler
from strokesim.siamese.settings import TrainingSettings


class Objective(nn.Module):
    """The tower, the class head where the loss needs one, and the loss of a drawn batch.

    Parameters
    ----------
    examples : Examples
    shape : EncoderSettings
    settings : TrainingSettings
        The seed draws the first weights, from torch's own generator.
    augment : callable or None
        ``augment(ink, rng) -> Ink``.
    threads : int or None
        For features of augmented ink.

    Attributes
    ----------
    indices : list of int
        The examples of the last batch.
    sampler : ClassSampler or None
        None where the loss needs no labels.

    Raises
    ------
    ArgumentError
        If the examples do not hold what the loss needs.
    """

    def __init__(
        self,
        examples: Examples,
        shape: EncoderSettings,
        settings: TrainingSettings,
        augment: Augment | None,
        threads: int | None,
    ) -> None:
        super().__init__()
        self.loss = LOSSES[settings.loss]
        if (self.loss.needs_views or settings.unlabelled_weight) and (
            augment is None or examples.inks is None
        ):
            raise ArgumentError(
                "learning without labels compares two versions of each ink; give ink, not a "
                "corpus, and augment=, which makes them"
            )
        self.sampler = None if self.loss.needs_views else ClassSampler(examples, settings)
        self.indices: list[int] = []
        self._examples, self._settings = examples, settings
        self._augment, self._threads = augment, threads
        self._unlabelled = np.flatnonzero(examples.classes == NONE)
        if settings.unlabelled_weight and len(self._unlabelled) < 2:
            raise ArgumentError(
                f"unlabelled_weight={settings.unlabelled_weight}, and {len(self._unlabelled)} "
                "inks have no label; at least two are needed"
            )
        torch.manual_seed(settings.seed)
        self.tower = Tower(examples.sequences.n_features, shape)
        self.tower.standardise(np.concatenate(list(examples.sequences)))
        self.head = None
        if self.loss.needs_head:
            self.head = nn.Linear(shape.dim, len(examples.names), bias=False)

    def forward(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the batch of a step.

        Each step has chance of its own, so that a resumed run draws what it would have drawn.

        Returns
        -------
        points : Tensor, shape (batch, dim)
        labels : Tensor, shape (batch,)
            Classes, or inks where two versions of each are compared.
        loss : Tensor, shape ()
        """
        rng = np.random.default_rng([self._settings.seed, 1, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        torch.manual_seed(int(rng.integers(2**62)))
        self.indices = []
        options: dict[str, Any] = dict(self._settings.option(step))
        if self.sampler is None:
            points, labels = self._views(np.arange(len(self._examples)), rng)
            return points, labels, self.loss(points, labels, **options)
        chosen = self.sampler.batch(rng)
        points = self._points(chosen, rng)  # (batch, dim)
        labels = torch.from_numpy(self._examples.classes[chosen])  # (batch,)
        if self.head is not None:
            options["weights"] = self.head.weight
        if self._settings.miner != "all" and step >= self._settings.mine_after:
            miner = MINERS[self._settings.miner]
            options["triplets"] = miner(distance_matrix(points.detach()), labels, generator)
        loss = self.loss(points, labels, **options)
        if self._settings.unlabelled_weight:
            views, inks = self._views(self._unlabelled, rng)
            loss = loss + self._settings.unlabelled_weight * LOSSES["nt-xent"](views, inks)
        return points, labels, loss

    def _points(self, chosen: np.ndarray, rng: np.random.Generator) -> Tensor:
        self.indices.extend(chosen.tolist())
        drawn = self._examples.drawn(chosen, self._augment, rng, self._threads)
        points: Tensor = self.tower(*pad(drawn))  # (n_chosen, dim)
        return points

    def _views(self, among: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return the points of two versions each of some inks, and which ink each is of."""
        size = self._settings.classes_per_batch * self._settings.samples_per_class // 2
        chosen = rng.permutation(among)[:size]
        inks = torch.arange(len(chosen)).repeat(2)  # (2 n_inks,)
        return self._points(np.concatenate([chosen, chosen]), rng), inks


def mean_distances(points: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the mean distance within classes, ``same``, and between them, ``different``."""
    distances = distance_matrix(points)  # (batch, batch)
    positive, negative = same_label(labels)
    pairs = {"same": positive, "different": negative}
    return {name: float(distances[of].mean()) for name, of in pairs.items() if of.any()}
