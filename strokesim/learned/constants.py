"""The constants of an ONNX file, read without the package onnx.

An ONNX file is a message of Protocol Buffers: fields one behind the other, each a key that holds
its number and its kind, and a value. Of a model, the field 7 is the graph; of a graph, 5 are its
constants; of a constant, 2 says what it holds and 9 are its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_GRAPH, _CONSTANT, _TYPE, _BYTES = 7, 5, 2, 9
_FLOATS = {1: "<f4", 10: "<f2", 11: "<f8"}


def check_constants(model: bytes) -> None:
    """Refuse a model with a constant that is NaN or infinite.

    Runs of a model need not show one: ONNX Runtime may bring it into range on the way.

    Parameters
    ----------
    model : bytes
        An ONNX file that ONNX Runtime took, its constants as bytes.

    Raises
    ------
    ValueError
    """
    for graph in _values(memoryview(model), _GRAPH):
        for place, constant in enumerate(_values(graph, _CONSTANT)):
            kinds, parts = list(_values(constant, _TYPE)), list(_values(constant, _BYTES))
            kind = _FLOATS.get(kinds[-1][0]) if kinds else None
            if kind is None or not parts:
                continue
            if not np.isfinite(np.frombuffer(parts[-1], np.dtype(kind))).all():
                raise ValueError(f"its constant {place} holds what is no number, or infinite")


def _values(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield the values of a field of a message, as bytes."""
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        kind, end = key & 7, place
        if kind == 0:
            _, end = _number(message, place)
        elif kind == 2:
            length, place = _number(message, place)
            end = place + length
        elif kind in (1, 5):
            end = place + (8 if kind == 1 else 4)
        else:
            raise ValueError(f"a field of the kind {kind}")
        if end > len(message):
            raise ValueError("a field beyond the end")
        if key >> 3 == wanted:
            yield message[place:end]
        place = end


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """Return the number that is written from a place on, seven bits a byte, and where it ends."""
    value = 0
    for count, byte in enumerate(message[place : place + 10]):
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, place + count + 1
    raise ValueError("a number without end")
