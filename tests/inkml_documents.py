"""Small InkML documents for tests."""

NAMESPACE = 'xmlns="http://www.w3.org/2003/InkML"'


def document(tmp_path, body, attributes=NAMESPACE, name="a.inkml"):
    """Write a document with some content, and return its path."""
    path = tmp_path / name
    path.write_text(f"<ink {attributes}>{body}</ink>", encoding="utf-8")
    return path


def formatted(*channels):
    """Return a trace format with X, Y and more."""
    more = "".join(f"<channel {channel}/>" for channel in channels)
    return f'<traceFormat><channel name="X"/><channel name="Y"/>{more}</traceFormat>'


def xs(ink):
    """Return x of each stroke."""
    return [stroke["x"].tolist() for stroke in ink.strokes]
