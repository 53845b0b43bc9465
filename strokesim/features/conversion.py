"""Many inks at once through the kernels: gathered in chunks, on threads, into one `Ragged`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from strokesim import threads as pool
from strokesim.errors import ArgumentError
from strokesim.features import measuring, placing, stepping
from strokesim.features.table import FEATURES
from strokesim.ink import Ink
from strokesim.ragged import Ragged

if TYPE_CHECKING:
    from strokesim.features.spec import FeatureSpec

KERNELS = (measuring, placing, stepping)
"""The modules that hold what is compiled when inks are first converted."""

# Enough inks to make a call of the kernels cheap, few enough that progress is seen.
_CHUNK = 256


def convert(
    spec: FeatureSpec,
    inks: Sequence[Ink],
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
    first: int = 0,
) -> Ragged:
    """Return the feature sequences of inks; see `FeatureSpec.transform_all`."""
    starts = range(0, len(inks), _CHUNK)
    values: list[np.ndarray] = [np.empty((0, spec.n_features), np.float32)] * len(starts)
    counts: list[np.ndarray] = [np.empty(0, np.int64)] * len(starts)

    def work(number: int) -> int:
        start = starts[number]
        chunk = inks[start : start + _CHUNK]
        values[number], counts[number] = _convert_chunk(spec, chunk, first + start)
        return len(chunk)

    pool.run(work, len(starts), threads=threads, progress=progress)
    offsets = np.zeros(len(inks) + 1, np.int64)
    np.cumsum(np.concatenate([np.empty(0, np.int64), *counts]), out=offsets[1:])
    if len(values) == 1:
        return Ragged(values[0], offsets)
    return Ragged(np.concatenate([np.empty((0, spec.n_features), np.float32), *values]), offsets)


def _convert_chunk(
    spec: FeatureSpec, inks: Sequence[Ink], first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return values (n_steps of all, n_features) and the number of steps of each ink."""
    samples, strokes, offsets, columns = _gather(spec, inks, first)
    along = stepping.ALONG[spec.along]
    frames = placing.place_inks(
        samples,
        strokes,
        offsets,
        placing.POSITION[spec.position],
        placing.SIZE[spec.size],
        spec.derotate,
        spec.deslant,
    )
    if spec.along == "samples":
        counts = np.diff(offsets)
    elif spec.steps is not None:
        counts = np.full(len(inks), spec.steps, np.int64)
    else:
        counts = stepping.count_steps(
            samples, strokes, offsets, along, spec.spacing, columns[0], frames
        )
        if counts.max() > stepping.MOST_STEPS:
            i = int(counts.argmax())
            raise ArgumentError(
                f"{_name(inks[i], first + i)} would have more than {stepping.MOST_STEPS} steps "
                f"at spacing={spec.spacing:g}; use a larger spacing (it is in units of the "
                "normalised size, or in seconds along time)"
            )
    step_offsets = np.zeros(len(inks) + 1, np.int64)
    np.cumsum(counts, out=step_offsets[1:])
    steps = stepping.step_inks(samples, strokes, offsets, along, columns, step_offsets)
    values = np.empty((len(steps), spec.n_features), np.float32)
    bad = measuring.measure_inks(
        steps,
        step_offsets,
        frames,
        np.array([measuring.CODES[name] for name in spec.names], np.int64),
        np.array(spec.weights),
        spec.vicinity,
        values,
    )
    if bad >= 0:
        row, column = divmod(int(bad), spec.n_features)
        i = int(np.searchsorted(step_offsets, row, side="right")) - 1
        raise ArgumentError(
            f"{_name(inks[i], first + i)}: {spec.names[column]} is larger than float32 can hold "
            f"at step {row - step_offsets[i]}; normalise the size or give a smaller weight"
        )
    return values, counts


def _gather(
    spec: FeatureSpec, inks: Sequence[Ink], first: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Put the samples of inks one after the other.

    Returns samples (n_samples, n_channels), the stroke that each is in, the offsets of the
    inks, and which columns of the samples hold time and pressure (-1: none).
    """
    needed = ["x", "y"]
    needed += ["t"] if spec.needs_time else []
    needed += ["pressure"] if spec.needs_pressure else []
    columns = np.array(
        [needed.index(name) if name in needed else -1 for name in ("t", "pressure")], np.int64
    )
    picks: dict[tuple[str, ...], slice | list[int]] = {}
    arrays, sizes = [], np.empty(len(inks), np.int64)
    for i, ink in enumerate(inks):
        if not isinstance(ink, Ink):
            raise ArgumentError(f"ink {first + i} is a {type(ink).__name__}; needed: an Ink")
        channels = ink.channels
        if channels not in picks:
            picks[channels] = _pick(channels, needed, spec, _name(ink, first + i))
        pick = picks[channels]
        n_samples = 0
        for stroke in ink.strokes:
            arrays.append(stroke.samples[:, pick])
            n_samples += len(stroke.samples)
        sizes[i] = n_samples
    offsets = np.zeros(len(inks) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    # Numbered through all inks: only changes of the number within one ink are looked at.
    strokes = np.repeat(np.arange(len(arrays)), [len(array) for array in arrays])
    return np.concatenate(arrays), strokes, offsets, columns


def _pick(
    channels: tuple[str, ...], needed: list[str], spec: FeatureSpec, name: str
) -> slice | list[int]:
    """Return what takes the needed columns out of a stroke's samples."""
    missing = [channel for channel in needed if channel not in channels]
    if missing:
        raise ArgumentError(
            f"{name} has the channels {', '.join(channels)} and no {' and no '.join(missing)}, "
            f"which {', '.join(_wanting(spec, missing))} needs; use a spec without, or leave the "
            "ink out"
        )
    picked = [channels.index(channel) for channel in needed]
    if picked == list(range(picked[0], picked[0] + len(picked))):
        # A slice is a view; a list would copy.
        return slice(picked[0], picked[0] + len(picked))
    return picked


def _wanting(spec: FeatureSpec, missing: list[str]) -> list[str]:
    """Return what in the spec cannot do without the missing channels."""
    wanting = ["along='time'"] if "t" in missing and spec.along == "time" else []
    for name in spec.names:
        feature = FEATURES[name]
        if (feature.needs_time and "t" in missing) or (
            feature.needs_pressure and "pressure" in missing
        ):
            wanting.append(name)
    return wanting


def _name(ink: Ink, number: int) -> str:
    return f"ink {number}" + (f" ({ink.id!r})" if ink.id is not None else "")
