"""The innermost loops over summaries of `LANES` candidates: intrinsics like those of `lanes`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from strokesim.distances.vectors import INT64, LANES, Emitter

# Kernels call an intrinsic without the typing context that its definition begins with.
intrinsic: Any = extending.intrinsic

BYTES = ir.VectorType(ir.IntType(8), LANES)


@intrinsic
def add_landmarks(
    typing_context: Any,
    near: Any,
    chosen: Any,
    radii: Any,
    fields: Any,
    fields_at: Any,
    grid: Any,
    sums: Any,
    sums_at: Any,
) -> Any:
    """Write, for each lane, the sum over query steps of max(0, grid * field - radius).

    Each query step has ``len(near)`` landmarks, whose numbers are in ``chosen`` and whose radii
    in ``radii``; the largest difference counts. ``fields`` holds one byte for each landmark and
    lane, those of this block from landmark ``fields_at`` on.
    """
    n_near = near.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, types.float32)
        numbers, distances, bytes_of, out = (
            e.pointer(signature.args[n], arguments[n]) for n in (1, 2, 3, 6)
        )
        unit, zero = e.spread(arguments[5]), e.constant(0.0)
        total = cgutils.alloca_once_value(builder, zero)
        shape = context.make_array(signature.args[1])(context, builder, arguments[1]).shape
        count = builder.extract_value(shape, 0)
        with cgutils.for_range_slice(builder, INT64(0), count, INT64(n_near)) as (i, _):
            most = zero
            for place in range(n_near):
                at = builder.add(i, INT64(place))
                landmark = builder.load(builder.gep(numbers, [at]))
                row = e.offset(builder.add(arguments[4], landmark), 0, LANES)
                spot = builder.bitcast(builder.gep(bytes_of, [row]), BYTES.as_pointer())
                field = builder.uitofp(builder.load(spot, align=1), e.vector)
                radius = e.spread(builder.load(builder.gep(distances, [at])))
                far = builder.fmul(field, unit, flags=e.flags)
                most = e.larger(most, e.minus(far, radius))
            builder.store(e.plus(builder.load(total), most), total)
        e.store(out, e.offset(arguments[7], 0, LANES), builder.load(total))
        return context.get_dummy_value()

    given = (near, chosen, radii, fields, fields_at, grid, sums, sums_at)
    return types.void(*given), generate


@intrinsic
def least_of_means(
    typing_context: Any,
    rows: Any,
    features: Any,
    means: Any,
    first: Any,
    width: Any,
    block: Any,
    segments: Any,
    least: Any,
    least_at: Any,
) -> Any:
    """Lower each lane's ``least`` to the least, over ``len(rows)`` shifts, of a sum of squares.

    Shift r adds up the squared distances of ``means[first + r + width * g]`` and segment g of
    the block, for segments[0] <= g < segments[1].
    """
    n_rows, n_features = rows.count, features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, types.float32)
        queries, blocks, out = (e.pointer(signature.args[n], arguments[n]) for n in (2, 5, 7))
        totals = [cgutils.alloca_once_value(builder, e.constant(0.0)) for _ in range(n_rows)]
        begin, end = (builder.extract_value(arguments[6], n) for n in range(2))
        with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (g, _):
            points = e.points(blocks, g, n_features)
            at = builder.add(arguments[3], builder.mul(g, arguments[4]))
            for row in range(n_rows):
                step = e.point(queries, builder.add(at, INT64(row)), n_features)
                cost = e.step_cost(step, points)
                builder.store(e.plus(builder.load(totals[row]), cost), totals[row])
        place = e.offset(arguments[8], 0, LANES)
        known = e.load(out, place)
        for total in totals:
            known = e.smaller(known, builder.load(total))
        e.store(out, place, known)
        return context.get_dummy_value()

    given = (rows, features, means, first, width, block, segments, least, least_at)
    return types.void(*given), generate
