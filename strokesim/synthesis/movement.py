"""Pen movement as a sum of overlapping sub-movements: the sigma-lognormal model.

Each sub-movement runs along a circular arc, and its speed is lognormal in time: a bell that
rises faster than it falls. With ``L_i(t)`` the lognormal distribution function of ``t - t0_i``
with parameters ``mu_i`` and ``sigma_i``,

    v(t) = sum over i of  D_i L_i'(t) (cos a_i(t), sin a_i(t))
    a_i(t) = start_i + (end_i - start_i) L_i(t)

Where sub-movements overlap in time the pen rounds the target between them, where they do not
it stops there. Positions have a closed form, so nothing is integrated.

References
----------
R. Plamondon, A kinematic theory of rapid human movements, parts I and II, Biological
Cybernetics 72, 1995. R. Plamondon and M. Djioua, A multi-level representation paradigm for
handwriting stroke generation, Human Movement Science 25, 2006. The closed form: C. O'Reilly and
R. Plamondon, Development of a Sigma-Lognormal representation for on-line signatures, Pattern
Recognition 42, 2009, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from strokesim.chance import check_generator
from strokesim.errors import ArgumentError

REACH = 2.33
"""Standard deviations (of log time) from its median at which a sub-movement counts as begun or
ended: 1 % of its way is done, or left."""


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """One movement of the pen, on the paper and above it.

    Parameters
    ----------
    origin : ndarray of float64, shape (2,)
        Where it begins: x and y in mm, y up.
    parts : ndarray of float64, shape (n_parts, 6)
        One sub-movement a row, in order: t0 in s, mu (log s), sigma, arc length D in mm,
        direction at its start and at its end in radians. sigma > 0.
    pen : ndarray of bool, shape (n_parts,)
        Whether the pen is on the paper; at least once.

    Raises
    ------
    ArgumentError
        If shapes disagree, a number is not finite, a sigma is not positive, or the pen never
        comes down.
    """

    origin: np.ndarray
    parts: np.ndarray
    pen: np.ndarray

    def __post_init__(self) -> None:
        for name, kind in (("origin", np.float64), ("parts", np.float64), ("pen", np.bool_)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), kind))
        n_parts = len(self.parts)
        shapes = self.origin.shape, self.parts.shape, self.pen.shape
        if shapes != ((2,), (n_parts, 6), (n_parts,)):
            raise ArgumentError(
                f"a movement of origin, parts and pen of the shapes {shapes}; "
                "needed: (2,), (n_parts, 6) and (n_parts,)"
            )
        if not np.isfinite(self.parts).all() or not (self.parts[:, 2] > 0).all():
            raise ArgumentError("a movement's parts are finite numbers, and sigma is above 0")
        if not self.pen.any():
            raise ArgumentError("a movement with the pen in the air only; it would leave no ink")

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return position and velocity.

        Parameters
        ----------
        times : array_like, shape (n,)
            In seconds, on the clock of the sub-movements' t0.

        Returns
        -------
        ndarray of float64, shape (n, 4)
            x, y in mm and their derivatives in mm/s; y up.

        Raises
        ------
        ArgumentError
            If a time is not finite, or the times are not in one row.
        """
        from strokesim.synthesis.kernels import follow

        times = np.ascontiguousarray(times, np.float64)
        if times.ndim != 1 or not np.isfinite(times).all():
            raise ArgumentError(f"times of shape {times.shape}; needed: (n,), finite, in seconds")
        states = np.empty((len(times), 4))
        follow(times, self.origin, self.parts, states)
        return states

    @property
    def touches(self) -> np.ndarray:
        """When the pen comes down and goes up again, in seconds, shape (n_strokes, 2).

        It lands and lifts where the movement to there and the movement from there are equally
        many of their widths from their medians: about where the pen is slowest.
        """
        onset, scale, sigma = self.parts[:, 0], np.exp(self.parts[:, 1]), self.parts[:, 2]
        median, width = onset + scale, sigma * scale
        slowest = median[:-1] + np.diff(median) * width[:-1] / (width[:-1] + width[1:])
        first = onset[:1] + scale[:1] * np.exp(-REACH * sigma[:1])
        last = onset[-1:] + scale[-1:] * np.exp(REACH * sigma[-1:])
        borders = np.concatenate([first, slowest, last])
        padded = np.concatenate([[False], self.pen, [False]])
        down = np.flatnonzero(padded[1:] & ~padded[:-1])
        up = np.flatnonzero(padded[:-1] & ~padded[1:])
        return np.stack([borders[down], borders[up]], axis=1)

    def varied(self, rng: np.random.Generator, amount: float = 1.0) -> Movement:
        """Return the same plan carried out a little differently.

        Lengths, directions and times of the sub-movements change independently, as from one
        execution to the next: this is the augmentation that leaves a movement a movement.

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides the changes.
        amount : float
            0 changes nothing; 1 about as much as a writer's own repetitions differ.

        Raises
        ------
        ArgumentError
            If ``amount`` is negative or not finite, or ``rng`` is no Generator.
        """
        check_generator(rng)
        if not 0 <= amount < np.inf:
            raise ArgumentError(f"amount={amount}; needed: 0 or a positive number")
        chance = amount * rng.standard_normal((6, len(self.parts)))
        parts = self.parts.copy()
        scale = np.exp(parts[:, 1])
        parts[:, 0] += 0.1 * chance[0] * parts[:, 2] * scale
        parts[:, 1] += 0.03 * chance[1] * parts[:, 2]
        parts[:, 2] *= np.exp(0.08 * chance[2])
        parts[:, 3] *= np.exp(0.05 * chance[3])
        parts[:, 4] += 0.06 * chance[4]
        parts[:, 5] += 0.06 * chance[5]
        return replace(self, parts=parts)
