"""A pen that does what its plan says, and every plan there is."""

import numpy as np

from strokesim.synthesis import LABELS, Movement, Writer, plans_of

EXACT = Writer(
    x_height=2.5, ascender=1, descender=1, capital=1, digit=1, slant=0,
    own_shape=0, scatter=0, tremor=0, continental=0, cursive=0,
)  # fmt: skip
"""A hand that does what the plan says, 0.05 mm for a hundredth, but for its timing."""

PLANS = [plan for label in LABELS for plan in plans_of(label)]


def rng(seed=1):
    """A generator, the same for the same seed."""
    return np.random.default_rng(seed)


def movement_of(*parts, pen=None):
    """A movement from the origin, the pen on the paper unless told otherwise."""
    pen = np.ones(len(parts), bool) if pen is None else np.array(pen)
    return Movement(np.zeros(2), np.array(parts, float), pen)
