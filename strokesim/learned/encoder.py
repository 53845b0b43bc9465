"""An encoder, whatever runs it: ink, feature sequences and corpora in; embeddings out."""

from __future__ import annotations

import copy
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

import numpy as np

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, SpecError
from strokesim.features import EmbeddingSpec, FeatureSpec
from strokesim.features.embedded import PER_STEP
from strokesim.ink import Ink
from strokesim.ragged import Ragged

_PATCHES = 2**14
"""Patches that are read together at most, padding included."""

_PAIRS = 2**22
"""Pairs of patches that attention compares at a time at most."""

_NO_MEMORY = ("out of memory", "allocate memory", "enough memory", "bad_alloc", "allocateraw")


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
    card : str
        What people should know before they use it, as Markdown; may be empty.
    """

    classes: tuple[str, ...] = ()
    data: str | None = None
    training: dict[str, Any] = field(default_factory=dict)
    augmentation: dict[str, Any] | str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    threshold: float | None = None
    card: str = ""


def identity_of(
    spec: FeatureSpec | None, settings: Mapping[str, Any], weights: Mapping[str, np.ndarray]
) -> str:
    """Return a checksum of all that decides what an encoder makes of ink."""
    # Encoders of version 1, which had no patches, keep their checksums.
    told = {name: value for name, value in settings.items() if (name, value) != ("patch", 1)}
    facts = [None if spec is None else spec.to_dict(), told]
    total = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, values in sorted(weights.items()):
        total.update(name.encode() + np.ascontiguousarray(values).tobytes())
    return total.hexdigest()


def padded(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put sequences of unequal length into one array.

    Parameters
    ----------
    sequences : sequence of ndarray, each (n_steps, n_features), float32
        At least one, at least one step each.

    Returns
    -------
    steps : ndarray of float32, shape (n_sequences, longest, n_features)
        Zero behind the end of a sequence.
    lengths : ndarray of int32, shape (n_sequences,)
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int32)
    steps = np.zeros((len(sequences), lengths.max(), sequences[0].shape[1]), np.float32)
    for row, sequence in zip(steps, sequences, strict=True):
        row[: len(sequence)] = sequence
    return steps, lengths


def _ragged(sequences: Ragged | Iterable[object]) -> Ragged:
    if isinstance(sequences, Ragged):
        return sequences
    if isinstance(sequences, np.ndarray) and sequences.ndim in (1, 2):
        raise ArgumentError(
            f"one sequence of shape {sequences.shape} was given where many are needed; use [it]"
        )
    if isinstance(sequences, (str, bytes, Mapping)) or not isinstance(sequences, Iterable):
        raise ArgumentError(f"a {type(sequences).__name__} where feature sequences are needed")
    given = list(sequences)
    if any(isinstance(one, Ink) for one in given):
        raise ArgumentError("ink where feature sequences are needed; use transform_all(inks)")
    return Ragged.from_arrays(given)


class Encoder(ABC):
    """A learned metric: its distance of two inks is the Euclidean one of their embeddings.

    To everything else an encoder is what turns ink into feature sequences, as a `FeatureSpec`
    is: sequences of one step, the embedding; or, of the encoder that `per_step` returns, one
    step for each patch of the features, for DTW to align: ``Corpus.from_inks(inks, encoder)``.
    ``Index(corpus, encoder)`` searches a corpus of features by the learned metric.

    Parameters
    ----------
    title : str
        What runs it.
    n_inputs : int
        Features per step that it reads.
    dim : int
        Coordinates of an embedding.
    patch : int
        Steps that it takes as one.
    spec : FeatureSpec or None
        What turns ink into these features; None takes no ink.
    origin : Origin
        What it learned from.
    identity : str
        Equal for encoders that make the same of ink, up to rounding; see `identity_of`.

    Raises
    ------
    ArgumentError
        If the spec has another number of features.
    """

    at_once = 256
    """How many sequences are read together at most."""

    longest: int | None = None
    """How many patches the network can take in memory; None for any number."""

    def __init__(
        self,
        *,
        title: str,
        n_inputs: int,
        dim: int,
        patch: int,
        spec: FeatureSpec | None,
        origin: Origin,
        identity: str,
    ) -> None:
        if spec is not None and spec.n_features != n_inputs:
            raise ArgumentError(
                f"a tower of {n_inputs} features for a spec of {spec.n_features}: {spec}"
            )
        self.title, self.n_inputs, self.n_features = title, n_inputs, dim
        self.patch, self.spec, self.origin = patch, spec, origin
        self._identity, self.stepwise = identity, False

    @abstractmethod
    def points(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what the network makes of a padded batch; checks nothing.

        Parameters
        ----------
        steps : ndarray of float32, shape (batch, longest, n_inputs)
        lengths : ndarray of int32, shape (batch,)

        Returns
        -------
        ndarray of float32, shape (batch, dim), or (batch, ceil(longest / patch), dim) per step
        """

    def check_runs(self) -> None:
        """Embed two small sequences, so that what does not fit together shows at once.

        Raises
        ------
        ValueError
            If what comes out has another shape, or is no number.
        """
        for encoder in (self, self.per_step()):
            steps = np.zeros((2, 3, self.n_inputs), np.float32)
            steps[1] = 1
            found = encoder.points(steps, np.array([3, 2], np.int32))
            n_patches = (-(-3 // self.patch),) if encoder.stepwise else ()
            if found.shape != (2, *n_patches, self.n_features) or found.dtype != np.float32:
                raise ValueError(
                    f"embeddings of shape {found.shape} of {found.dtype}, not of "
                    f"{self.n_features} coordinates"
                )
            # Behind the end of a sequence a patch means nothing.
            if not np.isfinite(found[:, 0] if encoder.stepwise else found).all():
                raise ValueError("embeddings that are no numbers; its weights are damaged")

    @property
    def fingerprint(self) -> str:
        """Equal for encoders that make the same of ink, up to rounding."""
        return f"{self._identity}{PER_STEP if self.stepwise else ''}"

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
            f"Encoder({self.title}, {self.n_features} coordinates, {kind}, "
            f"spec={self.spec}, {self._identity[:8]})"
        )

    def per_step(self) -> Self:
        """Return the encoder whose sequences have a point of length 1 for every patch of steps."""
        other = copy.copy(self)
        other.stepwise = True
        return other

    def embed(
        self,
        sequences: Ragged | Iterable[object],
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Ragged:
        """Return what the network makes of feature sequences.

        Neither their order nor what else is among them changes an embedding by more than the
        rounding of float32. Long sequences are read few at a time, so that memory does not grow
        with their number.

        Parameters
        ----------
        sequences : Ragged or iterable of array_like, each (n_steps, n_features)
            Features of ``spec``.
        progress : callable, optional
            Called with the number of sequences done since the last call.

        Returns
        -------
        Ragged
            Each of shape (1, dim), or (ceil(n_steps / patch), dim) per step, in the order given.

        Raises
        ------
        ArgumentError
            If a sequence is no such array, so long that memory runs out, or of features so
            large that its embedding is no number.
        """
        given = _ragged(sequences)
        if not len(given):
            return Ragged(np.empty((0, self.n_features), np.float32), np.zeros(1, np.int64))
        if given.n_features != self.n_inputs:
            raise ArgumentError(
                f"sequences of {given.n_features} features per step; this encoder reads "
                f"{self.n_inputs}: {self.spec or 'it was trained on arrays'}"
            )
        # ceil(length / patch), and 1 where a whole sequence gives one point.
        counts = -(-given.lengths // self.patch) if self.stepwise else np.ones(len(given), int)
        offsets = np.append(0, np.cumsum(counts))
        values = np.empty((offsets[-1], self.n_features), np.float32)
        # Sequences of about one length share a batch, so that little is computed for padding.
        order = np.argsort(given.lengths, kind="stable")
        for chosen in self._batches(order, -(-given.lengths[order] // self.patch)):
            found = self._points_of(given, chosen)
            for index, row in zip(chosen, found, strict=True):
                own = row[: counts[index]] if self.stepwise else row
                if not np.isfinite(own).all():
                    raise ArgumentError(
                        f"the embedding of sequence {index} is no number: its features or the "
                        "weights of the encoder are too large for float32"
                    )
                values[offsets[index] : offsets[index + 1]] = own
            if progress is not None:
                progress(len(chosen))
        return Ragged(values, offsets.astype(np.int64))

    def _batches(self, order: np.ndarray, n_patches: np.ndarray) -> Iterator[np.ndarray]:
        """Yield sequences that are read together, given in the order of their lengths."""
        start = 0
        while start < len(order):
            n = n_patches[start : start + self.at_once].astype(np.int64)
            # Attention compares every patch with every other one of its sequence.
            fits = (np.arange(1, len(n) + 1) * n <= _PATCHES) & (
                np.arange(1, len(n) + 1) * n**2 <= _PAIRS
            )
            count = max(1, int(fits.sum()))
            yield order[start : start + count]
            start += count

    def _points_of(self, given: Ragged, chosen: np.ndarray) -> np.ndarray:
        index = int(chosen[-1])
        n_steps = int(given.lengths[index])
        said = f"sequence {index} has {n_steps:,} steps"
        if self.longest is not None and n_steps > self.longest * self.patch:
            raise ArgumentError(
                f"{said}; {self.title} by ONNX Runtime takes {self.longest * self.patch:,} at "
                "most, since it holds every patch beside every other one: use fewer steps, or "
                "open the folder that it was exported from, which reads any number"
            )
        try:
            return self.points(*padded([given[number] for number in chosen]))
        except Exception as error:
            words = str(error).lower()
            if isinstance(error, MemoryError) or any(phrase in words for phrase in _NO_MEMORY):
                raise ArgumentError(f"{said}, and memory ran out; use fewer steps") from error
            raise

    def transform(self, ink: Ink) -> np.ndarray:
        """Return the embedding of one ink, shape (1, dim), or (n_patches, dim) per step."""
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
            If the encoder was trained on arrays and has no spec, these are no inks, or one has no
            such features or so many that memory runs out.
        """
        if self.spec is None:
            raise ArgumentError(
                "this encoder was trained on arrays and has no FeatureSpec to turn ink with; "
                "give feature arrays to embed"
            )
        if not isinstance(inks, (Ink, Iterable)):
            raise ArgumentError(f"a {type(inks).__name__} where inks are needed")
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
        ArgumentError
            If it is no corpus.
        SpecError
            If it was made by another spec.
        """
        if not isinstance(corpus, Corpus):
            raise ArgumentError(
                f"a {type(corpus).__name__} is no Corpus; embed takes arrays, transform_all inks"
            )
        if corpus.spec == self:
            return corpus
        if corpus.spec != self.spec:
            raise SpecError(
                f"the corpus holds features of {corpus.spec}, this encoder reads {self.spec}; "
                "build the corpus with the spec of the encoder (`strokesim corpus build --model`)"
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
