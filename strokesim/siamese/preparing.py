"""From what a caller gives to what is trained on and what is validated on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import numpy as np

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.siamese.checking import REAL, check_kinds
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.examples import NONE, Examples, examples_of, hold_back
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.settings import TrainingSettings
from strokesim.siamese.starting import check_spec


def prepared(
    data: Corpus | Iterable[Ink],
    spec: FeatureSpec | None,
    start: Encoder | None,
    validation: float | Corpus | Iterable[Ink] | None,
    expand: Callable[[list[Ink]], Iterable[Ink]] | None,
    settings: TrainingSettings,
    threads: int | None,
) -> tuple[Examples, Examples | None]:
    """Return what to train on and what to validate on, if anything; see `train`.

    Raises
    ------
    ArgumentError
        If there is nothing to learn from, or training and validation share ink or writers.
    SpecError
        If features are not those of the corpus, or those that the start reads.
    """
    check_kinds({"spec": (spec, FeatureSpec | None, "a FeatureSpec; FeatureSpec.parse makes one")})
    if start is not None:
        own = data.spec if isinstance(data, Corpus) else start.spec
        for asked in (start.spec if spec is None else spec, own):
            check_spec(start, asked)
        spec = start.spec
    examples = examples_of(data, spec, threads=threads)
    if start is not None:
        check_spec(start, examples.spec, examples.sequences.n_features)
    examples, held = _divided(examples, validation, settings, threads)
    if expand is not None:
        if examples.inks is None:
            raise ArgumentError("a corpus of features cannot be expanded; give ink")
        expanded = expand(list(examples.inks))
        examples = examples_of(expanded, examples.spec, threads=threads, name="what expand returns")
    return examples, held


def _divided(
    examples: Examples,
    validation: float | Corpus | Iterable[Ink] | None,
    settings: TrainingSettings,
    threads: int | None,
) -> tuple[Examples, Examples | None]:
    """Return what to train on and what to validate on, if anything."""
    labelled = (examples.classes != NONE).any()
    if validation is None or (not labelled and LOSSES[settings.loss].needs_views):
        return examples, None
    if isinstance(validation, REAL):
        if not labelled:
            return examples, None
        rng = np.random.default_rng([settings.seed, 0])
        chosen, kept = hold_back(examples, validation, rng, by=settings.hold_back)
        return examples.take(chosen), examples.take(kept)
    held = examples_of(validation, examples.spec, threads=threads, name="validation")
    held = held.take(np.flatnonzero(held.classes != NONE))
    _check_apart(examples, held)
    return examples, held


def _check_apart(examples: Examples, held: Examples) -> None:
    """Refuse validation by writers that training knows, or, of unknown writers, on its ink."""
    if shared := sorted(set(held.writer_names) & set(examples.writer_names)):
        raise ArgumentError(
            f"writer {shared[0]!r} is in the training and in the validation data; validation "
            "by writers that training knows promises too much"
        )
    if NONE not in held.writers and NONE not in examples.writers:
        return
    both = examples.inks is not None and held.inks is not None
    trained = {_content(examples, number, both): number for number in range(len(examples))}
    for number in range(len(held)):
        other = trained.get(_content(held, number, both))
        if other is not None and NONE in (held.writers[number], examples.writers[other]):
            raise ArgumentError(
                f"{held.ids[number]!r} of the validation data is {examples.ids[other]!r} of the "
                "training data, and no writer is named that tells them apart; leave it out of one "
                "of them"
            )


def _content(examples: Examples, number: int, as_ink: bool) -> bytes:
    """Return a checksum of one ink and its label, or of its features where there is no ink."""
    parts = [examples.sequences[number]]
    if as_ink and examples.inks is not None:
        parts = [stroke.samples for stroke in examples.inks[number].strokes]
    label = examples.classes[number]
    total = hashlib.sha256(("" if label == NONE else examples.names[label]).encode())
    for part in parts:
        total.update(f"\0{part.shape}\0".encode() + np.ascontiguousarray(part).tobytes())
    return total.digest()
