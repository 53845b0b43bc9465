"""A synthetic pen: ink from a model of how people move, not from noise on a polyline.

A `Plan` says which targets the pen visits to write a character; a `Writer` places them in
proportions and with habits of its own, and carries the plan out as a `Movement`, a sum of
overlapping bell-shaped sub-movements along arcs; `record` is what a device keeps of it, an
`Ink`. `synthesise` does all of it once, `synthesise_corpus` for many labels and writers.

>>> from numpy.random import default_rng
>>> rng = default_rng(7)
>>> movement = Writer.random(rng).move(invented_plan(rng), rng)   # a glyph no alphabet has
>>> again = movement.varied(rng)                                  # carried out once more
"""

from strokesim.synthesis.dictation import synthesise, synthesise_corpus
from strokesim.synthesis.movement import Movement
from strokesim.synthesis.pen import record
from strokesim.synthesis.plans import LABELS, Plan, invented_plan, plans_of
from strokesim.synthesis.writers import Writer

__all__ = [
    "LABELS",
    "Movement",
    "Plan",
    "Writer",
    "invented_plan",
    "plans_of",
    "record",
    "synthesise",
    "synthesise_corpus",
]
