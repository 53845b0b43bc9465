"""The innermost loops of lane kernels: one intrinsic per loop, used by `lane_dtw`, `bounds`.

Shapes: ``LANES`` candidates lie side by side in a block ``(n_steps, n_features, LANES)``, flat
in memory; a query is ``(n_steps, n_features)``. ``rows`` and ``features`` are tuples of zeros
whose lengths are the number of query rows to sweep together and of features.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from strokesim.distances.vectors import INT32, INT64, LANES, Emitter

# Kernels call an intrinsic without the typing context that its definition begins with.
intrinsic: Any = extending.intrinsic


@intrinsic
def sweep(
    typing_context: Any,
    rows: Any,
    features: Any,
    query: Any,
    first_row: Any,
    block: Any,
    columns: Any,
    above: Any,
    band_start: Any,
    band_width: Any,
    lowest: Any,
) -> Any:
    """Carry DTW over ``len(rows)`` rows of the query, all lanes, every column of the band.

    For each column j and each row i of the sweep

        D(i, j) = |query[i] - block[j]|^2 + min(D(i - 1, j), D(i - 1, j - 1), D(i, j - 1))

    ``above`` holds row ``first_row - 1`` on entry and the last row on return, column j in
    element j + 1 (element 0 is what lies left of column 0); D of the rows between stays in
    registers. ``lowest`` receives each lane's minimum over the last row.

    ``columns`` = (start, core_start, core_end, end). In the core every lane and row is inside
    its band; before and after it, a cell counts where 0 <= j - band_start[lane] - (i -
    first_row) <= band_width[lane], else it is inf. What the band leaves out on the right must
    be inf in ``above`` already.
    """
    n_rows, n_features = rows.count, features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[2].dtype)
        queries, blocks, aboves, starts, widths, lows = (
            e.pointer(signature.args[n], arguments[n]) for n in (2, 4, 6, 7, 8, 9)
        )
        steps = [
            e.point(queries, builder.add(arguments[3], INT64(row)), n_features)
            for row in range(n_rows)
        ]
        start = e.load(starts, INT64(0), e.integers)
        width = e.load(widths, INT64(0), e.integers)
        edges = [builder.extract_value(arguments[5], n) for n in range(4)]
        left = [cgutils.alloca_once_value(builder, e.infinity) for _ in range(n_rows)]
        low = cgutils.alloca_once_value(builder, e.infinity)
        corner = cgutils.alloca_once_value(builder, e.load(aboves, e.offset(edges[0], 0, LANES)))
        for begin, end, edge in (
            (edges[0], edges[1], True),
            (edges[1], edges[2], False),
            (edges[2], edges[3], True),
        ):
            with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (j, _):
                point = e.points(blocks, j, n_features)
                place = e.offset(j, 1, LANES)
                up, diagonal = e.load(aboves, place), builder.load(corner)
                builder.store(up, corner)
                if edge:
                    position = builder.sub(e.spread(builder.trunc(j, INT32)), start)
                for row in range(n_rows):
                    before = builder.load(left[row])
                    best = e.smaller(e.smaller(up, diagonal), before)
                    value = e.plus(e.step_cost(steps[row], point), best)
                    if edge:
                        inside = builder.icmp_unsigned(
                            "<=", builder.sub(position, e.integer(row)), width
                        )
                        value = builder.select(inside, value, e.infinity)
                    builder.store(value, left[row])
                    up, diagonal = value, before
                e.store(aboves, place, up)
                builder.store(e.smaller(builder.load(low), up), low)
        e.store(lows, INT64(0), builder.load(low))
        return context.get_dummy_value()

    given = (rows, features, query, first_row, block, columns, above)
    return types.void(*given, band_start, band_width, lowest), generate


@intrinsic
def corner_cost(
    typing_context: Any,
    depth: Any,
    features: Any,
    boxed: Any,
    ends: Any,
    corners: Any,
    corners_at: Any,
    stride: Any,
    bounds: Any,
    bounds_at: Any,
) -> Any:
    """Write a lower bound of DTW from both ends of the path, ``len(depth)`` steps deep.

    ``ends`` and ``corners`` hold ``2 * stride`` steps: the first ones, then the last ones
    backwards. From each end, D is computed over a square of ``len(depth)`` steps; the path
    leaves that square over its last row or column, so the least D there is the least that it
    can have cost by then. Where ``boxed`` has two elements, steps of ``corners`` are boxes, their
    lower corner and then the upper one.
    """
    n_deep, n_features, per_step = depth.count, features.count, boxed.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[3].dtype)
        a, b, out = (e.pointer(signature.args[n], arguments[n]) for n in (3, 4, 7))
        cell_cost = e.step_cost if per_step == 1 else e.box_cost
        total = e.constant(0.0)
        for end in range(2):
            a_start = builder.mul(arguments[6], INT64(end))
            b_start = builder.mul(builder.add(arguments[5], a_start), INT64(per_step))
            columns = [
                [
                    e.points(b, builder.add(b_start, INT64(j * per_step + part)), n_features)
                    for part in range(per_step)
                ]
                for j in range(n_deep)
            ]
            above = [e.infinity] * (n_deep + 1)
            exits = []
            for i in range(n_deep):
                step = e.point(a, builder.add(a_start, INT64(i)), n_features)
                row = [e.infinity]
                for j in range(n_deep):
                    cost = cell_cost(step, *columns[j])
                    if i or j:
                        best = e.smaller(e.smaller(above[j + 1], above[j]), row[j])
                        cost = e.plus(cost, best)
                    row.append(cost)
                exits.append(row[-1])
                above = row
            least = above[-1]
            for value in exits[:-1] + above[1:-1]:
                least = e.smaller(least, value)
            total = e.plus(total, least)
        e.store(out, e.offset(arguments[8], 0, LANES), total)
        return context.get_dummy_value()

    given = (depth, features, boxed, ends, corners, corners_at, stride, bounds, bounds_at)
    return types.void(*given), generate


@intrinsic
def rows_to_boxes(
    typing_context: Any,
    features: Any,
    query: Any,
    rows: Any,
    boxes: Any,
    sums: Any,
    sums_at: Any,
) -> Any:
    """Add up, for each lane, the squared distances of query steps to the lane's box.

    ``rows`` = (start, end); ``boxes`` holds the lower and then the upper corner of each lane's
    box, (2, n_features, LANES); the sum is added to ``sums`` at element ``sums_at``.
    """
    n_features = features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[1].dtype)
        queries, corners, out = (e.pointer(signature.args[n], arguments[n]) for n in (1, 3, 4))
        low, high = (e.points(corners, INT64(n), n_features) for n in range(2))
        place = e.offset(arguments[5], 0, LANES)
        total = cgutils.alloca_once_value(builder, e.load(out, place))
        begin, end = (builder.extract_value(arguments[2], n) for n in range(2))
        with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (i, _):
            cost = e.box_cost(e.point(queries, i, n_features), low, high)
            builder.store(e.plus(builder.load(total), cost), total)
        e.store(out, place, builder.load(total))
        return context.get_dummy_value()

    return types.void(features, query, rows, boxes, sums, sums_at), generate


@intrinsic
def columns_to_envelope(
    typing_context: Any,
    features: Any,
    low: Any,
    high: Any,
    stride: Any,
    block: Any,
    columns: Any,
    ends: Any,
    sums: Any,
) -> Any:
    """Add up, for each lane, the squared distances of its steps to the query's envelope.

    Step j of a lane counts where columns[0] <= j < min(columns[1], ends[lane]), against the box
    from ``low[j * stride]`` to ``high[j * stride]``: stride 1 for an envelope, 0 for one box.
    """
    n_features = features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[1].dtype)
        lows, highs, blocks, lane_ends, out = (
            e.pointer(signature.args[n], arguments[n]) for n in (1, 2, 4, 6, 7)
        )
        last = e.load(lane_ends, INT64(0), e.integers)
        total = cgutils.alloca_once_value(builder, e.load(out, INT64(0)))
        begin, end = (builder.extract_value(arguments[5], n) for n in range(2))
        with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (j, _):
            at = builder.mul(j, arguments[3])
            cost = e.box_cost(
                e.points(blocks, j, n_features),
                e.point(lows, at, n_features),
                e.point(highs, at, n_features),
            )
            counts = builder.icmp_signed("<", e.spread(builder.trunc(j, INT32)), last)
            cost = builder.select(counts, cost, e.constant(0.0))
            builder.store(e.plus(builder.load(total), cost), total)
        e.store(out, INT64(0), builder.load(total))
        return context.get_dummy_value()

    given = (features, low, high, stride, block, columns, ends, sums)
    return types.void(*given), generate


@intrinsic
def widen(typing_context: Any, lows: Any, highs: Any, count: Any, shift: Any) -> Any:
    """Take into each number the least, or largest, of itself and the one ``shift`` further on.

    ``count`` numbers of both arrays, rounded up to a multiple of `LANES`, which have to go on
    that far behind the last.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[0].dtype)
        low, high = (e.pointer(signature.args[n], arguments[n]) for n in range(2))
        with cgutils.for_range_slice(builder, INT64(0), arguments[2], INT64(LANES)) as (at, _):
            further = builder.add(at, arguments[3])
            e.store(low, at, e.smaller(e.load(low, at), e.load(low, further)))
            e.store(high, at, e.larger(e.load(high, at), e.load(high, further)))
        return context.get_dummy_value()

    return types.void(lows, highs, count, shift), generate


