"""Inks for Hypothesis, as odd as a format can carry."""

from hypothesis import strategies as st

from strokesim.ink import Hover, Ink, Stroke

samples = st.one_of(
    st.integers(-3, 3).map(float),
    st.just(-0.0),
    st.floats(-(2.0**53), 2.0**53, allow_nan=False),
)
any_texts = st.text(max_size=5)
# What XML 1.0 and UTF-8 can hold.
plain_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\r\t,;\"'<>&"),
    min_size=1,
    max_size=5,
)


@st.composite
def strokes(draw, channels):
    """A stroke; a pressure is between 0 and 1."""
    ranges = [st.floats(0, 1) if name == "pressure" else samples for name in channels]
    rows = st.lists(st.tuples(*ranges), min_size=1, max_size=4)
    return Stroke(draw(rows), channels)


@st.composite
def inks(draw, *, texts=any_texts, others=any_texts, everything=True):
    """An ink; ``everything`` adds the fields that only our own formats have a place for.

    The time begins with the first sample, and hover stands in the order of time.
    """
    known = st.sampled_from(["t", "pressure", "altitude", "azimuth"])
    taken = ("x", "y", "X", "Y", "t", "pressure", "altitude", "azimuth")
    more = draw(
        st.lists(known | others.filter(lambda name: name not in taken), unique=True, max_size=3)
    )
    channels = tuple(draw(st.permutations(["x", "y", *more])))
    strokes_down = draw(st.lists(strokes(channels), min_size=1, max_size=3))
    places = sorted(draw(st.lists(st.integers(0, len(strokes_down)), max_size=2)))
    hover = [Hover(place, draw(strokes(("x", "y")))) for place in places]
    if "t" in channels:
        column = channels.index("t")
        first = strokes_down[0].samples.copy()
        first[0, column] = 0.0
        strokes_down[0] = Stroke(first, channels)
    fields = {}
    if everything:
        fields["source"] = draw(st.none() | texts)
        fields["repairs"] = draw(st.dictionaries(texts, st.integers(0, 10**6), max_size=2))
        fields["notes"] = draw(st.dictionaries(texts, texts, max_size=2))
    return Ink(
        tuple(strokes_down),
        label=draw(st.none() | texts),
        writer=draw(st.none() | texts),
        id=draw(st.none() | texts),
        mm_per_unit=draw(st.none() | st.floats(1e-300, 1e300)),
        hover=tuple(hover),
        **fields,
    )


def bits(ink):
    """Return every sample of an ink as bytes, in which -0.0 is not 0."""
    paths = [*ink.strokes, *(part.path for part in ink.hover)]
    return [path.samples.tobytes() for path in paths]
