"""The operations of `learned.networks` as the nodes of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from strokesim.learned.checkpoint import as_halves
from strokesim.learned.networks import Weights

_FAR = -1e9
"""Added to scores behind the end of a sequence: their power is exactly 0."""

# Rows of weights, as torch orders the gates; ONNX has them in another order.
_ORDERS = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}


class Graph:
    """The `Operations` that note nodes, and names for what comes out of them.

    Parameters
    ----------
    quantised : bool
        Store matrices of weights as int8 with a scale for each row: a quarter of the size.
    """

    def __init__(self, *, quantised: bool) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self._quantised = quantised

    def node(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add a node and return the name of what it puts out, or the names of several."""
        names = [f"{kind}_{len(self.nodes)}_{number}" for number in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if n_outputs == 1 else names

    def constant(self, values: Any, kind: type = np.float32) -> str:
        """Add a constant, once for equal ones, and return its name."""
        # ascontiguousarray() alone would make a row of a number.
        array = np.ascontiguousarray(values, kind).reshape(np.shape(values))
        key = f"{array.dtype}{array.shape}{array.tobytes().hex()}"
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, f"c{len(self.constants)}")
        name: str = self.constants[key].name
        return name

    def matrix(self, values: np.ndarray) -> str:
        """Add a matrix of weights, its rows along the last axis but one, and return its name."""
        if not self._quantised:
            halves = as_halves(values)
            if halves is None:
                return self.constant(values)
            name: str = self.node("Cast", self.constant(halves, np.float16), to=TensorProto.FLOAT)
            return name
        whole, scale = quantise(values)
        cast = self.node("Cast", self.constant(whole, np.int8), to=TensorProto.FLOAT)
        name = self.node("Mul", cast, self.constant(scale))
        return name

    def mask(self, steps: str, lengths: str) -> str:
        count = self.node("Gather", self.node("Shape", steps), self.constant(1, np.int64))
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        places = self.node("Cast", self.node("Range", zero, count, one), to=TensorProto.INT32)
        ends = self.node("Unsqueeze", lengths, self.constant([1], np.int64))
        on: str = self.node("Cast", self.node("Less", places, ends), to=TensorProto.FLOAT)
        return on

    def standardise(self, steps: str, shift: np.ndarray, scale: np.ndarray) -> str:
        moved = self.node("Sub", steps, self.constant(shift))
        name: str = self.node("Mul", moved, self.constant(scale))
        return name

    def patches(self, steps: str, lengths: str, on: str, patch: int) -> tuple[str, str]:
        count = self.node("Gather", self.node("Shape", steps), self.constant([1], np.int64))
        size, none = self.constant(patch, np.int64), self.constant([0], np.int64)
        short = self.node("Mod", self.node("Sub", none, count), size)
        pads = self.node("Concat", none, none, none, none, short, none, axis=0)
        whole = self.node("Pad", self.node("Mul", steps, self._column(on)), pads)
        # Rows lie one behind the other; the last axis takes what is left.
        shape = self.node(
            "Concat", none, self.node("Div", self.node("Add", count, short), size),
            self.constant([-1], np.int64), axis=0,
        )  # fmt: skip
        beside = self.node("Reshape", whole, shape)
        more = self.node("Add", lengths, self.constant(patch - 1, np.int32))
        return beside, self.node("Div", more, self.constant(patch, np.int32))

    def linear(self, inputs: str, weight: np.ndarray, bias: np.ndarray) -> str:
        turned = self.node("Transpose", self.matrix(weight), perm=[1, 0])
        return self.add(self.node("MatMul", inputs, turned), self.constant(bias))

    def add(self, one: str, other: str) -> str:
        name: str = self.node("Add", one, other)
        return name

    def beside(self, one: str, other: str) -> str:
        name: str = self.node("Concat", one, other, axis=-1)
        return name

    def both_ways(
        self, cell: str, steps: str, lengths: str, on: str, ways: tuple[Weights, Weights]
    ) -> str:
        width = ways[0]["weight_hh_l0"].shape[1]

        def of(name: str) -> np.ndarray:
            order = list(_ORDERS[cell])
            parts = [way[name].reshape(len(order), width, -1)[order] for way in ways]
            return np.stack(parts).reshape(2, len(order) * width, -1)

        bias = np.concatenate([of("bias_ih_l0"), of("bias_hh_l0")], axis=1)[:, :, 0]
        # The reset gate of torch is applied after the map of the state, with its bias.
        more = {"linear_before_reset": 1} if cell == "gru" else {}
        found = self.node(
            cell.upper(),
            self.node("Transpose", steps, perm=[1, 0, 2]),
            self.matrix(of("weight_ih_l0")),
            self.matrix(of("weight_hh_l0")),
            self.constant(bias),
            lengths,
            hidden_size=width,
            direction="bidirectional",
            **more,
        )  # (T, 2, B, width)
        turned = self.node("Transpose", found, perm=[2, 0, 1, 3])
        name: str = self.node("Reshape", turned, self.constant([0, 0, 2 * width], np.int64))
        return name

    def convolve(
        self, steps: str, on: str, weight: np.ndarray, bias: np.ndarray, dilation: int
    ) -> str:
        reach = dilation * (weight.shape[2] // 2)
        masked = self.node("Transpose", self.node("Mul", steps, self._column(on)), perm=[0, 2, 1])
        out, inner, size = weight.shape
        flat = self.matrix(weight.reshape(out, inner * size))
        kernel = self.node("Reshape", flat, self.constant(weight.shape, np.int64))
        around = self.node(
            "Conv", masked, kernel, self.constant(bias), dilations=[dilation], pads=[reach, reach]
        )
        name: str = self.node("Transpose", around, perm=[0, 2, 1])
        return name

    def layer_norm(self, states: str, weight: np.ndarray, bias: np.ndarray) -> str:
        both = self.constant(weight), self.constant(bias)
        name: str = self.node("LayerNormalization", states, *both, epsilon=1e-5)
        return name

    def relu(self, states: str) -> str:
        name: str = self.node("Relu", states)
        return name

    def gelu(self, states: str) -> str:
        # Written so that ONNX Runtime knows it and computes it in one go.
        inner = self.node("Erf", self.node("Div", states, self.constant(2**0.5)))
        share = self.node("Add", inner, self.constant(1))
        name: str = self.node("Mul", self.node("Mul", states, share), self.constant(0.5))
        return name

    def attend(self, asked: str, on: str, heads: int, size: int) -> str:
        three = self.constant([0, 0, 3, heads, size], np.int64)
        parts = self.node("Transpose", self.node("Reshape", asked, three), perm=[2, 0, 3, 1, 4])
        query, key, value = (
            self.node("Gather", parts, self.constant(number, np.int64), axis=0)
            for number in range(3)
        )  # each (B, heads, T, size)
        scores = self.node("MatMul", query, self.node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.node("Mul", scores, self.constant(size**-0.5))
        axes = self.constant([1, 2], np.int64)
        off = self.node("Unsqueeze", self._off(on), axes)  # (B, 1, 1, T)
        weights = self.node("Softmax", self.add(scores, off), axis=-1)
        seen = self.node("Transpose", self.node("MatMul", weights, value), perm=[0, 2, 1, 3])
        name: str = self.node("Reshape", seen, self.constant([0, 0, -1], np.int64))
        return name

    def mean(self, states: str, on: str) -> str:
        count = self.node("ReduceSum", on, self.constant([1], np.int64), keepdims=1)
        return self._weighed_sum(states, self.node("Div", on, count))

    def largest(self, states: str, on: str) -> str:
        moved = self.add(self.node("Mul", states, self._column(on)), self._column(self._off(on)))
        name: str = self.node("ReduceMax", moved, self.constant([1], np.int64), keepdims=0)
        return name

    def weighed(self, states: str, scores: str, on: str) -> str:
        flat = self.node("Squeeze", scores, self.constant([2], np.int64))
        return self._weighed_sum(
            states, self.node("Softmax", self.add(flat, self._off(on)), axis=1)
        )

    def unit(self, points: str) -> str:
        squares = self.node("Mul", points, points)
        total = self.node("ReduceSum", squares, self.constant([-1], np.int64), keepdims=1)
        length = self.node("Max", self.node("Sqrt", total), self.constant(1e-12))
        name: str = self.node("Div", points, length)
        return name

    def _off(self, on: str) -> str:
        """Return 0 where a sequence has a step, and what is far below it elsewhere, (B, T)."""
        behind = self.node("Sub", self.constant(1), on)
        name: str = self.node("Mul", behind, self.constant(_FAR))
        return name

    def _column(self, on: str) -> str:
        name: str = self.node("Unsqueeze", on, self.constant([2], np.int64))  # (B, T, 1)
        return name

    def _weighed_sum(self, states: str, weights: str) -> str:
        row = self.node("Unsqueeze", weights, self.constant([1], np.int64))  # (B, 1, T)
        total = self.node("MatMul", row, states)
        name: str = self.node("Squeeze", total, self.constant([1], np.int64))
        return name


def quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 and scales, whose product is about a matrix.

    Parameters
    ----------
    values : ndarray of float32, shape (..., rows, columns)

    Returns
    -------
    whole : ndarray of int8, of the same shape
        From -127 to 127.
    scale : ndarray of float32, shape (..., rows, 1)
        The largest magnitude of each row over 127.
    """
    scale = np.abs(values).max(-1, keepdims=True).astype(np.float32) / np.float32(127)
    scale[scale == 0] = 1
    return np.rint(values / scale).astype(np.int8), scale
