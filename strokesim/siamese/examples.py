"""What training learns from: inks or feature sequences, with numbers for classes and writers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from strokesim.amounts import shown
from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, SpecError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.ragged import Ragged

Augment = Callable[[Ink, np.random.Generator], Ink]

SPEC = FeatureSpec.parse("x,y,cos2,sin2,cos,sin,pen_up;steps=64")
"""What ink is learned from where nothing else is asked for."""

NONE = -1
"""The class of ink without a label, the writer of ink whose writer is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Sequences to learn from.

    Parameters
    ----------
    sequences : Ragged
        Features of the ink as it was written.
    classes : ndarray of int64, shape (n,)
        Numbers of labels, `NONE` where there is no label.
    writers : ndarray of int64, shape (n,)
        Numbers of writers, `NONE` where the writer is not known.
    alphabets : ndarray of int64, shape (n,)
        Numbers of what stands before the last slash of the label; 0 for labels without one.
    names : tuple of str
        The labels, sorted; class c is ``names[c]``.
    writer_names : tuple of str
        The writers, sorted.
    ids : tuple of str
        What errors call each.
    inks : tuple of Ink or None
        None where the data came as features.
    spec : FeatureSpec or None
        What turned ink into the features.
    """

    sequences: Ragged
    classes: np.ndarray
    writers: np.ndarray
    alphabets: np.ndarray
    names: tuple[str, ...]
    writer_names: tuple[str, ...]
    ids: tuple[str, ...]
    inks: tuple[Ink, ...] | None
    spec: FeatureSpec | None

    def __len__(self) -> int:
        return len(self.classes)

    def take(self, indices: np.ndarray) -> Examples:
        """Return some of them; numbers keep their meaning."""
        chosen = [int(index) for index in indices]
        return replace(
            self,
            sequences=self.sequences.take(np.asarray(chosen, np.int64)),
            classes=self.classes[chosen],
            writers=self.writers[chosen],
            alphabets=self.alphabets[chosen],
            ids=tuple(self.ids[index] for index in chosen),
            inks=None if self.inks is None else tuple(self.inks[index] for index in chosen),
        )

    def drawn(
        self,
        indices: Sequence[int] | np.ndarray,
        augment: Augment | None,
        rng: np.random.Generator,
        threads: int | None,
    ) -> list[np.ndarray]:
        """Return feature sequences for a batch, of augmented ink where there is a hook for it."""
        if augment is None or self.inks is None or self.spec is None:
            return [self.sequences[int(index)] for index in indices]
        varied = [augment(self.inks[int(index)], rng) for index in indices]
        return list(self.spec.transform_all(varied, threads=threads))

    def fingerprint(self) -> str:
        """Return a checksum of features, labels and writers, in their order."""
        total = hashlib.sha256()
        for array in (self.sequences.lengths, self.classes, self.writers):
            total.update(np.ascontiguousarray(array, np.int64).tobytes())
        for sequence in self.sequences:
            total.update(np.ascontiguousarray(sequence, np.float32).tobytes())
        total.update("\0".join([*self.names, "", *self.writer_names]).encode())
        return total.hexdigest()


def examples_of(
    data: Corpus | Iterable[Ink],
    spec: FeatureSpec | None,
    *,
    threads: int | None = None,
    name: str = "data",
) -> Examples:
    """Compute features of inks, or take those of a corpus, and number labels and writers.

    Parameters
    ----------
    data : Corpus or iterable of Ink
    spec : FeatureSpec or None
        What turns ink into features, None as `SPEC` does; for a corpus, None or its own.
    threads : int, optional
        None means every core.
    name : str
        What errors call the data.

    Raises
    ------
    ArgumentError
        If there is nothing, an item is no ink, or an ink has no such features.
    SpecError
        If the corpus was made by another spec.
    """
    if isinstance(data, Corpus):
        if spec not in (None, data.spec):
            raise SpecError(f"the corpus holds features of {data.spec}; {spec} was asked for")
        if not isinstance(data.spec, FeatureSpec | None):
            raise ArgumentError(f"{name}: a corpus of {data.spec}; give one of features, or ink")
        corpus, inks = data, None
    else:
        inks = inks_of(data, name)
        corpus = Corpus.from_inks(inks, spec or SPEC, threads=threads)
    if not len(corpus):
        what = " to learn from" if name == "data" else f" in {name}"
        raise ArgumentError(f"there is no ink{what}; at least two of each class are needed")
    names, classes = _numbered(corpus.labels)
    writer_names, writers = _numbered(corpus.writers)
    _, alphabets = _numbered([alphabet_of(label or "") for label in corpus.labels])
    ids = tuple(given or f"ink {number}" for number, given in enumerate(corpus.ids))
    return Examples(
        corpus.sequences, classes, writers, alphabets, names, writer_names, ids, inks, corpus.spec
    )


def inks_of(data: object, name: str) -> tuple[Ink, ...]:
    """Return inks, each checked to be one; ``name`` is what errors call them.

    Raises
    ------
    ArgumentError
    """
    if isinstance(data, (str, bytes, os.PathLike)):
        raise ArgumentError(f"{name}: {data!r} is a path; strokesim.read_inks reads it")
    try:
        inks = iter(data)  # type: ignore[call-overload]
    except TypeError:
        raise ArgumentError(f"{name}: {shown(data)}; needed: a Corpus or inks") from None
    found = tuple(inks)
    for number, ink in enumerate(found):
        if not isinstance(ink, Ink):
            raise ArgumentError(f"{name}: item {number}, {shown(ink)}, is no ink; needed: Ink")
    return found


def _numbered(texts: Iterable[str | None]) -> tuple[tuple[str, ...], np.ndarray]:
    texts = list(texts)
    names = tuple(sorted({text for text in texts if text is not None}))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([NONE if text is None else numbers[text] for text in texts], np.int64)


def alphabet_of(label: str) -> str:
    """Return what stands before the last slash of a label: "Greek" of "Greek/alpha"."""
    return label.rpartition("/")[0]


def hold_back(
    examples: Examples, share: float, rng: np.random.Generator, *, by: str
) -> tuple[np.ndarray, np.ndarray]:
    """Divide labelled examples into those to train on and those to validate on.

    With ``by="classes"``, whole alphabets are held back where there are three or more, else
    single classes; and where writers of these have written others as well, some of the
    writers too, so that validation shares neither class nor writer with training. What is of a
    held-back class by a remaining writer, or the other way round, is left out of both. With
    ``by="writers"``, writers alone are held back.

    Parameters
    ----------
    examples : Examples
        Those without label go to the training part.
    share : float
        Of the alphabets, classes or writers to hold back, between 0 and 1; at least one
        alphabet, two classes, two writers where there are two.
    rng : numpy.random.Generator
        Draws them.
    by : {"classes", "writers"}

    Returns
    -------
    training, validation : ndarray of int64
        Numbers of examples.

    Raises
    ------
    ArgumentError
        If the share is not between 0 and 1, or fewer than two classes or one writer remain.
    """
    if not 0 < share < 1:
        raise ArgumentError(
            f"validation={shown(share)}; use a share between 0 and 1, data, or None"
        )
    classes, writers = examples.classes, examples.writers
    labelled = classes != NONE
    known = np.unique(writers[labelled & (writers != NONE)])
    if by == "classes":
        alphabets = np.unique(examples.alphabets[labelled])
        if len(alphabets) >= 3:
            held = np.isin(examples.alphabets, _some(alphabets, share, 1, rng)) & labelled
        else:
            held = np.isin(classes, _some(np.unique(classes[labelled]), share, 2, rng))
        shared = np.intersect1d(writers[held], writers[labelled & ~held])
        shared = shared[shared != NONE]
        apart = _some(shared, share, 2, rng)
        stays = np.setdiff1d(shared, apart)
        validation = held & ~np.isin(writers, stays)
        training = ~held & ~np.isin(writers, apart)
    else:
        apart = _some(known, share, 1, rng)
        validation = np.isin(writers, apart) & labelled
        training = ~np.isin(writers, apart)
    for part, name in [(training & labelled, "to train on"), (validation, "held back")]:
        if len(np.unique(classes[part])) >= 2:
            continue
        if by == "writers" or 0 < len(known) < 4:
            raise ArgumentError(
                f"known writers of labelled ink: {len(known)}, too few to hold some of them back "
                "for validation; give ink by others as validation data, or train on all of it "
                "with validation=None"
            )
        raise ArgumentError(
            f"fewer than two classes remain {name} when {share:g} of the {by} are held back for "
            "validation; give more data, validation data of your own, or validation=None"
        )
    return np.flatnonzero(training), np.flatnonzero(validation)


def _some(values: np.ndarray, share: float, least: int, rng: np.random.Generator) -> np.ndarray:
    count = min(max(least, round(share * len(values))), len(values))
    return rng.permutation(values)[:count]
