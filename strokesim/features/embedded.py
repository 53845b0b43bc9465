"""What a corpus of embeddings knows of the encoder that made them: which one it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from strokesim.errors import ArgumentError, SpecError
from strokesim.features.spec import FeatureSpec

PER_STEP = "/step"
"""How the fingerprint of an encoder that is per step ends."""


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """Stands for an encoder where a `FeatureSpec` stands for features.

    It equals the encoder whose ``fingerprint`` it holds, and cannot turn ink into anything:
    weights are no setting, and stay in the folder of the encoder.

    Parameters
    ----------
    encoder : str
        Fingerprint of the encoder.
    dim : int
        Coordinates of an embedding.

    Raises
    ------
    ArgumentError
        If the fingerprint is no text, or the number is below 1.
    """

    encoder: str
    dim: int

    def __post_init__(self) -> None:
        if not isinstance(self.encoder, str) or not isinstance(self.dim, int) or self.dim < 1:
            raise ArgumentError(
                f"encoder={self.encoder!r}, dim={self.dim!r}; needed: a fingerprint and a number"
            )

    def __hash__(self) -> int:
        return hash(self.encoder)

    def __str__(self) -> str:
        return f"embeddings by encoder {self.encoder[:8]}"

    @property
    def is_per_step(self) -> bool:
        """Whether there is a point for every patch of steps, and not one per ink."""
        return self.encoder.endswith(PER_STEP)

    @property
    def n_features(self) -> int:
        """Coordinates of an embedding, under the name they have in a `FeatureSpec`."""
        return self.dim

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(f"learned{number}" for number in range(self.dim))

    def transform_all(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse ink.

        Raises
        ------
        SpecError
            Always.
        """
        raise SpecError(
            f"the corpus holds {self}, and ink needs that encoder to become one; search it with "
            "Index(corpus, encoder), or match --model"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a dict of what JSON can hold, from which `spec_from_dict` makes the same."""
        return asdict(self)


def spec_from_dict(stored: Mapping[str, Any]) -> FeatureSpec | EmbeddingSpec:
    """Return what ``to_dict`` of either kind of spec wrote.

    Raises
    ------
    ArgumentError
        If it is of another version, or keys are unknown or missing.
    """
    if isinstance(stored, Mapping) and set(stored) == {"encoder", "dim"}:
        return EmbeddingSpec(**stored)
    return FeatureSpec.from_dict(stored)
