"""Chance comes in as a numpy Generator, and as nothing else."""

from __future__ import annotations

import numpy as np

from strokesim.errors import ArgumentError


def check_generator(rng: object) -> None:
    """Refuse what is not a numpy Generator.

    Raises
    ------
    ArgumentError
        If it is a seed, a RandomState, None or anything else.
    """
    if not isinstance(rng, np.random.Generator):
        raise ArgumentError(
            f"rng is {rng!r}; needed: a numpy.random.Generator, as numpy.random.default_rng(7)"
        )
