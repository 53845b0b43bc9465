"""Error rates and their intervals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from strokesim.errors import ArgumentError
from strokesim.evaluation import Rate, error_rate, mean_rate
from strokesim.evaluation.resampling import draw_weights


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
    with pytest.raises(ArgumentError, match="3 writers for 2 entries; needed: one each"):
        error_rate([True, False], ["a", "b", "c"], rng=rng())


def test_interval_agrees_with_scipy():
    draw = np.random.default_rng(2)
    writers = draw.integers(0, 12, 300)
    wrong = draw.random(300) < draw.beta(2, 8, 12)[writers]
    rate = error_rate(wrong, writers, rng=rng())
    sums, counts = np.bincount(writers, wrong), np.bincount(writers)
    expected = bootstrap(
        (sums, counts),
        lambda s, n, axis: s.sum(axis) / n.sum(axis),
        paired=True, vectorized=True, method="percentile", n_resamples=10_000, rng=rng(),
    ).confidence_interval  # fmt: skip
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_interval_of_pairs_is_that_of_all_draws_of_three_writers():
    # The pairs ab, ac, bc and aa gave 1, 0, 0 and 1. All 27 draws, by plain loops.
    pairs = [("a", "b", 1), ("a", "c", 0), ("b", "c", 0), ("a", "a", 1)]
    values = []
    for draw in itertools.product("abc", repeat=3):
        total = tried = 0
        for one, other, share in pairs:
            times = draw.count(one) * (draw.count(other) if other != one else 1)
            total, tried = total + times * share, tried + times
        if tried:
            values.append(total / tried)
    left, right, shares = zip(*pairs, strict=True)
    rate = mean_rate(shares, left, others=right, rng=rng(), confidence=0.5)
    assert rate.value == 0.5
    assert (rate.low, rate.high) == pytest.approx(tuple(np.quantile(values, [0.25, 0.75])))


def test_weights_of_a_pair_are_the_product_of_its_writers_numbers():
    left, right = np.array([0, 1, 2, 0, 0, 1]), np.array([0, 1, 2, 1, 2, 2])
    (weights,) = draw_weights(left, right, np.zeros(3), 500, rng())
    assert (weights[:, :3].sum(axis=1) == 3).all()
    for column, (one, other) in ((3, (0, 1)), (4, (0, 2)), (5, (1, 2))):
        assert (weights[:, column] == weights[:, one] * weights[:, other]).all()
    assert weights[:, 3].mean() == pytest.approx(1 - 1 / 3, abs=0.1)


def test_draws_are_the_same_in_one_piece_and_in_many(monkeypatch):
    wrong = np.arange(30) % 4 == 0
    whole = error_rate(wrong, np.arange(30) % 7, rng=rng(), resamples=100)
    monkeypatch.setattr("strokesim.evaluation.resampling._ROOM", 1)
    assert whole == error_rate(wrong, np.arange(30) % 7, rng=rng(), resamples=100)


def test_interval_over_both_sides_covers_where_one_over_pairs_would_not():
    draw = np.random.default_rng(0)
    one, other = np.triu_indices(30, 1)
    covered = naive = 0
    for _ in range(100):
        ease = draw.normal(0, 0.15, 30)
        shares = np.clip(0.5 + ease[one] + ease[other] + draw.normal(0, 0.1, len(one)), 0, 1)
        rate = mean_rate(shares, one, others=other, rng=draw, resamples=200)
        covered += rate.low <= 0.5 <= rate.high
        pairs = mean_rate(shares, np.arange(len(one)), rng=draw, resamples=200)
        naive += pairs.low <= 0.5 <= pairs.high
    assert covered >= 88
    assert naive < 60


def test_groups_count_the_same_however_many_trials_they_have():
    wrong, groups = [True] * 2 + [False] * 6, ["few"] * 2 + ["many"] * 6
    writers = ["a", "b", *"cdecde"]
    rate = error_rate(wrong, writers, groups=groups, rng=rng())
    assert rate == Rate(0.5, 0.5, 0.5, 8, 5)


def test_writers_are_drawn_within_their_groups():
    # Each group has a writer who is always wrong: 0, 1/2, 1/2, 1 in each, so 1/16 at the ends.
    rate = error_rate(
        [1, 0, 1, 0], ["a", "b", "c", "d"], groups=["x", "x", "y", "y"], rng=rng(), confidence=0.8
    )
    assert (rate.low, rate.value, rate.high) == (0.25, 0.5, 0.75)


def test_writers_of_several_groups_are_drawn_for_all_of_them_at_once():
    same = error_rate([1, 0, 1, 0], list("abab"), groups=list("xxyy"), rng=rng(), confidence=0.8)
    assert (same.low, same.value, same.high) == (0.0, 0.5, 1.0)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 3)), min_size=1),
    st.integers(0, 99),
)
def test_a_rate_lies_between_0_and_1_and_its_interval_too(trials, seed):
    shares, left, right = zip(*trials, strict=True)
    chance = np.random.default_rng(seed)
    try:
        rate = mean_rate(shares, left, others=right, rng=chance, resamples=20)
    except ArgumentError as error:
        assert "writers" in str(error)
    else:
        assert rate.value == pytest.approx(np.mean(shares))
        assert 0 <= rate.low <= rate.high <= 1


def test_what_makes_no_rate_is_refused():
    with pytest.raises(ArgumentError, match="trial 1 gave nan; a share is between 0 and 1"):
        mean_rate([0.5, np.nan], ["a", "b"], rng=rng())
    with pytest.raises(ArgumentError, match=r"trial 0 gave 1e\+300"):
        mean_rate([1e300], ["a"], rng=rng())
    with pytest.raises(ArgumentError, match=r"trials of shape \(1, 2\)"):
        mean_rate([[0, 1]], ["a", "b"], rng=rng())
    with pytest.raises(ArgumentError, match="wrong holds 2; needed: bools"):
        error_rate([0, 2], ["a", "b"], rng=rng())
    with pytest.raises(ArgumentError, match="the writer of entry 1 is None"):
        error_rate([0, 1], ["a", None], rng=rng())
    with pytest.raises(ArgumentError, match="1 groups for 2 entries"):
        error_rate([0, 1], ["a", "b"], groups=["x"], rng=rng())
    with pytest.raises(ArgumentError, match="at least two of them in each"):
        error_rate([0, 1, 1], ["a", "b", "c"], groups=["x", "x", "y"], rng=rng())
    with pytest.raises(ArgumentError, match="resamples=0; at least 1 is"):
        error_rate([0, 1], ["a", "b"], rng=rng(), resamples=0)
    with pytest.raises(ArgumentError, match="confidence=95; needed: a share"):
        error_rate([0, 1], ["a", "b"], rng=rng(), confidence=95)
    with pytest.raises(ArgumentError, match=r"rng is 7; needed: a numpy\.random"):
        error_rate([0, 1], ["a", "b"], rng=7)


def test_draws_without_any_trial_are_left_out_and_no_others_refused():
    class Stuck(np.random.Generator):
        """Draws the first writer always."""

        def integers(self, low, high, size):
            return np.zeros(size, int)

    stuck = Stuck(np.random.PCG64(0))
    with pytest.raises(ArgumentError, match="none of 5 draws of writers holds a trial"):
        error_rate([1], ["a"], others=["b"], rng=stuck, resamples=5)
    assert error_rate([1], ["a"], others=["b"], rng=rng()) == Rate(1.0, 1.0, 1.0, 1, 2)
