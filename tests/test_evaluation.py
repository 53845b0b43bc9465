"""Error rates and their intervals."""

import numpy as np
import pytest

from strokesim.errors import ArgumentError
from strokesim.evaluation import Rate, error_rate


def rng():
    return np.random.default_rng(5)


def test_error_rate_is_the_share_of_wrong_answers():
    rate = error_rate([True, False, False, False], ["a", "a", "b", "c"], rng=rng())
    assert rate.value == 0.25
    assert (rate.n_trials, rate.n_writers) == (4, 3)
    assert rate.low <= rate.value <= rate.high


def test_interval_is_over_writers_and_not_over_samples():
    wrong = [True] * 100 + [False] * 300
    one_bad_writer = [f"w{i // 100}" for i in range(400)]
    many_writers = [f"w{i}" for i in range(400)]
    clustered = error_rate(wrong, one_bad_writer, rng=rng())
    independent = error_rate(wrong, many_writers, rng=rng())
    assert clustered.value == independent.value == 0.25
    assert clustered.high - clustered.low > 5 * (independent.high - independent.low)


def test_interval_of_two_writers_is_enumerable_by_hand():
    # Draws of {all wrong, all right}: 0, 1/2, 1/2, 1, a quarter of the draws each.
    rate = error_rate([True, False], ["a", "b"], rng=rng(), confidence=0.9)
    assert (rate.low, rate.value, rate.high) == (0.0, 0.5, 1.0)


def test_interval_covers_the_truth_about_as_often_as_it_claims():
    draw = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        rates = draw.beta(2, 18, size=40)
        wrong = (draw.random((40, 50)) < rates[:, None]).ravel()
        rate = error_rate(wrong, np.repeat(np.arange(40), 50), rng=draw, resamples=400)
        covered += rate.low <= 0.1 <= rate.high
    assert 180 <= covered <= 199


def test_a_rate_prints_as_percent_with_its_interval():
    assert str(Rate(0.0206, 0.015, 0.03, 3498, 14)) == "2.06 % [1.50, 3.00]"


def test_an_interval_needs_two_writers_and_one_writer_per_answer():
    with pytest.raises(ArgumentError, match="1 writers; an interval over writers needs"):
        error_rate([True, False], ["a", "a"], rng=rng())
    with pytest.raises(ArgumentError, match="0 writers"):
        error_rate([], [], rng=rng())
    with pytest.raises(ArgumentError, match=r"\(2,\) answers and 3 writers"):
        error_rate([True, False], ["a", "b", "c"], rng=rng())
