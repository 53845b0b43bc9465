"""Vector instructions for kernels that work on `LANES` candidates at once.

A lane kernel treats one register as `LANES` sequences side by side: what it does to one, it
does to all. Left to itself, the compiler picks half the register width on many processors and
keeps the state of a sweep in memory. So the bodies of the innermost loops are written as vector
instructions, once for any number of features and rows; LLVM turns them into whatever the
machine has (one AVX-512 register, two of AVX2, four of SSE or NEON).

The number of features, and of rows swept together, reach the compiler as the length of a tuple,
because a length is part of a type: every loop over features is unrolled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

# One AVX-512 register of float32. Measured against 32 and 64 lanes, which swept brute force 8 %
# faster or slower and left more lanes idle once bounds had thinned out the candidates.
LANES = 16

INT32, INT64 = ir.IntType(32), ir.IntType(64)


def aligned(count: int, dtype: Any = np.float32) -> np.ndarray:
    """Return an uninitialised one-dimensional array that starts on a cache line.

    A register of lanes is as wide as a cache line: off the boundary, each load would touch two.
    """
    size = np.dtype(dtype).itemsize
    room = np.empty(count * size + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + count * size].view(dtype)


class Emitter:
    """Writes vector instructions into the function that Numba is compiling.

    Parameters
    ----------
    context, builder
        As `numba.extending.intrinsic` hands them to a code generator.
    number : numba type
        float32 or float64: the type of a lane. Only float32, which filters, is contracted;
        float64 decides answers and has to do the definition's operations, one by one.
    """

    def __init__(self, context: Any, builder: Any, number: Any) -> None:
        self.context, self.builder = context, builder
        self.single = number == types.float32
        self.scalar = ir.FloatType() if self.single else ir.DoubleType()
        self.vector = ir.VectorType(self.scalar, LANES)
        self.integers = ir.VectorType(INT32, LANES)
        # Products and sums of float32 may be fused, nothing else: inf is "unreachable" here,
        # which nnan and ninf would let LLVM assume away. The kernels are compiled without
        # fastmath, for Numba would put its flags on every instruction, float64 ones included.
        self.flags = ("contract",) if self.single else ()
        self.infinity = self.constant(float("inf"))

    def constant(self, value: float) -> Any:
        """Return a vector of one number."""
        return ir.Constant(self.vector, [value] * LANES)

    def integer(self, value: int) -> Any:
        """Return a vector of one 32-bit integer."""
        return ir.Constant(self.integers, [value] * LANES)

    def pointer(self, array_type: Any, array: Any) -> Any:
        """Return the address of an array's first element."""
        return self.context.make_array(array_type)(self.context, self.builder, array).data

    def offset(self, row: Any, shift: int, width: int) -> Any:
        """Return ``(row + shift) * width`` as an index."""
        moved = self.builder.add(row, INT64(shift)) if shift else row
        return self.builder.mul(moved, INT64(width))

    def load(self, pointer: Any, index: Any, kind: Any = None) -> Any:
        """Return `LANES` consecutive elements from ``index`` on."""
        kind = kind or self.vector
        place = self.builder.bitcast(self.builder.gep(pointer, [index]), kind.as_pointer())
        return self.builder.load(place, align=4 if kind is self.integers or self.single else 8)

    def store(self, pointer: Any, index: Any, vector: Any) -> None:
        """Write `LANES` consecutive elements from ``index`` on."""
        place = self.builder.bitcast(self.builder.gep(pointer, [index]), vector.type.as_pointer())
        self.builder.store(vector, place, align=4 if self.single else 8)

    def spread(self, scalar: Any) -> Any:
        """Return a vector of one scalar."""
        empty = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
        first = self.builder.insert_element(empty, scalar, INT32(0))
        return self.builder.shuffle_vector(first, empty, self.integer(0))

    def point(self, pointer: Any, step: Any, n_features: int) -> list[Any]:
        """Return one step of a sequence (n_steps, n_features), each feature in all lanes."""
        start = self.builder.mul(step, INT64(n_features))
        indices = [self.builder.add(start, INT64(feature)) for feature in range(n_features)]
        return [self.spread(self.builder.load(self.builder.gep(pointer, [i]))) for i in indices]

    def points(self, pointer: Any, step: Any, n_features: int) -> list[Any]:
        """Return one step of a block (n_steps, n_features, LANES)."""
        start = self.builder.mul(step, INT64(n_features * LANES))
        indices = [self.builder.add(start, INT64(k * LANES)) for k in range(n_features)]
        return [self.load(pointer, index) for index in indices]

    def smaller(self, a: Any, b: Any) -> Any:
        """Return the lane-wise minimum: a comparison and a choice, which is one instruction."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def larger(self, a: Any, b: Any) -> Any:
        """Return the lane-wise maximum."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def plus(self, a: Any, b: Any) -> Any:
        """Return the lane-wise sum."""
        return self.builder.fadd(a, b, flags=self.flags)

    def minus(self, a: Any, b: Any) -> Any:
        """Return the lane-wise difference."""
        return self.builder.fsub(a, b, flags=self.flags)

    def sum_of_squares(self, gaps: Sequence[Any]) -> Any:
        """Return the sum of squares, first to last: the order of the definition."""
        squares = [self.builder.fmul(gap, gap, flags=self.flags) for gap in gaps]
        total = squares[0]
        for square in squares[1:]:
            total = self.plus(total, square)
        return total

    def step_cost(self, a: Sequence[Any], b: Sequence[Any]) -> Any:
        """Return the squared Euclidean distance of two steps."""
        return self.sum_of_squares([self.minus(p, q) for p, q in zip(a, b, strict=True)])

    def box_cost(self, point: Sequence[Any], low: Sequence[Any], high: Sequence[Any]) -> Any:
        """Return the squared distance of a point to a box, 0 inside."""
        zero = self.constant(0.0)
        return self.sum_of_squares(
            [
                self.larger(self.larger(self.minus(a, p), self.minus(p, b)), zero)
                for p, a, b in zip(point, low, high, strict=True)
            ]
        )

    def transpose(self, rows: Sequence[Any]) -> list[Any]:
        """Return `LANES` vectors whose lane ``j`` of vector ``i`` is lane ``i`` of row ``j``.

        A butterfly: at each of log2(LANES) stages, rows that lie ``half`` apart exchange the
        lanes that lie ``half`` apart.
        """
        rows = list(rows)
        half = 1
        while half < LANES:
            upper = [lane & half for lane in range(LANES)]
            keep = [lane + LANES - half if up else lane for lane, up in enumerate(upper)]
            give = [lane + LANES if up else lane + half for lane, up in enumerate(upper)]
            for i in range(LANES):
                if not i & half:
                    a, b = rows[i], rows[i + half]
                    rows[i] = self.builder.shuffle_vector(a, b, ir.Constant(self.integers, keep))
                    rows[i + half] = self.builder.shuffle_vector(
                        a, b, ir.Constant(self.integers, give)
                    )
            half *= 2
        return rows
