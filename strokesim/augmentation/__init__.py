"""More ink than was written, without changing what was: variations of an ink, and new classes.

`Augmentation` varies one ink as another hand or another moment would have; `turned_classes`,
`invented_classes` and `repetitions` make inks of classes that nobody collected.

>>> from numpy.random import default_rng
>>> from strokesim.ink import Ink
>>> rng = default_rng(7)
>>> stroke = Ink.from_arrays([[[0, 0], [10, 0], [10, 30]]], label="7")
>>> Augmentation().augment(stroke, rng).label
'7'
"""

from strokesim.augmentation.classes import (
    TURNS,
    invented_classes,
    repetitions,
    turned,
    turned_classes,
)
from strokesim.augmentation.variation import Augmentation

__all__ = [
    "TURNS",
    "Augmentation",
    "invented_classes",
    "repetitions",
    "turned",
    "turned_classes",
]
