"""Several encoders asked together: their embeddings stand beside each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Self

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.learned.encoder import Encoder, Origin


class Together(Encoder):
    """Encoders of one kind of features, trained with different seeds, as one encoder.

    An embedding is those of all encoders beside each other, divided by the root of their number:
    of length 1 again, and the squared distance of two inks is the mean of what the encoders say.

    Parameters
    ----------
    encoders : iterable of Encoder
        At least one; all of the same spec and patch. Of their origins only the classes are kept:
        thresholds and metrics hold for each alone.

    Raises
    ------
    ArgumentError
        If there is none, something is no encoder, or they read different features.

    Examples
    --------
    >>> from strokesim import open_encoder
    >>> both = Together([open_encoder("default"), open_encoder("default")])
    >>> both.n_features
    128
    """

    def __init__(self, encoders: Iterable[Encoder]) -> None:
        self.encoders = tuple(encoders) if isinstance(encoders, Iterable) else ()
        if not self.encoders or not all(isinstance(each, Encoder) for each in self.encoders):
            raise ArgumentError("Together takes several encoders, such as open_encoder returns")
        first = self.encoders[0]
        for each in self.encoders[1:]:
            if (each.spec, each.n_inputs, each.patch) != (first.spec, first.n_inputs, first.patch):
                raise ArgumentError(
                    f"encoders of different features cannot be asked together: {first} and {each}"
                )
        identities = [each.fingerprint for each in self.encoders]
        known = {label for each in self.encoders for label in each.origin.classes}
        super().__init__(
            title=" + ".join(each.title for each in self.encoders),
            n_inputs=first.n_inputs,
            dim=sum(each.n_features for each in self.encoders),
            patch=first.patch,
            spec=first.spec,
            origin=Origin(classes=tuple(sorted(known))),
            identity=hashlib.sha256(" ".join(identities).encode()).hexdigest(),
        )
        self.at_once = min(each.at_once for each in self.encoders)
        limits = [each.longest for each in self.encoders if each.longest is not None]
        self.longest = min(limits, default=None)

    def points(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """See `Encoder.points`."""
        found = [each.points(steps, lengths) for each in self.encoders]
        beside: np.ndarray = np.concatenate(found, axis=-1)
        return beside / np.float32(np.sqrt(len(found)))

    def per_step(self) -> Self:
        """See `Encoder.per_step`."""
        other = super().per_step()
        other.encoders = tuple(each.per_step() for each in self.encoders)
        return other
