"""What Hypothesis draws: feature sequences in which ties and zeros happen."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

SMALL = st.integers(-2, 2).map(float)
"""Few values, so that distances repeat and are often 0."""

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
"""Every finite float32, huge and tiny ones too."""

values = st.sampled_from([SMALL, FLOATS])
n_features = st.integers(1, 12)
radii = st.none() | st.integers(0, 4)


def sequences(features, elements=SMALL, max_steps=12, min_steps=1):
    """float32 arrays of shape (n_steps, features)."""
    shapes = st.tuples(st.integers(min_steps, max_steps), st.just(features))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=elements))


@st.composite
def tuples_of_sequences(draw, count, max_steps=12, equal_length=False, max_features=12):
    """``count`` sequences with the same number of features."""
    features, elements = draw(st.integers(1, max_features)), draw(values)
    least = most = draw(st.integers(1, max_steps))
    if not equal_length:
        least, most = 1, max_steps
    one = sequences(features, elements, most, least)
    return tuple(draw(one) for _ in range(count))


@st.composite
def corpora(draw, equal_length=False, max_entries=14, max_queries=3, max_steps=5):
    """A list of sequences and a list of queries; entries are repeated on purpose."""
    features = draw(st.integers(1, 3))
    elements = draw(values)
    steps = draw(st.integers(1, max_steps))
    one = sequences(features, elements, steps, steps if equal_length else 1)
    different = draw(st.lists(one, min_size=1, max_size=5))
    entries = draw(st.lists(st.sampled_from(different), min_size=1, max_size=max_entries))
    queries = draw(st.lists(one | st.sampled_from(different), min_size=1, max_size=max_queries))
    return entries, queries
