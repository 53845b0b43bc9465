"""How an encoder is trained: settings that a checkpoint can store."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from strokesim.amounts import shown
from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.siamese.checking import REAL, check_name, number, whole_number
from strokesim.siamese.devices import PRECISIONS
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.mining import MINERS

HOLD_BACK = ("classes", "writers")
"""What validation data must not share with training data, as the user may choose."""

Scheduled = float | tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How an encoder is trained.

    Parameters
    ----------
    loss : str
        A name in `LOSSES`.
    margin, temperature : float or (float, float), optional
        Above 0; two numbers move evenly from the first to the second over the training. None
        takes the default of the loss. Only one of them means anything to a loss.
    miner : str
        A name in `MINERS`, for losses of pairs and triplets.
    mine_after : int
        Steps in which all triplets count before the miner chooses.
    classes_per_batch, samples_per_class : int
        n and m: a batch is at most m samples of each of n classes.
    same_alphabet : float
        Share of the batches that are filled from one alphabet, then from those turned as it is,
        then from others. The alphabet of ``Greek/alpha`` is ``Greek``, that of
        ``mirrored/Greek/alpha`` is ``mirrored/Greek``, which is turned as ``mirrored/Latin`` is.
    similar_length : bool
        Draw classes of about the same number of steps for a batch, so that little is padded.
    unlabelled_weight : float
        What the NT-Xent loss on ink without labels is multiplied with before it is added to the
        loss on labelled ink. 0 leaves unlabelled ink out.
    steps : int
        How many batches.
    learning_rate, weight_decay : float
        Of AdamW; the rate is its peak.
    warm_up : int
        Steps in which the learning rate grows to its peak; from there it falls as half a cosine
        to a hundredth of it.
    clip : float
        Largest norm of a gradient; inf never clips.
    hold_back : {"classes", "writers"}
        What makes the validation data that are held back: classes that training never sees,
        written by writers that it never sees; or writers alone, where the classes are always
        the same.
    evaluate_every : int
        Steps between looks at the validation data.
    patience : int
        Looks one after another without improvement after which training stops.
    checkpoint_every : int
        Steps between checkpoints.
    seed : int
        Decides everything that is random.
    precision : {"auto", "bfloat16", "float32"}
        What the tower multiplies in. "auto" is bfloat16 on a GPU that has it, where that is
        faster, and float32 elsewhere; weights and losses are always float32.
    collapse_below : float
        Training stops when the mean distance between samples of different classes stays
        below this for 50 steps; embeddings are at most 2 apart. 0 never stops.

    Raises
    ------
    ArgumentError
        If a number is out of its range, or two settings contradict each other.
    UnknownNameError
        If there is no such loss or miner.
    """

    loss: str = "supervised-contrastive"
    margin: Scheduled | None = None
    temperature: Scheduled | None = None
    miner: str = "all"
    mine_after: int = 100
    classes_per_batch: int = 64
    samples_per_class: int = 4
    same_alphabet: float = 1.0
    similar_length: bool = False
    unlabelled_weight: float = 0.0
    steps: int = 1000
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warm_up: int = 50
    clip: float = 1.0
    hold_back: str = "classes"
    evaluate_every: int = 100
    patience: int = 5
    checkpoint_every: int = 100
    seed: int = 0
    precision: str = "auto"
    collapse_below: float = 0.01

    def __post_init__(self) -> None:
        choices: list[tuple[str, str, Collection[str]]] = [
            ("loss", self.loss, LOSSES),
            ("miner", self.miner, MINERS),
            ("part to hold back", self.hold_back, HOLD_BACK),
            ("precision", self.precision, PRECISIONS),
        ]
        for kind, name, known in choices:
            check_name(kind, name, known)
        loss = LOSSES[self.loss]
        for name in ("margin", "temperature"):
            given = getattr(self, name)
            if given is None:
                continue
            if getattr(loss, name) is None:
                raise ArgumentError(
                    f"{name}={shown(given)} means nothing to the loss {self.loss!r}"
                )
            object.__setattr__(self, name, _check_scheduled(name, given))
        if self.miner != "all" and not loss.takes_triplets:
            takers = ", ".join(name for name, other in LOSSES.items() if other.takes_triplets)
            raise ArgumentError(
                f"miner={self.miner!r} chooses triplets, and the loss {self.loss!r} looks at whole "
                f"batches; losses that take triplets: {takers}"
            )
        for name, (least, most) in _WHOLE.items():
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least, most))
        for name, (low, high) in _RANGES.items():
            object.__setattr__(self, name, number(name, getattr(self, name), low, high))
        if not isinstance(self.similar_length, bool):
            raise ArgumentError(f"similar_length={shown(self.similar_length)}; use True or False")
        if not self.clip > 0 or not self.learning_rate > 0:
            raise ArgumentError(
                f"learning_rate={self.learning_rate}, clip={self.clip}; both are above 0"
            )

    def option(self, step: int) -> dict[str, float]:
        """Return the margin or the temperature of a step, by name."""
        options = {}
        for name, usual in LOSSES[self.loss].defaults.items():
            given = getattr(self, name)
            value = usual if given is None else given
            if isinstance(value, tuple):
                share = min(step / max(self.steps - 1, 1), 1.0)
                value = value[0] + share * (value[1] - value[0])
            options[name] = value
        return options

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        share = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
        return self.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)

    def to_dict(self) -> dict[str, Any]:
        """Return a dict of what JSON can hold, from which `from_dict` makes the same."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> TrainingSettings:
        """Return the settings that `to_dict` wrote.

        Raises
        ------
        ArgumentError
            If there are other keys, or values that mean nothing.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(stored) - known):
            raise UnknownNameError("training setting", unknown[0], known)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
        return cls(**values)


MOST = 10**9
"""Of steps and samples: more than any training takes."""

_WHOLE = {
    "mine_after": (0, MOST),
    "classes_per_batch": (2, MOST),
    "samples_per_class": (2, MOST),
    "steps": (1, MOST),
    "warm_up": (0, MOST),
    "evaluate_every": (1, MOST),
    "patience": (1, MOST),
    "checkpoint_every": (1, MOST),
    "seed": (0, 2**63 - 1),
}
_RANGES = {
    "same_alphabet": (0, 1),
    "unlabelled_weight": (0, 1e6),
    "learning_rate": (0, 1e3),
    "weight_decay": (0, 1e3),
    "clip": (0, math.inf),
    "collapse_below": (0, 2),
}


def _check_scheduled(name: str, given: object) -> Scheduled:
    ends = given if isinstance(given, (tuple, list)) else (given,)
    numbers = [end for end in ends if isinstance(end, REAL) and not isinstance(end, bool)]
    if len(numbers) != len(ends) or len(ends) not in (1, 2):
        raise ArgumentError(
            f"{name}={shown(given)}; give a number, or the first and the last of two"
        )
    if not all(0 < number <= _LARGEST for number in numbers):
        why = " (a margin of 0 keeps nothing apart)" if name == "margin" else ""
        raise ArgumentError(f"{name}={shown(given)}; use numbers above 0, at most 1e6{why}")
    return float(numbers[0]) if len(numbers) == 1 else (float(numbers[0]), float(numbers[1]))


_LARGEST = 1e6
"""Of margins and temperatures; embeddings are at most 2 apart."""
