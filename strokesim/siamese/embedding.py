"""An encoder: ink, feature sequences and corpora in; embeddings out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, SpecError
from strokesim.features import EmbeddingSpec, FeatureSpec
from strokesim.ink import Ink
from strokesim.ragged import Ragged
from strokesim.siamese.encoders import Tower, pad

AT_ONCE = 256
"""How many sequences go through the tower together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an encoder learned from, and how well it did.

    Parameters
    ----------
    classes : tuple of str
        The labels it was trained on.
    data : str or None
        Fingerprint of the training data.
    training : dict
        Its `TrainingSettings`, as a dict.
    augmentation : dict or str or None
        Settings of the augmentation, or the name of the function.
    metrics : dict
        What validation found, by name.
    threshold : float or None
        The distance up to which two inks count as of one class: where validation accepted as
        many impostor pairs, in shares, as it refused genuine ones.
    """

    classes: tuple[str, ...] = ()
    data: str | None = None
    training: dict[str, Any] = field(default_factory=dict)
    augmentation: dict[str, Any] | str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    threshold: float | None = None


class Encoder:
    """A learned metric: its distance of two inks is the Euclidean one of their embeddings.

    To everything else an encoder is what turns ink into feature sequences, as a `FeatureSpec`
    is: sequences of one step, the embedding; or, of the encoder that `per_step` returns, one
    step for each step of the features, for DTW to align: ``Corpus.from_inks(inks, encoder)``.
    ``Index(corpus, encoder)`` searches a corpus of features by the learned metric.

    Parameters
    ----------
    tower : Tower
        Copied nowhere and never changed from here on.
    spec : FeatureSpec or None
        What turns ink into the features that the tower reads; None takes no ink.
    origin : Origin, optional
        What it learned from.

    Raises
    ------
    ArgumentError
        If the spec has another number of features than the tower.
    """

    def __init__(
        self,
        tower: Tower,
        spec: FeatureSpec | None,
        origin: Origin | None = None,
        *,
        stepwise: bool = False,
    ) -> None:
        if spec is not None and spec.n_features != tower.n_features:
            raise ArgumentError(
                f"a tower of {tower.n_features} features for a spec of {spec.n_features}: {spec}"
            )
        self.tower, self.spec, self.stepwise = tower.eval(), spec, stepwise
        self.origin = Origin() if origin is None else origin
        total = hashlib.sha256(f"{stepwise} {spec} {tower.settings}".encode())
        for name, values in sorted(tower.state_dict().items()):
            total.update(name.encode() + values.cpu().numpy().tobytes())
        self.fingerprint = total.hexdigest()

    @property
    def n_features(self) -> int:
        """Coordinates of an embedding."""
        return self.tower.settings.dim

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(f"learned{number}" for number in range(self.n_features))

    @property
    def threshold(self) -> float | None:
        """The distance up to which two inks count as of one class; see `Origin`."""
        return self.origin.threshold

    def __eq__(self, other: object) -> bool:
        if isinstance(other, EmbeddingSpec):
            return other.encoder == self.fingerprint
        return isinstance(other, Encoder) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        kind = "per step" if self.stepwise else "one point"
        return (
            f"Encoder({self.tower.settings.network}, {self.n_features} coordinates, {kind}, "
            f"spec={self.spec}, {self.fingerprint[:8]})"
        )

    def per_step(self) -> Encoder:
        """Return the encoder whose sequences have a point of length 1 for every step."""
        return Encoder(self.tower, self.spec, self.origin, stepwise=True)

    def embed(
        self,
        sequences: Ragged | Iterable[object],
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Ragged:
        """Return what the tower makes of feature sequences.

        Neither their order nor what else is among them changes an embedding by more than the
        rounding of float32.

        Parameters
        ----------
        sequences : Ragged or iterable of array_like, each (n_steps, n_features)
            Features of ``spec``.
        progress : callable, optional
            Called with the number of sequences done since the last call.

        Returns
        -------
        Ragged
            Each of shape (1, dim), or (n_steps, dim) per step, in the order given.

        Raises
        ------
        ArgumentError
            If a sequence is no such array.
        """
        given = sequences if isinstance(sequences, Ragged) else Ragged.from_arrays(sequences)
        if not len(given):
            return Ragged(np.empty((0, self.n_features), np.float32), np.zeros(1, np.int64))
        if given.n_features != self.tower.n_features:
            raise ArgumentError(
                f"sequences of {given.n_features} features per step; this encoder reads "
                f"{self.tower.n_features}: {self.spec or 'it was trained on arrays'}"
            )
        offsets = np.arange(len(given) + 1)
        if self.stepwise:
            offsets = np.append(0, np.cumsum(given.lengths))
        values = np.empty((offsets[-1], self.n_features), np.float32)
        # Sequences of about one length share a batch, so that little is computed for padding.
        order = np.argsort(given.lengths, kind="stable")
        for start in range(0, len(order), AT_ONCE):
            chosen = order[start : start + AT_ONCE]
            for index, points in zip(chosen, self._read([given[i] for i in chosen]), strict=True):
                values[offsets[index] : offsets[index + 1]] = points
            if progress is not None:
                progress(len(chosen))
        return Ragged(values, offsets.astype(np.int64))

    def _read(self, sequences: list[np.ndarray]) -> list[np.ndarray]:
        steps, mask = (part.to(self.tower.shift.device) for part in pad(sequences))
        with torch.inference_mode():
            if not self.stepwise:
                return list(self.tower(steps, mask).cpu().numpy())
            points = self.tower.per_step(steps, mask).cpu().numpy()
        return [row[: len(sequence)] for row, sequence in zip(points, sequences, strict=True)]

    def transform(self, ink: Ink) -> np.ndarray:
        """Return the embedding of one ink, float32, shape (1, dim), or (n_steps, dim) per step."""
        return self.transform_all([ink], threads=1)[0]

    def transform_all(
        self,
        inks: Iterable[Ink],
        *,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
        first: int = 0,
    ) -> Ragged:
        """Return the embeddings of many inks, in their order; see `FeatureSpec.transform_all`.

        Raises
        ------
        ArgumentError
            If the encoder was trained on arrays and has no spec, or an ink has no such features.
        """
        if self.spec is None:
            raise ArgumentError(
                "this encoder was trained on arrays and has no FeatureSpec to turn ink with; "
                "give feature arrays to embed"
            )
        features = self.spec.transform_all(inks, threads=threads, first=first)
        return self.embed(features, progress=progress)

    def embed_corpus(
        self, corpus: Corpus, *, progress: Callable[[int], object] | None = None
    ) -> Corpus:
        """Return a corpus in memory with embeddings for features, and this encoder for a spec.

        Parameters
        ----------
        corpus : Corpus
            Made by ``spec``; one that this encoder made already is returned as it is.
        progress : callable, optional
            Called with the number of entries done since the last call.

        Raises
        ------
        SpecError
            If it was made by another spec.
        """
        if corpus.spec == self:
            return corpus
        if corpus.spec != self.spec:
            raise SpecError(
                f"the corpus holds features of {corpus.spec}, this encoder reads {self.spec}; "
                "build the corpus with the spec of the encoder"
            )
        embedded = Corpus.from_arrays(
            self.embed(corpus.sequences, progress=progress),
            labels=corpus.labels,
            writers=corpus.writers,
            ids=corpus.ids,
            sources=corpus.sources,
        )
        embedded.spec = cast(FeatureSpec, self)
        return embedded

    def to_dict(self) -> dict[str, Any]:
        """Return what a corpus of embeddings stores of its encoder; see `EmbeddingSpec`."""
        return EmbeddingSpec(self.fingerprint, self.n_features).to_dict()
