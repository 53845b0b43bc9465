"""One batch of training: which examples, what the tower makes of them, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from strokesim.errors import ArgumentError
from strokesim.siamese.devices import is_mixed
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.encoders import EncoderSettings, Tower, pad
from strokesim.siamese.examples import NONE, Augment, Examples
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.mining import MINERS, distance_matrix, same_label
from strokesim.siamese.processes import Processes
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
    processes : Processes
        Those that share every batch.
    device : torch.device
        Where the tower computes.
    start : Encoder, optional
        Whose weights the tower begins with, means and spreads of features among them.

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
        processes: Processes,
        device: torch.device,
        start: Encoder | None = None,
    ) -> None:
        super().__init__()
        self.loss = LOSSES[settings.loss]
        if (self.loss.needs_views or settings.unlabelled_weight) and (
            augment is None or examples.inks is None
        ):
            raise ArgumentError(
                "learning without labels compares two variations of each ink; give ink, not a "
                "corpus, and augment=, which makes them"
            )
        if self.loss.needs_views and len(examples) < 2:
            raise ArgumentError(
                "one ink alone has nothing to be told apart from; learning without labels needs at "
                "least two inks"
            )
        self.sampler = None if self.loss.needs_views else ClassSampler(examples, settings)
        self.indices: list[int] = []
        self._examples, self._settings = examples, settings
        self._augment, self._threads, self._processes = augment, threads, processes
        self._device, self._mixed = device, is_mixed(settings.precision, device)
        self._unlabelled = np.flatnonzero(examples.classes == NONE)
        if settings.unlabelled_weight and len(self._unlabelled) < 2:
            raise ArgumentError(
                f"unlabelled_weight={settings.unlabelled_weight}, and {len(self._unlabelled)} "
                "inks have no label; at least two are needed"
            )
        torch.manual_seed(settings.seed)
        self.tower = Tower(examples.sequences.n_features, shape)
        if start is None:
            self.tower.standardise(np.concatenate(list(examples.sequences)))
        else:
            self.tower.load_state_dict(start.tower.state_dict())
        self.head = None
        if self.loss.needs_head:
            self.head = nn.Linear(shape.dim, len(examples.names), bias=False)
        # Drawn on the CPU and moved, so that first weights are the same everywhere.
        self.to(device)

    def forward(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the batch of a step.

        Each step has chance of its own, so that a resumed run draws what it would have drawn.
        Of several processes, all draw the same batch and each embeds a share; see
        `strokesim.siamese.processes`.

        Returns
        -------
        points : Tensor, shape (batch, dim)
        labels : Tensor, shape (batch,)
            Classes, or inks where two versions of each are compared.
        loss : Tensor, shape ()
        """
        rng = np.random.default_rng([self._settings.seed, 1, step])
        generator = torch.Generator(self._device).manual_seed(int(rng.integers(2**62)))
        rank = self._processes.rank
        torch.manual_seed(int(rng.integers(2**62)) + rank)
        # What varies ink is drawn for a share; what chooses ink is drawn for all.
        own = rng
        if self._processes.count > 1:
            own = np.random.default_rng([self._settings.seed, 2, step, rank])
        self.indices = []
        options: dict[str, Any] = dict(self._settings.option(step))
        if self.sampler is None:
            points, labels = self._views(np.arange(len(self._examples)), rng, own)
            return points, labels, self.loss(points, labels, **options)
        chosen = self.sampler.batch(rng)
        points = self._points(chosen, own)  # (batch, dim)
        labels = torch.from_numpy(self._examples.classes[chosen]).to(self._device)  # (batch,)
        if self.head is not None:
            options["weights"] = self.head.weight
        # Distances that are no numbers say nothing to a miner; the loss of them stops the training.
        lost = not bool(points.isfinite().all())
        if self._settings.miner != "all" and step >= self._settings.mine_after and not lost:
            miner = MINERS[self._settings.miner]
            options["triplets"] = miner(distance_matrix(points.detach()), labels, generator)
        loss = self.loss(points, labels, **options)
        if self._settings.unlabelled_weight:
            views, inks = self._views(self._unlabelled, rng, own)
            loss = loss + self._settings.unlabelled_weight * LOSSES["nt-xent"](views, inks)
        return points, labels, loss

    def _points(self, chosen: np.ndarray, rng: np.random.Generator) -> Tensor:
        self.indices.extend(chosen.tolist())
        share = self._processes.share(chosen)
        # A process without a share embeds one sequence, and leaves it out again: its gradient
        # is zero then and not missing.
        drawn = self._examples.drawn(
            share if len(share) else chosen[:1], self._augment, rng, self._threads
        )
        steps, mask = (part.to(self._device) for part in pad(drawn))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._mixed):
            points = self.tower(steps, mask)[: len(share)]  # (n_share, dim)
        if self._mixed:
            # Eight bits of mantissa miss the length of 1 by half a percent.
            points = F.normalize(points.float(), dim=1)
        return self._processes.gathered(points, len(chosen))  # (n_chosen, dim)

    def _views(
        self, among: np.ndarray, rng: np.random.Generator, own: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return the points of two versions each of some inks, and which ink each is of."""
        size = self._settings.classes_per_batch * self._settings.samples_per_class // 2
        chosen = rng.permutation(among)[:size]
        inks = torch.arange(len(chosen), device=self._device).repeat(2)  # (2 n_inks,)
        return self._points(np.concatenate([chosen, chosen]), own), inks


def mean_distances(points: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the mean distance within classes, ``same``, and between them, ``different``."""
    distances = distance_matrix(points)  # (batch, batch)
    positive, negative = same_label(labels)
    pairs = {"same": positive, "different": negative}
    return {name: float(distances[of].mean()) for name, of in pairs.items() if of.any()}
