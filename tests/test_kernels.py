"""Kernels that may stop early: what they leave out has lost for certain."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from strategies import tuples_of_sequences
from strokesim import DISTANCES
from strokesim.distances import kernels
from strokesim.distances.kernels import FREE, distance_within, ends_bound

KINDS = {
    "cloud": kernels.CLOUD,
    "dtw": kernels.DTW,
    "euclidean": kernels.EUCLIDEAN,
    "euclidean_shifted": kernels.SHIFTED,
}

every_kind = pytest.mark.parametrize(("name", "kind"), KINDS.items())


def pair_and_distance(name, data):
    a, b = data.draw(tuples_of_sequences(2, equal_length=not DISTANCES[name].unequal))
    return a, b, getattr(oracle, name)(a.tolist(), b.tolist())


def test_every_distance_has_a_kernel():
    assert KINDS.keys() == DISTANCES.keys()


@every_kind
@given(data=st.data())
def test_a_cutoff_never_changes_a_distance_it_lets_through(name, kind, data):
    a, b, distance = pair_and_distance(name, data)
    larger = data.draw(st.floats(min_value=distance, allow_nan=False))
    for cutoff in (distance, math.nextafter(distance, math.inf), larger):
        assert distance_within(kind, a, b, FREE, cutoff, np.empty(len(b))) == distance


@every_kind
@given(data=st.data())
def test_what_a_cutoff_abandons_is_above_it(name, kind, data):
    a, b, distance = pair_and_distance(name, data)
    smaller = data.draw(st.floats(min_value=0, max_value=distance, allow_nan=False))
    for cutoff in (0.0, smaller, math.nextafter(distance, 0)):
        found = distance_within(kind, a, b, FREE, cutoff, np.empty(len(b)))
        assert found in (distance, math.inf)


@every_kind
def test_a_cutoff_does_abandon(name, kind):
    a, b = np.zeros((9, 1), np.float32), np.ones((9, 1), np.float32)
    assert distance_within(kind, a, b, FREE, 0.25, np.empty(9)) == math.inf


@every_kind
@given(data=st.data())
def test_the_bound_of_the_ends_never_exceeds_the_distance(name, kind, data):
    a, b, distance = pair_and_distance(name, data)
    assert 0 <= ends_bound(kind, a, b) <= distance


def test_the_bound_of_the_ends_counts_a_single_pair_once():
    one, other = np.array([[3]], np.float32), np.array([[0], [1]], np.float32)
    assert ends_bound(kernels.DTW, one, other[:1]) == 3
    assert ends_bound(kernels.DTW, one, other) == math.sqrt(9 + 4)


def test_each_kernel_is_compiled_once():
    compiled = {
        name: len(kernel.signatures)
        for name, kernel in vars(kernels).items()
        if hasattr(kernel, "signatures")
    }
    assert {"squared_step", "scan", "fill_row"} <= compiled.keys()
    assert compiled == dict.fromkeys(compiled, 1)
