"""What a tower computes, written once: for NumPy to do, and for ONNX to write down.

`embeddings` goes through the operations of an encoder one by one and asks an object with the
methods of `Operations` for each. What passes between them is up to that object: arrays, where
it computes; names, where it notes the nodes of a graph. The towers of `strokesim.siamese` say
the same to torch, which trains them; tests hold the three to one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from strokesim.errors import UnknownNameError

Value = Any
"""An array of the shape that is noted, or what stands for it."""

Weights = Mapping[str, np.ndarray]


class Operations(Protocol):
    """What a network is made of. B is the batch, T the longest sequence."""

    def mask(self, steps: Value, lengths: Value) -> Value:
        """Return 1 where a sequence has a step and 0 behind its end, (B, T)."""

    def standardise(self, steps: Value, shift: np.ndarray, scale: np.ndarray) -> Value:
        """Return ``(steps - shift) * scale``."""

    def patches(self, steps: Value, lengths: Value, on: Value, patch: int) -> tuple[Value, Value]:
        """Put so many steps, one behind the other, beside each other; zeros behind the end.

        Return (B, ceil(T / patch), patch * n), and how many of them each sequence has, (B,).
        """

    def linear(self, inputs: Value, weight: np.ndarray, bias: np.ndarray) -> Value:
        """Return ``inputs @ weight.T + bias``."""

    def add(self, one: Value, other: Value) -> Value:
        """Return the sum of two of one shape."""

    def beside(self, one: Value, other: Value) -> Value:
        """Put two beside each other along the last axis."""

    def both_ways(
        self, cell: str, steps: Value, lengths: Value, on: Value, ways: tuple[Weights, Weights]
    ) -> Value:
        """Run a "gru" or "lstm" layer from both ends of each sequence, (B, T, 2 width).

        ``ways`` holds the weights onward and back, named and ordered as torch does.
        """

    def convolve(
        self, steps: Value, on: Value, weight: np.ndarray, bias: np.ndarray, dilation: int
    ) -> Value:
        """Convolve along the steps, zeros standing before and behind each sequence, (B, T, out).

        ``weight`` has the shape (out, in, size), size is odd.
        """

    def layer_norm(self, states: Value, weight: np.ndarray, bias: np.ndarray) -> Value:
        """Bring the last axis to mean 0 and variance 1 (plus 1e-5), then scale and shift it."""

    def relu(self, states: Value) -> Value:
        """Return what is above 0, else 0."""

    def gelu(self, states: Value) -> Value:
        """Return each x times the normal distribution function of x."""

    def attend(self, asked: Value, on: Value, heads: int, size: int) -> Value:
        """Let every step look at all steps of its sequence, (B, T, n) of (B, T, 3 n).

        ``asked`` holds queries, keys and values, each of ``heads`` parts beside each other, of
        ``size`` columns each.
        """

    def mean(self, states: Value, on: Value) -> Value:
        """Return the mean state of each sequence, (B, n) of (B, T, n)."""

    def largest(self, states: Value, on: Value) -> Value:
        """Return the largest value of each state along its sequence, (B, n) of (B, T, n)."""

    def weighed(self, states: Value, scores: Value, on: Value) -> Value:
        """Return the mean state weighed by the softmax of scores (B, T, 1), (B, n)."""

    def unit(self, points: Value) -> Value:
        """Divide by the length along the last axis, or by 1e-12 where it is less."""


def embeddings(
    do: Operations, weights: Weights, settings: Mapping[str, Any], steps: Value, lengths: Value
) -> tuple[Value, Callable[[], Value]]:
    """Return the embeddings (B, dim), and what gives those per patch (B, n_patches, dim).

    Parameters
    ----------
    do : Operations
    weights : mapping of str to ndarray
        Those of a tower, by torch's names.
    settings : mapping
        What `siamese.EncoderSettings.to_dict` returns.
    steps, lengths : Value
        (B, T, n_features) and (B,).

    Raises
    ------
    UnknownNameError
        If there is no such network or pooling.
    KeyError
        If weights are missing.
    """
    for kind, known in (("network", NETWORKS), ("pooling", POOLINGS)):
        if settings[kind] not in known:
            raise UnknownNameError(kind, settings[kind], known)
    on = do.mask(steps, lengths)
    inputs = do.standardise(steps, weights["shift"], weights["scale"])
    if settings["patch"] > 1:
        inputs, lengths = do.patches(inputs, lengths, on, settings["patch"])
        on = do.mask(inputs, lengths)
    inner = _below(weights, "network")
    states = NETWORKS[settings["network"]](do, inner, settings["layers"], inputs, lengths, on)
    pooling = _below(weights, "pooling")
    pooled = POOLINGS[settings["pooling"]](do, pooling, states, on)
    projection = _below(weights, "projection")

    def projected(pooled: Value) -> Value:
        return do.unit(_linear(do, projection, pooled))

    def per_step() -> Value:
        # A patch is pooled as a sequence of its own would be.
        twice = settings["pooling"] == "mean-max"
        return projected(do.beside(states, states) if twice else states)

    return projected(pooled), per_step


def _below(weights: Weights, name: str) -> Weights:
    start = f"{name}."
    return {key[len(start) :]: value for key, value in weights.items() if key.startswith(start)}


def _linear(do: Operations, weights: Weights, inputs: Value) -> Value:
    return do.linear(inputs, weights["weight"], weights["bias"])


def _norm(do: Operations, weights: Weights, states: Value) -> Value:
    return do.layer_norm(states, weights["weight"], weights["bias"])


def _recurrent(cell: str) -> Callable[..., Value]:
    def run(
        do: Operations, weights: Weights, layers: int, steps: Value, lengths: Value, on: Value
    ) -> Value:
        for layer in range(layers):
            ways = (_below(weights, f"onward.{layer}"), _below(weights, f"back.{layer}"))
            steps = do.both_ways(cell, steps, lengths, on, ways)
        return steps

    return run


def _convolutional(
    do: Operations, weights: Weights, layers: int, steps: Value, lengths: Value, on: Value
) -> Value:
    steps = _linear(do, _below(weights, "lift"), steps)
    for layer in range(layers):
        kernel = _below(weights, f"convolutions.{layer}")
        around = do.convolve(steps, on, kernel["weight"], kernel["bias"], 2**layer)
        around = do.relu(_norm(do, _below(weights, f"norms.{layer}"), around))
        steps = do.add(steps, around)
    return steps


def _attentive(
    do: Operations, weights: Weights, layers: int, steps: Value, lengths: Value, on: Value
) -> Value:
    states = _recurrent("gru")(do, _below(weights, "reader"), 1, steps, lengths, on)
    for layer in range(layers - 1):
        block = {
            name: _below(_below(weights, f"blocks.{layer}"), name)
            for name in ("looking", "asked", "answer", "mapping", "widen", "narrow")
        }
        asked = _linear(do, block["asked"], _norm(do, block["looking"], states))
        n_states = len(block["answer"]["bias"])
        heads = math.gcd(4, n_states)
        states = do.add(
            states, _linear(do, block["answer"], do.attend(asked, on, heads, n_states // heads))
        )
        wide = do.gelu(_linear(do, block["widen"], _norm(do, block["mapping"], states)))
        states = do.add(states, _linear(do, block["narrow"], wide))
    return _norm(do, _below(weights, "norm"), states)


NETWORKS: dict[str, Callable[..., Value]] = {
    "gru": _recurrent("gru"),
    "gru-attention": _attentive,
    "lstm": _recurrent("lstm"),
    "tcn": _convolutional,
}
"""What turns steps into states, by the names of `siamese.encoders.NETWORKS`."""

POOLINGS: dict[str, Callable[[Operations, Weights, Value, Value], Value]] = {
    "attention": lambda do, weights, states, on: do.weighed(
        states, _linear(do, _below(weights, "score"), states), on
    ),
    "max": lambda do, weights, states, on: do.largest(states, on),
    "mean": lambda do, weights, states, on: do.mean(states, on),
    "mean-max": lambda do, weights, states, on: do.beside(
        do.mean(states, on), do.largest(states, on)
    ),
}
"""What turns the states of all steps into one, by the names of `siamese.encoders.POOLINGS`."""
