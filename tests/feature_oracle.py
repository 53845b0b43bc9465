"""Slow, obvious twins of the features, from the definitions. Imports nothing of ours.

An ink is a list of strokes, a stroke a list of samples ``(x, y, t, pressure)``. Nothing is done
here for speed or for extreme coordinates.
"""

import itertools
from math import atan2, ceil, hypot, pi, sqrt

STILL = 1e-9


def sides(points):
    """Width and height of the box around points."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return max(xs) - min(xs), max(ys) - min(ys)


def line_mean(strokes, value):
    """Mean of a quadratic function of x, y over the line on paper, by Simpson's rule.

    Of ink of dots alone: the mean over the first samples of its strokes.
    """
    longer = max(sides([p for stroke in strokes for p in stroke]))
    total = weight = 0.0
    for stroke in strokes:
        for a, b in itertools.pairwise(stroke):
            length = hypot(b[0] - a[0], b[1] - a[1])
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            total += length * (value(*a[:2]) + 4 * value(*middle) + value(*b[:2])) / 6
            weight += length
    if weight <= STILL * longer:
        return sum(value(*stroke[0][:2]) for stroke in strokes) / len(strokes)
    return total / weight


def centroid(strokes):
    return line_mean(strokes, lambda x, y: x), line_mean(strokes, lambda x, y: y)


def moved(strokes, place):
    """The ink with every position replaced."""
    return [[(*place(x, y), t, p) for x, y, t, p in stroke] for stroke in strokes]


def derotated(strokes):
    cx, cy = centroid(strokes)
    longer = max(sides([p for stroke in strokes for p in stroke]))
    x, y = strokes[0][0][0] - cx, strokes[0][0][1] - cy
    if hypot(x, y) <= STILL * longer:
        return strokes
    turn = complex(x, -y) / hypot(x, y)

    def place(x, y):
        turned = complex(x - cx, y - cy) * turn
        return cx + turned.real, cy + turned.imag

    return moved(strokes, place)


def deslanted(strokes):
    cx, cy = centroid(strokes)
    longer = max(sides([p for stroke in strokes for p in stroke]))
    covariance = line_mean(strokes, lambda x, y: (x - cx) * (y - cy))
    variance = line_mean(strokes, lambda x, y: (y - cy) ** 2)
    if variance <= (STILL * longer) ** 2:
        return strokes
    slant = max(-1, min(1, covariance / variance))
    return moved(strokes, lambda x, y: (x - slant * (y - cy), y))


def unit_of_size(strokes, size):
    """The length that becomes 1."""
    width, height = sides([p for stroke in strokes for p in stroke])
    longer = max(width, height)
    if size is None or longer == 0:
        return 1
    if size == "longer":
        return longer
    if size == "height":
        return max(height, longer / 16)
    cx, cy = centroid(strokes)
    return max(sqrt(line_mean(strokes, lambda x, y: (x - cx) ** 2 + (y - cy) ** 2)), longer / 16)


def origin(strokes, position):
    """The place that becomes (0, 0)."""
    points = [p for stroke in strokes for p in stroke]
    if position is None:
        return 0, 0
    if position == "start":
        return points[0][:2]
    if position == "box":
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return centroid(strokes)


def normalised(strokes, position, size, deslant, derotate):
    if derotate:
        strokes = derotated(strokes)
    if deslant:
        strokes = deslanted(strokes)
    unit = unit_of_size(strokes, size)
    ox, oy = origin(strokes, position)
    return moved(strokes, lambda x, y: ((x - ox) / unit, (y - oy) / unit))


def sample_table(strokes):
    """Every sample as a dict with its stroke, its repaired time and the path so far."""
    table, clock = [], 0
    for number, stroke in enumerate(strokes):
        for x, y, t, pressure in stroke:
            clock = max(clock, t - strokes[0][0][2])
            step = {
                "x": x,
                "y": y,
                "t": clock,
                "pressure": pressure,
                "stroke": number,
                "path": 0,
                "air": 0,
                "ink": 0,
            }
            if table:
                before = table[-1]
                length = hypot(x - before["x"], y - before["y"])
                where = "ink" if before["stroke"] == number else "air"
                for key in ("path", "air", "ink"):
                    step[key] = before[key] + (length if key in ("path", where) else 0)
            table.append(step)
    return table


def between(a, b, share):
    """What lies a share of the way from sample a to sample b."""
    step = {key: a[key] + share * (b[key] - a[key]) for key in a}
    step["stroke"] = a["stroke"]
    if a["stroke"] != b["stroke"]:
        step["pressure"] = 0
    return step


def resampled(samples, along, steps, spacing):
    if along == "samples":
        return samples
    key = {"path": "path", "ink": "ink", "time": "t"}[along]
    if samples[-1][key] == 0:
        key = "path"
    whole = samples[-1][key]
    if steps is None:
        steps = ceil(whole / spacing * (1 - STILL)) + 1
    if steps == 1:
        return samples[:1]
    found = [samples[0]]
    for k in range(1, steps - 1):
        goal = whole * k / (steps - 1)
        at = [i for i, sample in enumerate(samples) if sample[key] <= goal + STILL * whole][-1]
        a = samples[at]
        if goal <= a[key] + STILL * whole:
            found.append(a)
        else:
            b = samples[at + 1]
            found.append(between(a, b, (goal - a[key]) / (b[key] - a[key])))
    return [*found, samples[-1]]


def apart(a, b):
    return hypot(a["x"] - b["x"], a["y"] - b["y"])


def rests(steps, differ):
    """The steps in groups that nothing moves within: (first, last) of the group of each step."""
    groups, start = [], 0
    for i in range(1, len(steps) + 1):
        if i == len(steps) or differ(steps[start], steps[i]):
            groups += [(start, i - 1)] * (i - start)
            start = i
    return groups


def heading(a, b, still):
    """Cosine and sine of the direction from a to b."""
    length = apart(a, b)
    if length <= still:
        return 0, 0
    return (b["x"] - a["x"]) / length, (b["y"] - a["y"]) / length


def features(strokes, names, *, along, steps, spacing, position, size, deslant, derotate, vicinity):
    """A list of steps, each the list of its features, unweighted."""
    ink = normalised(strokes, position, size, deslant, derotate)
    still = STILL * max(sides([p for stroke in ink for p in stroke]))
    path = resampled(sample_table(ink), along, steps, spacing)
    page = normalised(strokes, None, None, deslant, derotate)
    unit = unit_of_size(page, size)
    (page_x, page_y), (first_x, first_y) = page[0][0][:2], ink[0][0][:2]
    places = rests(path, lambda a, b: apart(a, b) > still)
    times = rests(path, lambda a, b: abs(a["t"] - b["t"]) > STILL * path[-1]["t"])
    rows = []
    for i, step in enumerate(path):
        first, last = places[i]
        before = path[first - 1] if first > 0 else step
        after = path[last + 1] if last + 1 < len(path) else step
        cos, sin = heading(before, after, still)
        previous = path[max(i - 1, 0)]
        row = {
            "x": step["x"],
            "y": step["y"],
            "cos": cos,
            "sin": sin,
            "cos2": cos**2 - sin**2,
            "sin2": 2 * cos * sin,
            "dx": step["x"] - previous["x"],
            "dy": step["y"] - previous["y"],
            "speed": speed(path, i, *times[i]),
            "curvature": turn(before, step, after, still),
            "pen_up": lifted(previous, step, still),
            "pressure": step["pressure"],
            "t": step["t"],
            "page_x": page_x + (step["x"] - first_x) * unit,
            "page_y": page_y + (step["y"] - first_y) * unit,
            **near_features(path[max(i - vicinity, 0) : i + vicinity + 1], still),
        }
        rows.append([row[name] for name in names])
    return rows


def speed(path, i, first, last):
    before = path[first - 1] if first > 0 else path[i]
    after = path[last + 1] if last + 1 < len(path) else path[i]
    elapsed = after["t"] - before["t"]
    return (after["path"] - before["path"]) / elapsed if elapsed > 0 else 0


def turn(before, step, after, still):
    if before is step or after is step:
        return 0
    (a, b), (c, d) = heading(before, step, still), heading(step, after, still)
    angle = atan2(d, c) - atan2(b, a)
    angle -= 2 * pi * round(angle / (2 * pi))
    return abs(angle) if abs(angle) > pi - 2 * STILL else angle


def lifted(previous, step, still):
    if previous is step:
        return 0
    path = step["path"] - previous["path"]
    if path <= still:
        return int(previous["stroke"] != step["stroke"])
    return (step["air"] - previous["air"]) / path


def near_features(vicinity, still):
    """The features of NPen++ that look at several steps."""
    width, height = sides([(step["x"], step["y"]) for step in vicinity])
    cos, sin = heading(vicinity[0], vicinity[-1], still)
    length = sum(apart(a, b) for a, b in itertools.pairwise(vicinity))
    flat = max(width, height) <= still
    squares = []
    for step in vicinity:
        x, y = step["x"] - vicinity[0]["x"], step["y"] - vicinity[0]["y"]
        along = x * cos + y * sin
        squares.append(hypot(x - along * cos, y - along * sin) ** 2)
    return {
        "aspect": 0 if flat else 2 * height / (width + height) - 1,
        "curliness": -1 if flat else length / max(width, height) - 2,
        "linearity": sum(squares) / len(squares),
        "slope_cos": cos,
        "slope_sin": sin,
    }
