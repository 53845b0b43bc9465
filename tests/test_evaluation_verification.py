"""False acceptance, false rejection, equal error, and the pairs they are measured on."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import det_curve as sklearn_det_curve
from sklearn.metrics import roc_curve

from strokesim.errors import ArgumentError
from strokesim.evaluation import (
    EqualError,
    det_curve,
    equal_error,
    equal_error_rate,
    error_rate,
    pairs_of,
)


def both_kinds(pairs):
    return len({genuine for _, genuine in pairs}) == 2


scored_pairs = st.lists(
    st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=14
).filter(both_kinds)


def slow_rates(pairs, threshold):
    """(FAR, FRR) as fractions, by counting."""
    genuine = [distance for distance, same in pairs if same]
    impostors = [distance for distance, same in pairs if not same]
    far = Fraction(sum(d <= threshold for d in impostors), len(impostors))
    return far, Fraction(sum(d > threshold for d in genuine), len(genuine))


def slow_equal_error(pairs):
    """The crossing of the polyline through the operating points with the diagonal."""
    thresholds = [-1, *sorted({distance for distance, _ in pairs})]
    for before, after in itertools.pairwise(thresholds):
        (far, frr), (next_far, next_frr) = slow_rates(pairs, before), slow_rates(pairs, after)
        if next_far > next_frr:
            share = (frr - far) / ((frr - far) - (next_frr - next_far))
            rate = far + share * (next_far - far)
            if before == -1:
                return rate, after
            return rate, before + (share or Fraction(1, 2)) * (after - before)
    raise AssertionError("the last threshold accepts everything")


@given(scored_pairs)
def test_equal_error_is_the_crossing_with_the_diagonal(pairs):
    distances, genuine = zip(*pairs, strict=True)
    rate, threshold = slow_equal_error(pairs)
    assert equal_error(distances, genuine) == pytest.approx((float(rate), float(threshold)))


@given(scored_pairs)
def test_det_curve_counts_what_each_threshold_accepts(pairs):
    distances, genuine = zip(*pairs, strict=True)
    curve = det_curve(distances, genuine)
    assert curve.thresholds.tolist() == [-np.inf, *sorted(set(distances))]
    for threshold, far, frr in zip(*curve, strict=True):
        assert (far, frr) == pytest.approx(tuple(map(float, slow_rates(pairs, threshold))))
    for threshold in (-1.0, 0.5, 3.0, 5.9, np.inf):
        expected = tuple(map(float, slow_rates(pairs, threshold)))
        assert curve.at(threshold) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_equal_error_and_det_agree_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    genuine = rng.random(400) < 0.3
    distances = np.round(rng.normal(1, 0.4, 400) - 0.5 * genuine, 2)  # rounded: with ties
    fpr, tpr, _ = roc_curve(genuine, -distances, drop_intermediate=False)
    expected = brentq(lambda rate: 1 - rate - interp1d(fpr, tpr)(rate), 0, 1)
    assert equal_error(distances, genuine).rate == pytest.approx(expected, abs=1e-9)
    far, frr, thresholds = sklearn_det_curve(genuine, -distances)
    curve = det_curve(distances, genuine)
    assert {(round(a, 12), round(b, 12)) for a, b in zip(far, frr, strict=True)} <= {
        (round(a, 12), round(b, 12)) for a, b in zip(curve.far, curve.frr, strict=True)
    }
    assert curve.at(-thresholds[3]) == pytest.approx((far[3], frr[3]))


def test_equal_error_of_a_worked_example():
    # At 2: FAR 0, FRR 1/2. At 3: FAR 1/3, FRR 1/2. At 4: FAR 1/3, FRR 0. Between the last two
    # FAR stays 1/3, which FRR passes after a third of its way.
    distances, genuine = [1, 2, 4, 4, 3, 5, 6], [True, True, True, True, False, False, False]
    assert equal_error(distances, genuine) == pytest.approx((1 / 3, 3 + 1 / 3))


def test_equal_error_of_pairs_told_apart_is_0_and_its_threshold_in_the_middle():
    assert equal_error([1, 2, 4, 9], [True, True, False, False]) == EqualError(0.0, 3.0)


def test_equal_error_of_pairs_the_wrong_way_round_is_1():
    assert equal_error([1, 2, 4, 9], [False, False, True, True]).rate == 1.0


def test_equal_error_of_constant_distances_is_a_half():
    assert equal_error([2.0, 2.0, 2.0], [True, False, False]) == EqualError(0.5, 2.0)


def test_distances_beyond_a_cutoff_may_be_infinite():
    assert equal_error([1, np.inf, np.inf], [True, False, False]) == EqualError(0.0, 1.0)
    assert equal_error([np.inf, np.inf], [True, False]).rate == 0.5
    assert det_curve([1, np.inf], [False, True]).at(1e300) == (1.0, 1.0)


def test_deviates_are_quantiles_of_the_normal_distribution():
    curve = det_curve([1, 2, 3, 4, 5, 6], [True, False, True, False, True, False])
    expected = [norm.ppf([1 / 3, 2 / 3]), norm.ppf([1 / 3, 1 / 3]), norm.ppf([2 / 3, 1 / 3])]
    assert np.allclose(curve.deviates(), expected)
    assert det_curve([1, 2], [True, False]).deviates().shape == (0, 2)


def many_pairs(seed, n_writers=12, n_classes=5):
    """Inks of every writer and class as numbers, their pairs and distances."""
    rng = np.random.default_rng(seed)
    labels, writers = (part.ravel() for part in np.mgrid[:n_classes, :n_writers])
    sloppy = rng.gamma(2, 0.3, n_writers)
    inks = labels + sloppy[writers] * rng.normal(size=len(labels))
    pairs = pairs_of(labels, writers)
    return np.abs(inks[pairs.left] - inks[pairs.right]), pairs, writers


def test_interval_of_the_equal_error_is_that_of_pairs_counted_as_often_as_both_writers():
    distances, (left, right, genuine), writers = many_pairs(0, n_writers=4, n_classes=3)
    rate = equal_error_rate(
        distances, genuine, writers[left], writers[right], rng=np.random.default_rng(1),
        resamples=50, confidence=0.9,
    )  # fmt: skip
    again, rates = np.random.default_rng(1), []
    for draw in again.integers(0, 4, (50, 4)):
        times = np.bincount(draw, minlength=4)
        repeats = times[writers[left]] * times[writers[right]]
        if repeats.any():
            rates.append(
                equal_error(np.repeat(distances, repeats), np.repeat(genuine, repeats)).rate
            )
    assert (rate.low, rate.high) == pytest.approx(tuple(np.quantile(rates, [0.05, 0.95])))
    assert rate.value == equal_error(distances, genuine).rate
    assert (rate.n_trials, rate.n_writers) == (len(distances), 4)


def test_interval_of_the_equal_error_is_wider_than_one_over_pairs():
    distances, (left, right, genuine), writers = many_pairs(3)
    by_writer = equal_error_rate(
        distances, genuine, writers[left], writers[right], rng=np.random.default_rng(1),
        resamples=300,
    )  # fmt: skip
    numbers = np.arange(len(left))
    by_pair = equal_error_rate(
        distances, genuine, numbers, numbers, rng=np.random.default_rng(1), resamples=300
    )
    assert by_pair.value == by_writer.value
    assert by_writer.high - by_writer.low > 1.5 * (by_pair.high - by_pair.low)


def test_false_acceptance_at_a_threshold_has_an_interval_as_an_error_rate():
    distances, (left, right, genuine), writers = many_pairs(3)
    impostors = ~genuine
    rate = error_rate(
        distances[impostors] <= 0.5, writers[left][impostors], others=writers[right][impostors],
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert rate.value == pytest.approx(det_curve(distances, genuine).at(0.5)[0])


def test_what_makes_no_equal_error_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ArgumentError, match="0 genuine and 0 impostor pairs; at least one of each"):
        equal_error([], [])
    with pytest.raises(ArgumentError, match="2 genuine and 0 impostor pairs"):
        det_curve([1, 2], [True, True])
    with pytest.raises(ArgumentError, match="distance 1 is NaN"):
        equal_error([1, np.nan], [True, False])
    with pytest.raises(ArgumentError, match=r"distances of shape \(1, 2\); needed: \(n_pairs,\)"):
        equal_error([[1, 2]], [True, False])
    with pytest.raises(ArgumentError, match="distances that are no numbers"):
        equal_error(["near", "far"], [True, False])
    with pytest.raises(ArgumentError, match=r"genuine of shape \(3,\); needed: \(2,\)"):
        equal_error([1, 2], [True, False, True])
    with pytest.raises(ArgumentError, match="genuine holds -1"):
        equal_error([1, 2], [1, -1])
    with pytest.raises(ArgumentError, match="the threshold is NaN"):
        det_curve([1, 2], [True, False]).at(np.nan)
    with pytest.raises(ArgumentError, match="1 writers; an interval over writers"):
        equal_error_rate([1, 2], [True, False], ["a", "a"], ["a", "a"], rng=rng)
    with pytest.raises(ArgumentError, match="1 writers for 2 entries"):
        equal_error_rate([1, 2], [True, False], ["a", "b"], ["a"], rng=rng)
    with pytest.raises(ArgumentError, match="none of 3 draws"):
        equal_error_rate(
            [1, 2], [True, False], ["a", "c"], ["b", "d"], rng=np.random.default_rng(3), resamples=3
        )


inks = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("uvw"), st.sampled_from("xy")), max_size=8
)


@given(inks)
def test_pairs_are_all_of_two_writers_in_one_group(inks):
    labels, writers, groups = (list(column) for column in zip(*inks, strict=True)) if inks else (
        [], [], [])  # fmt: skip
    expected = [
        (i, j, labels[i] == labels[j])
        for i in range(len(inks))
        for j in range(i + 1, len(inks))
        if writers[i] != writers[j] and groups[i] == groups[j]
    ]
    try:
        pairs = pairs_of(labels, writers, groups=groups)
    except ArgumentError as error:
        assert "at least one of each is needed" in str(error)
        assert len({same for *_, same in expected}) < 2
    else:
        assert list(zip(*(part.tolist() for part in pairs), strict=True)) == expected


def test_drawn_impostor_pairs_are_some_of_all_and_genuine_ones_are_kept():
    labels, writers = np.arange(40) % 8, np.arange(40) // 8
    every = pairs_of(labels, writers)
    some = pairs_of(labels, writers, impostors=30, rng=np.random.default_rng(0))
    again = pairs_of(labels, writers, impostors=30, rng=np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(some, again, strict=True))
    assert (~some.genuine).sum() == 30
    assert some.genuine.sum() == every.genuine.sum() == 8 * 10
    assert set(zip(some.left, some.right, strict=True)) <= set(
        zip(every.left, every.right, strict=True)
    )
    plenty = pairs_of(labels, writers, impostors=10**6, rng=np.random.default_rng(0))
    assert len(plenty.left) == len(every.left)


def test_what_has_no_pairs_is_refused():
    with pytest.raises(ArgumentError, match="0 genuine and 1 impostor pairs of different writers"):
        pairs_of(["a", "b"], ["u", "v"])
    with pytest.raises(ArgumentError, match="the label of entry 0 is None"):
        pairs_of([None, "b"], ["u", "v"])
    with pytest.raises(ArgumentError, match="1 writers for 2 entries"):
        pairs_of(["a", "b"], ["u"])
    with pytest.raises(ArgumentError, match="impostors=0; at least 1 is"):
        pairs_of(["a", "b"], ["u", "v"], impostors=0, rng=np.random.default_rng(0))
    with pytest.raises(ArgumentError, match="rng is None"):
        pairs_of(["a", "b"], ["u", "v"], impostors=1)
    with pytest.raises(ArgumentError, match=r"labels of shape \(1, 2\)"):
        pairs_of([["a", "b"]], ["u", "v"])