@intrinsic
def interleave(
    typing_context: Any, values: Any, starts: Any, longest: Any, scale: Any, block: Any
) -> Any:
    """Lay `LANES` runs of numbers side by side: block[t, lane] = scale * values[starts[lane] + t].

    For t up to ``longest``, rounded up to a multiple of `LANES`: ``values`` must go on that far
    behind every start, and the block needs that room. What a shorter run gets behind its end is
    whatever follows it in ``values``. ``values`` and ``scale`` are float32, the block is float32
    or float64.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, types.float32)
        wide = Emitter(context, builder, signature.args[4].dtype)
        source, offsets, target = (e.pointer(signature.args[n], arguments[n]) for n in (0, 1, 4))
        factor = e.spread(arguments[3])
        runs = [builder.load(builder.gep(offsets, [INT64(lane)])) for lane in range(LANES)]
        with cgutils.for_range_slice(builder, INT64(0), arguments[2], INT64(LANES)) as (t, _):
            tile = [e.load(source, builder.add(run, t)) for run in runs]
            for shift, row in enumerate(e.transpose(tile)):
                scaled = builder.fmul(row, factor)
                if not wide.single:
                    scaled = builder.fpext(scaled, wide.vector)
                wide.store(target, e.offset(t, shift, LANES), scaled)
        return context.get_dummy_value()

    return types.void(values, starts, longest, scale, block), generate


@intrinsic
def add_steps(
    typing_context: Any,
    rows: Any,
    features: Any,
    query: Any,
    query_at: Any,
    block: Any,
    block_at: Any,
    n_steps: Any,
    limit: Any,
    sums: Any,
) -> Any:
    """Add up step costs along ``len(rows)`` diagonals; tell whether any lane is within a limit.

    ``query_at`` = (first step, stride) and ``block_at`` likewise: row r adds, to its ``LANES``
    sums, the costs of query step first + r * stride + i and block step first + r * stride + i,
    for i below ``n_steps``. ``limit[r]`` is the limit of row r.
    """
    n_rows, n_features = rows.count, features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[2].dtype)
        queries, blocks, limits, out = (
            e.pointer(signature.args[n], arguments[n]) for n in (2, 4, 7, 8)
        )
        (query_first, query_stride), (block_first, block_stride) = (
            [builder.extract_value(arguments[n], part) for part in range(2)] for n in (3, 5)
        )
        query_from, block_from = (
            [builder.add(first, builder.mul(stride, INT64(row))) for row in range(n_rows)]
            for first, stride in ((query_first, query_stride), (block_first, block_stride))
        )
        totals = [
            cgutils.alloca_once_value(builder, e.load(out, INT64(row * LANES)))
            for row in range(n_rows)
        ]
        with cgutils.for_range_slice(builder, INT64(0), arguments[6], INT64(1)) as (i, _):
            for row in range(n_rows):
                cost = e.step_cost(
                    e.point(queries, builder.add(query_from[row], i), n_features),
                    e.points(blocks, builder.add(block_from[row], i), n_features),
                )
                builder.store(e.plus(builder.load(totals[row]), cost), totals[row])
        within = None
        for row in range(n_rows):
            total = builder.load(totals[row])
            e.store(out, INT64(row * LANES), total)
            most = e.spread(builder.load(builder.gep(limits, [INT64(row)])))
            inside = builder.fcmp_ordered("<=", total, most)
            within = inside if within is None else builder.or_(within, inside)
        bits = builder.bitcast(within, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.IntType(LANES)(0))

    given = (rows, features, query, query_at, block, block_at, n_steps, limit, sums)
    return types.boolean(*given), generate


@intrinsic
def nearest_steps(
    typing_context: Any,
    rows: Any,
    features: Any,
    query: Any,
    first_row: Any,
    block: Any,
    columns: Any,
    ends: Any,
    row_least: Any,
    column_least: Any,
) -> Any:
    """Find the nearest step of each lane to ``len(rows)`` query steps, and the other way round.

    ``row_least`` receives the least step costs of each row; ``column_least``, element j for
    block step j, keeps the least so far. ``columns`` = (shortest, longest): from the shortest
    lane's end on, a step counts for the rows where it is before ``ends[lane]``.
    """
    n_rows, n_features = rows.count, features.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[2].dtype)
        queries, blocks, lane_ends, out, kept = (
            e.pointer(signature.args[n], arguments[n]) for n in (2, 4, 6, 7, 8)
        )
        steps = [
            e.point(queries, builder.add(arguments[3], INT64(row)), n_features)
            for row in range(n_rows)
        ]
        last = e.load(lane_ends, INT64(0), e.integers)
        least = [cgutils.alloca_once_value(builder, e.infinity) for _ in range(n_rows)]
        shortest, longest = (builder.extract_value(arguments[5], n) for n in range(2))
        for begin, end, edge in ((INT64(0), shortest, False), (shortest, longest, True)):
            with cgutils.for_range_slice(builder, begin, end, INT64(1)) as (j, _):
                point, place = e.points(blocks, j, n_features), e.offset(j, 0, LANES)
                column = e.load(kept, place)
                for row in range(n_rows):
                    cost = e.step_cost(steps[row], point)
                    column = e.smaller(column, cost)
                    if edge:
                        inside = builder.icmp_signed("<", e.spread(builder.trunc(j, INT32)), last)
                        cost = builder.select(inside, cost, e.infinity)
                    builder.store(e.smaller(builder.load(least[row]), cost), least[row])
                e.store(kept, place, column)
        for row in range(n_rows):
            e.store(out, INT64(row * LANES), builder.load(least[row]))
        return context.get_dummy_value()

    given = (rows, features, query, first_row, block, columns, ends, row_least, column_least)
    return types.void(*given), generate
