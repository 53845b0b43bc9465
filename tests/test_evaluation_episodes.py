"""Few-shot episodes and who answers them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strokesim.errors import ArgumentError
from strokesim.evaluation import Episode, answers, draw_episodes


def script(n_groups=2, n_classes=6, n_writers=5, samples=2):
    """Labels, writers and groups of inks in which everybody wrote everything of one group."""
    rows = [
        (f"g{g}/c{c}", f"g{g}/w{w}", f"g{g}")
        for g in range(n_groups) for c in range(n_classes)
        for w in range(n_writers) for _ in range(samples)
    ]  # fmt: skip
    return (np.array(column, object) for column in zip(*rows, strict=True))


@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 99), st.randoms())
def test_support_and_query_are_by_different_writers_of_one_alphabet(ways, shots, seed, order):
    labels, writers, groups = script()
    shuffled = np.array(order.sample(range(len(labels)), len(labels)))
    labels, writers, groups = labels[shuffled], writers[shuffled], groups[shuffled]
    episodes = draw_episodes(
        labels, writers, 4, groups=groups, ways=ways, shots=shots,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    assert [groups[episode.query[0]] for episode in episodes] == ["g0", "g1", "g0", "g1"]
    for support, query in episodes:
        assert support.shape == (ways, shots)
        assert query.shape == (ways,)
        assert (labels[support] == labels[query][:, np.newaxis]).all()
        assert len(set(labels[query])) == ways
        assert len({groups[ink] for ink in [*support.ravel(), *query]}) == 1
        assert len(set(writers[query])) == 1
        assert all(len(set(writers[column])) == 1 for column in support.T)
        assert len({*writers[support[0]], writers[query[0]]}) == shots + 1


def test_episodes_are_the_same_for_the_same_chance():
    labels, writers, groups = script()
    one, same, other = (
        draw_episodes(labels, writers, 3, groups=groups, ways=4, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert all((a.query == b.query).all() for a, b in zip(one, same, strict=True))
    assert not all((a.query == b.query).all() for a, b in zip(one, other, strict=True))


def test_every_ink_takes_its_turn():
    labels, writers, _ = script(n_groups=1, n_classes=3, n_writers=3)
    episodes = draw_episodes(labels, writers, 300, ways=2, rng=np.random.default_rng(0))
    asked = np.bincount(np.concatenate([episode.query for episode in episodes]), minlength=18)
    assert asked.min() > 300 * 2 / 18 / 2


def test_only_classes_that_the_writers_share_are_drawn():
    # ann and bob share a, b; bob and cy share b, c; ann and cy share b alone.
    labels, writers = list("abbcbca"), ["ann", "ann", "bob", "bob", "cy", "cy", "bob"]
    for support, query in draw_episodes(labels, writers, 40, ways=2, rng=np.random.default_rng(0)):
        pair = {writers[support[0, 0]], writers[query[0]]}
        assert pair != {"ann", "cy"}
        assert {labels[ink] for ink in query} == ({"a", "b"} if "ann" in pair else {"b", "c"})


def test_a_small_alphabet_takes_part_with_what_it_has_on_request_only():
    labels, writers, _ = script(n_groups=1, n_classes=17, samples=1)
    with pytest.raises(ArgumentError, match=r"has 17 classes; use ways <= 17, or fewer=True"):
        draw_episodes(labels, writers, 1, rng=np.random.default_rng(0))
    (episode,) = draw_episodes(labels, writers, 1, fewer=True, rng=np.random.default_rng(0))
    assert episode.support.shape == (17, 1)


def test_the_nearest_example_answers():
    episode = Episode(support=np.array([[0, 1], [2, 3]]), query=np.array([4, 5]))
    distances = np.zeros((6, 6))
    distances[4, :4] = [5, 2, 3, 4]
    distances[5, :4] = [1, 5, 5, 2]
    query, nearest, wrong = answers(distances, [episode, episode])
    assert query.tolist() == [4, 5] * 2
    assert nearest.tolist() == [1, 0] * 2
    assert wrong.tolist() == [False, True] * 2


def test_of_equally_near_examples_the_earlier_class_answers():
    episode = Episode(support=np.array([[0], [1]]), query=np.array([2, 3]))
    assert answers(np.zeros((4, 4)), [episode]).wrong.tolist() == [False, True]
    assert answers(np.full((4, 4), np.inf), [episode]).nearest.tolist() == [0, 0]


def test_what_makes_no_episode_is_refused():
    rng = np.random.default_rng(0)
    labels, writers, groups = script(n_writers=2)
    with pytest.raises(ArgumentError, match=r"group 'g0' has 2 writers; 2 for the support and"):
        draw_episodes(labels, writers, 1, groups=groups, ways=2, shots=2, rng=rng)
    with pytest.raises(ArgumentError, match="found no 2 writers of group 'all inks' who all wrote"):
        draw_episodes(list("abc"), list("uvw"), 1, ways=2, rng=rng)
    with pytest.raises(ArgumentError, match=r"has 1 classes; use ways <= 1$"):
        draw_episodes(["a", "a"], ["u", "v"], 1, ways=2, fewer=True, rng=rng)
    with pytest.raises(ArgumentError, match="0 inks; nothing to draw"):
        draw_episodes([], [], 1, rng=rng)
    with pytest.raises(ArgumentError, match="n_episodes=0; at least 1 is needed"):
        draw_episodes(labels, writers, 0, rng=rng)
    with pytest.raises(ArgumentError, match="ways=1; at least 2 is needed"):
        draw_episodes(labels, writers, 1, ways=1, rng=rng)
    with pytest.raises(ArgumentError, match="shots=0; at least 1 is needed"):
        draw_episodes(labels, writers, 1, shots=0, rng=rng)
    with pytest.raises(ArgumentError, match="the writer of entry 0 is None"):
        draw_episodes(["a", "b"], [None, "v"], 1, ways=2, rng=rng)
    with pytest.raises(ArgumentError, match="rng is 7"):
        draw_episodes(labels, writers, 1, rng=7)


def test_answers_need_the_distances_of_the_inks_that_were_drawn():
    episode = Episode(support=np.array([[0], [1]]), query=np.array([2, 3]))
    with pytest.raises(ArgumentError, match=r"has ink 3 and the distances the shape \(4, 3\)"):
        answers(np.zeros((4, 3)), [episode])
    with pytest.raises(ArgumentError, match="0 episodes; at least one"):
        answers(np.zeros((4, 4)), [])
    with pytest.raises(ArgumentError, match="distance 0, 0 is NaN"):
        answers(np.full((4, 4), np.nan), [episode])
