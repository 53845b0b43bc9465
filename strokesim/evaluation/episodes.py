"""Few-shot episodes: N classes of one alphabet, K examples of each, asked by another writer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from strokesim.amounts import check_count
from strokesim.chance import check_generator
from strokesim.errors import ArgumentError
from strokesim.evaluation.columns import checked_distances, coded

_TRIES = 1000


class Episode(NamedTuple):
    """One N-way K-shot task, as indices of inks.

    ``support`` has the shape (n_ways, n_shots): row i holds the examples of class i, each by
    another writer, the same ones for every class. ``query`` has the shape (n_ways,): one ink of
    each class, all by one writer who wrote nothing of the support.
    """

    support: np.ndarray
    query: np.ndarray


class Answers(NamedTuple):
    """What the nearest example says: one entry per query, over all episodes in order.

    ``query`` is the ink asked about, ``nearest`` the example that answered, ``wrong`` whether
    its class was another's. All have the shape (n_answers,).
    """

    query: np.ndarray
    nearest: np.ndarray
    wrong: np.ndarray


def draw_episodes(
    labels: Any,
    writers: Any,
    n_episodes: int,
    *,
    rng: np.random.Generator,
    groups: Any = None,
    ways: int = 20,
    shots: int = 1,
    fewer: bool = False,
) -> list[Episode]:
    """Draw episodes, as in the one-shot classification of Omniglot.

    For each episode ``shots + 1`` writers of a group are drawn, then ``ways`` classes that all
    of them wrote, then an ink of each writer for each class. The last writer's are the queries.
    Groups take turns, so that each has as many episodes as any other, or one more.

    Parameters
    ----------
    labels, writers : sequence of str, shape (n_inks,)
        Of each ink.
    n_episodes : int
        How many, at least 1.
    rng : numpy.random.Generator
        Draws everything.
    groups : sequence of str, shape (n_inks,), optional
        Alphabets: an episode is within one. By default all inks are one group.
    ways, shots : int
        Classes per episode, at least 2, and examples per class, at least 1.
    fewer : bool
        Whether a group of fewer classes takes part with those it has, which is easier.

    Raises
    ------
    ArgumentError
        If the columns differ in length or hold None, numbers are out of range, or a group has
        too few classes or too few writers who wrote the same ones; the message names it.

    References
    ----------
    Lake, Salakhutdinov, Tenenbaum, Human-level concept learning through probabilistic program
    induction, Science 350, 2015. Vinyals et al., Matching networks for one shot learning,
    NeurIPS 2016, section 4.1.1.
    """
    check_generator(rng)
    _, label = coded(labels, "label")
    _, writer = coded(writers, "writer", len(label))
    names, group = np.array(["all inks"]), np.zeros(len(label), np.int64)
    if groups is not None:
        names, group = coded(groups, "group", len(label))
    if len(label) == 0:
        raise ArgumentError("0 inks; nothing to draw episodes from")
    for name, value, least in (
        ("n_episodes", n_episodes, 1),
        ("ways", ways, 2),
        ("shots", shots, 1),
    ):
        check_count(name, value, least)
    if not isinstance(fewer, bool):
        raise ArgumentError(f"fewer={fewer!r}; needed: True or False")
    desks = []
    for number, name in enumerate(names.tolist()):
        inks = np.flatnonzero(group == number)
        n_classes = len(np.unique(label[inks]))
        if n_classes < (2 if fewer else ways):
            raise ArgumentError(
                f"group {name!r} has {n_classes} classes; use ways <= {n_classes}"
                + ("" if fewer or n_classes < 2 else f", or fewer=True takes all {n_classes}")
            )
        desks.append(_Desk(name, inks, label[inks], writer[inks], min(ways, n_classes), shots))
    return [desks[number % len(desks)].draw(rng) for number in range(n_episodes)]


class _Desk:
    """The inks of one group, sorted by who wrote what."""

    def __init__(
        self, name: str, inks: np.ndarray, labels: np.ndarray, writers: np.ndarray,
        ways: int, shots: int,
    ) -> None:  # fmt: skip
        self.name, self.ways, self.shots = name, ways, shots
        _, label = np.unique(labels, return_inverse=True)
        _, writer = np.unique(writers, return_inverse=True)
        shape = int(writer.max()) + 1, int(label.max()) + 1
        # The inks of a writer and a class lie together, from starts to starts + counts.
        cell = writer * shape[1] + label
        self.inks = inks[np.argsort(cell, kind="stable")]
        self.counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        self.starts = (np.cumsum(self.counts) - self.counts.ravel()).reshape(shape)
        if shape[0] < shots + 1:
            raise ArgumentError(
                f"group {name!r} has {shape[0]} writers; {shots} for the support and another for "
                "the queries are needed"
            )

    def draw(self, rng: np.random.Generator) -> Episode:
        for _ in range(_TRIES):
            writers = rng.permutation(len(self.counts))[: self.shots + 1]
            shared = np.flatnonzero(self.counts[writers].all(axis=0))
            if len(shared) >= self.ways:
                break
        else:
            raise ArgumentError(
                f"{_TRIES} draws found no {self.shots + 1} writers of group {self.name!r} who all "
                f"wrote the same {self.ways} classes; use fewer ways or shots"
            )
        classes = rng.choice(shared, self.ways, replace=False)
        cells = np.ix_(writers, classes)
        which = rng.integers(0, self.counts[cells])  # (n_shots + 1, n_ways)
        drawn = self.inks[self.starts[cells] + which]
        return Episode(drawn[:-1].T.copy(), drawn[-1])


def answers(distances: Any, episodes: list[Episode]) -> Answers:
    """Let the nearest example answer every query of some episodes.

    Of equally near examples the one of the earlier class answers, then the earlier shot.

    Parameters
    ----------
    distances : array_like of float, shape (n_inks, n_inks)
        ``distances[i, j]`` is that of the query i to the example j, all inks against all: they
        occur in many episodes.
    episodes : list of Episode
        As `draw_episodes` gives them, at least one.

    Raises
    ------
    ArgumentError
        If there are no episodes, a distance is NaN, or an episode has inks beyond the distances.
    """
    values = checked_distances(distances, 2)
    if not isinstance(episodes, list) or not all(isinstance(one, Episode) for one in episodes):
        raise ArgumentError("episodes that are none; needed: a list, as draw_episodes returns it")
    if not episodes:
        raise ArgumentError("0 episodes; at least one is needed")
    most = max(int(max(episode.support.max(), episode.query.max())) for episode in episodes)
    if most >= min(values.shape):
        raise ArgumentError(
            f"an episode has ink {most} and the distances the shape {values.shape}; "
            "needed: (n_inks, n_inks) of the inks that the episodes were drawn from"
        )
    asked, nearest, wrong = [], [], []
    for support, query in episodes:
        best = np.argmin(values[query[:, np.newaxis], support.ravel()], axis=1)  # (n_ways,)
        asked.append(query)
        nearest.append(support.ravel()[best])
        wrong.append(best // support.shape[1] != np.arange(len(query)))
    return Answers(np.concatenate(asked), np.concatenate(nearest), np.concatenate(wrong))
