"""The operations of `learned.networks` on NumPy arrays: an encoder without torch or ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import erf

from strokesim.features import FeatureSpec
from strokesim.learned.encoder import Encoder, Origin, identity_of
from strokesim.learned.networks import Weights, embeddings


class NumpyEncoder(Encoder):
    """An encoder that NumPy runs.

    Parameters
    ----------
    weights : mapping of str to ndarray of float32
        Those of a tower, by torch's names.
    settings : mapping
        The settings of the tower; see `siamese.EncoderSettings`.
    spec : FeatureSpec or None
        What turns ink into the features that it reads; None takes no ink.
    origin : Origin
        What it learned from.

    Raises
    ------
    KeyError, ValueError
        If these weights are not those of such a tower.
    """

    def __init__(
        self,
        weights: Weights,
        settings: Mapping[str, Any],
        spec: FeatureSpec | None,
        origin: Origin,
    ) -> None:
        super().__init__(
            title=settings["network"],
            n_inputs=len(weights["shift"]),
            dim=settings["dim"],
            patch=settings["patch"],
            spec=spec,
            origin=origin,
            identity=identity_of(spec, settings, weights),
        )
        self.weights, self.settings = weights, settings
        self.check_runs()

    def points(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what the network makes of a padded batch; see `Encoder.points`."""
        # What grows beyond float32 shows in the embedding.
        with np.errstate(over="ignore", invalid="ignore"):
            points, per_step = embeddings(Arithmetic(), self.weights, self.settings, steps, lengths)
            found: np.ndarray = per_step() if self.stepwise else points
        return found


_SCORES = 2**24
"""Scores of attention that are held at a time."""


