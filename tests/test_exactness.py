"""Ten thousand generated searches of every kind, each held against sorting all distances."""

import numpy as np
import pytest

from conftest import ROOT


@pytest.fixture
def run_case(monkeypatch):
    # The long run, of up to 12 features and 500 steps, is a script of its own.
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from exactness import run_case

    return run_case


@pytest.mark.slow
def test_every_answer_is_that_of_sorting_all_distances(run_case):
    rng = np.random.default_rng(1)
    searches = 0
    while searches < 10_000:
        _, queries = run_case(rng, most_features=3, most_steps=20)
        searches += queries


@pytest.mark.slow
def test_long_sequences_and_many_features_are_no_exception(run_case):
    rng = np.random.default_rng(2)
    for _ in range(30):
        run_case(rng, most_features=1)
    run_case(np.random.default_rng(5), most_features=12)


def test_a_wrong_answer_would_be_noticed(run_case, monkeypatch):
    from strokesim.distances import batch_search, lane_search

    monkeypatch.setattr(lane_search.LaneSearch, "_error", lambda self, n, part: 1e-9)
    monkeypatch.setattr(lane_search.LaneSearch, "_grain", lambda self, n, part: -1e-3)
    monkeypatch.setattr(batch_search.BatchSearch, "_grain", lambda self, n, part: -1e-3)
    rng = np.random.default_rng(3)
    with pytest.raises(AssertionError, match="is not"):
        for _ in range(200):
            run_case(rng, most_features=1, most_steps=20)