class Arithmetic:
    """The `Operations` on arrays of float32."""

    def mask(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        on: np.ndarray = np.arange(steps.shape[1]) < lengths[:, np.newaxis]
        return on

    def standardise(self, steps: np.ndarray, shift: np.ndarray, scale: np.ndarray) -> np.ndarray:
        return (steps - shift) * scale

    def patches(
        self, steps: np.ndarray, lengths: np.ndarray, on: np.ndarray, patch: int
    ) -> tuple[np.ndarray, np.ndarray]:
        batch, longest, columns = steps.shape
        short = -longest % patch
        whole = np.pad(steps * on[:, :, np.newaxis], ((0, 0), (0, short), (0, 0)))
        beside = whole.reshape(batch, (longest + short) // patch, patch * columns)
        return beside, -(-lengths // patch)

    def linear(self, inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        product: np.ndarray = inputs @ weight.T
        product += bias
        return product

    def add(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        total: np.ndarray = one + other
        return total

    def beside(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.concatenate([one, other], axis=-1)

    def both_ways(
        self,
        cell: str,
        steps: np.ndarray,
        lengths: np.ndarray,
        on: np.ndarray,
        ways: tuple[Weights, Weights],
    ) -> np.ndarray:
        places = np.arange(steps.shape[1])
        # Padding stays where it is, so that the way back starts at the last step.
        turned = np.where(on, lengths[:, np.newaxis] - 1 - places, places)[:, :, np.newaxis]
        ends = (steps, np.take_along_axis(steps, turned, axis=1))
        # (T, 2, B, gates): what does not wait for the step before is done for all at once.
        inputs = np.stack(
            [
                (given @ way["weight_ih_l0"].T + way["bias_ih_l0"]).transpose(1, 0, 2)
                for given, way in zip(ends, ways, strict=True)
            ],
            axis=1,
        )
        inner = np.stack([way["weight_hh_l0"].T for way in ways])  # (2, width, gates)
        bias = np.stack([way["bias_hh_l0"] for way in ways])[:, np.newaxis]  # (2, 1, gates)
        states = _CELLS[cell](inputs, inner, bias)  # (T, 2, B, width)
        there, back = states.transpose(1, 2, 0, 3)  # each (B, T, width)
        return np.concatenate([there, np.take_along_axis(back, turned, axis=1)], axis=2)

    def convolve(
        self,
        steps: np.ndarray,
        on: np.ndarray,
        weight: np.ndarray,
        bias: np.ndarray,
        dilation: int,
    ) -> np.ndarray:
        reach = dilation * (weight.shape[2] // 2)
        around = np.pad(steps * on[:, :, np.newaxis], ((0, 0), (reach, reach), (0, 0)))
        longest = steps.shape[1]
        parts = (
            around[:, dilation * place : dilation * place + longest] @ weight[:, :, place].T
            for place in range(weight.shape[2])
        )
        total: np.ndarray = sum(parts, start=bias)
        return total

    def layer_norm(self, states: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        centred = states - states.mean(-1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(-1, keepdims=True) + np.float32(1e-5))
        normed: np.ndarray = centred / spread * weight + bias
        return normed

    def relu(self, states: np.ndarray) -> np.ndarray:
        return np.maximum(states, 0)

    def gelu(self, states: np.ndarray) -> np.ndarray:
        half = np.float32(0.5)
        found: np.ndarray = half * states * (1 + erf(states * np.sqrt(half)))
        return found

    def attend(self, asked: np.ndarray, on: np.ndarray, heads: int, size: int) -> np.ndarray:
        batch, longest, _ = asked.shape
        parts = asked.reshape(batch, longest, 3, heads, size)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)  # each (B, heads, T, size)
        keys, off = key.transpose(0, 1, 3, 2), on[:, np.newaxis, np.newaxis]
        seen = np.empty_like(query)
        # Some queries at a time: of long sequences all scores together would fill the memory.
        step = max(1, _SCORES // (batch * heads * longest))
        for start in range(0, longest, step):
            asking = query[:, :, start : start + step]
            scores = asking @ keys / np.float32(np.sqrt(size))  # (B, heads, step, T)
            seen[:, :, start : start + step] = _softmax(scores, off, axis=3) @ value
        return seen.transpose(0, 2, 1, 3).reshape(batch, longest, heads * size)

    def mean(self, states: np.ndarray, on: np.ndarray) -> np.ndarray:
        weights = on / on.sum(1, keepdims=True, dtype=np.float32)
        return _weighed_sum(states, weights.astype(np.float32))

    def largest(self, states: np.ndarray, on: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.where(on[:, :, np.newaxis], states, np.float32(-np.inf)).max(1)
        return found

    def weighed(self, states: np.ndarray, scores: np.ndarray, on: np.ndarray) -> np.ndarray:
        return _weighed_sum(states, _softmax(scores[:, :, 0], on, axis=1))

    def unit(self, points: np.ndarray) -> np.ndarray:
        length = np.sqrt(np.square(points).sum(-1, keepdims=True))
        found: np.ndarray = points / np.maximum(length, np.float32(1e-12))
        return found


def _softmax(scores: np.ndarray, on: np.ndarray, axis: int) -> np.ndarray:
    scores = np.where(on, scores, np.float32(-np.inf))
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis, keepdims=True)
    return shares


def _weighed_sum(states: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total: np.ndarray = (weights[:, np.newaxis] @ states)[:, 0]
    return total


def _sigmoid(values: np.ndarray) -> np.ndarray:
    half = np.float32(0.5)
    found: np.ndarray = half * np.tanh(half * values) + half
    return found


def _gru(inputs: np.ndarray, inner: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return the states (T, 2, B, width) of a layer; gates are reset, update, new."""
    width = inner.shape[1]
    states = np.empty((*inputs.shape[:3], width), np.float32)
    state = np.zeros(states.shape[1:], np.float32)
    for number, given in enumerate(inputs):
        own = state @ inner + bias
        gates = _sigmoid(given[:, :, : 2 * width] + own[:, :, : 2 * width])
        new = np.tanh(given[:, :, 2 * width :] + gates[:, :, :width] * own[:, :, 2 * width :])
        state = new + gates[:, :, width:] * (state - new)
        states[number] = state
    return states


def _lstm(inputs: np.ndarray, inner: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return the states (T, 2, B, width) of a layer; gates are input, forget, cell, output."""
    width = inner.shape[1]
    states = np.empty((*inputs.shape[:3], width), np.float32)
    state = np.zeros(states.shape[1:], np.float32)
    memory = np.zeros_like(state)
    for number, given in enumerate(inputs):
        gates = given + state @ inner + bias
        kept = _sigmoid(gates[:, :, width : 2 * width]) * memory
        memory = kept + _sigmoid(gates[:, :, :width]) * np.tanh(gates[:, :, 2 * width : 3 * width])
        state = _sigmoid(gates[:, :, 3 * width :]) * np.tanh(memory)
        states[number] = state
    return states


_CELLS = {"gru": _gru, "lstm": _lstm}
