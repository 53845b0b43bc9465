"""What is no argument of the functions that evaluate and augment is refused in plain words."""

import itertools

import numpy as np
import pytest

from strokesim.augmentation import Augmentation, invented_classes, repetitions, turned_classes
from strokesim.errors import ArgumentError, StrokesimError
from strokesim.evaluation import (
    Split,
    answers,
    average_precision_at_r,
    check_split,
    det_curve,
    draw_episodes,
    equal_error,
    equal_error_rate,
    error_rate,
    first_ranks,
    mean_rate,
    pairs_of,
    recall_at_k,
    split_groups,
    split_inks,
)
from strokesim.ink import Ink
from strokesim.synthesis import Writer

INK = Ink.from_arrays([[[0, 0], [1, 1]]], label="a")
LABELS, WRITERS = ["a", "b"] * 4, list("wwxxyyzz")
RNG = np.random.default_rng(0)
EPISODES = draw_episodes(LABELS, WRITERS, 2, rng=RNG, ways=2)
PARTS = Split(np.array([0]), np.array([1]), np.array([2]))
RETRIEVAL = {"distances": np.zeros((1, 3)), "query_labels": ["a"], "corpus_labels": list("abc")}
INTERVAL = {"rng": RNG, "resamples": 10, "confidence": 0.9}
SHARES = {"validation": 0.3, "test": 0.3, "rng": RNG, "by": ("writers",)}
PAIRS = {"distances": [1, 2, 3], "genuine": [True, False, True]}


def some(inks):
    return lambda **options: list(itertools.islice(inks(**options), 3))


CALLS = {
    "draw_episodes": (draw_episodes, {"labels": LABELS, "writers": WRITERS, "n_episodes": 2,
                                      "rng": RNG, "groups": None, "ways": 2, "shots": 1}),
    "answers": (answers, {"distances": np.zeros((8, 8)), "episodes": EPISODES}),
    "pairs_of": (pairs_of, {"labels": list("aab"), "writers": list("wxy"), "groups": None,
                            "impostors": 2, "rng": RNG}),
    "error_rate": (error_rate, {"wrong": [True, False], "writers": list("wx"), **INTERVAL}),
    "mean_rate": (mean_rate, {"shares": [1, 0.5], "writers": list("wx"), "others": list("xw"),
                              "groups": None, **INTERVAL}),
    "first_ranks": (first_ranks, {**RETRIEVAL, "allowed": None}),
    "recall_at_k": (recall_at_k, {**RETRIEVAL, "k": 1, "allowed": None}),
    "average_precision_at_r": (average_precision_at_r, {**RETRIEVAL, "allowed": None}),
    "split_inks": (split_inks, {"labels": list("abcabcabc"), "writers": list("wwwxxxyyy"),
                                **SHARES}),
    "split_groups": (split_groups, {"groups": list("ghi"), "labels": list("abc"),
                                    "writers": list("wxy"), **SHARES}),
    "check_split": (check_split, {"split": PARTS, "labels": list("abc"), "writers": list("wxy"),
                                  "by": ("writers",)}),
    "det_curve": (det_curve, PAIRS),
    "equal_error": (equal_error, PAIRS),
    "equal_error_rate": (equal_error_rate, {**PAIRS, "writers": list("wxy"),
                                            "others": list("xyw"), **INTERVAL}),
    "Det.at": (det_curve(**PAIRS).at, {"threshold": 1.0}),
    "Augmentation": (Augmentation, {"rotation": 1.0, "dropped": 0.1}),
    "Augmentation.augment": (Augmentation().augment, {"ink": INK, "rng": RNG}),
    "Augmentation.scaled": (Augmentation().scaled, {"amount": 1.0}),
    "Augmentation.from_dict": (Augmentation.from_dict, {"stored": Augmentation().to_dict()}),
    "turned_classes": (some(turned_classes), {"inks": [INK], "turns": ["mirrored"]}),
    "invented_classes": (some(invented_classes), {"n_classes": 1, "n_writers": 1, "rng": RNG,
                                                  "samples": 1}),
    "repetitions": (some(repetitions), {"label": "a", "writer": Writer.random(RNG, "w"),
                                        "rng": RNG, "samples": 1, "amount": 1.0}),
}  # fmt: skip
NONSENSE = [None, 5, 2.5, -1, True, "x", b"x", [], [[]], [float("nan")], [None], [1, [2]], [1j],
            {}, {1, 2}, object(), np.zeros((0, 0)), np.zeros((2, 2)), np.array(1.0), RNG,
            np.full((1, 3), np.nan), [object()]]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "name"), [(call, name) for call, (_, given) in CALLS.items() for name in given]
)
def test_nonsense_for_an_argument_is_refused_or_means_something(call, name):
    function, given = CALLS[call]
    function(**given)
    refused = 0
    for nonsense in NONSENSE:
        try:
            function(**{**given, name: nonsense})
        except StrokesimError:
            refused += 1
    assert refused > len(NONSENSE) / 2


@pytest.mark.parametrize(
    ("call", "changes", "message"),
    [
        ("draw_episodes", {"n_episodes": 2.5}, "n_episodes=2.5; needed: a whole number, 1 or"),
        ("draw_episodes", {"ways": True}, "ways=True; needed: a whole number, 2 or more"),
        ("draw_episodes", {"labels": [["a"], *LABELS[1:]]}, "labels that are no names"),
        ("answers", {"episodes": [1]}, "episodes that are none; needed: a list, as draw_ep"),
        ("answers", {"distances": np.zeros((0, 0))}, r"distances the shape \(0, 0\)"),
        ("mean_rate", {"shares": ["x"]}, "trials that are no numbers in rows"),
        ("mean_rate", {"resamples": None}, "resamples=None; needed: a whole number, 1 or more"),
        ("mean_rate", {"confidence": "x"}, "confidence='x'; needed: a share between 0 and 1"),
        ("first_ranks", {"distances": np.zeros((0, 0))}, "needed: one label per row and one"),
        ("first_ranks", {"allowed": [1, [2]]}, "allowed that are no numbers in rows"),
        ("recall_at_k", {"k": "x"}, "k='x'; needed: a whole number, 1 or more"),
        ("split_inks", {"test": "x"}, "test='x'; needed: a share above 0"),
        ("split_inks", {"by": 5}, "by=5; needed: one or more of"),
        ("check_split", {"split": 5}, "a int is no Split; needed: train, validation, test"),
        ("det_curve", {"distances": [1, 2, np.nan]}, "distance 2 is NaN"),
        ("det_curve", {"genuine": [True] * 3}, "3 genuine and 0 impostor pairs"),
        ("Det.at", {"threshold": None}, "threshold=None; needed: a distance"),
        ("Augmentation.scaled", {"amount": "x"}, "amount='x'; needed: 0 or a positive number"),
        ("turned_classes", {"inks": INK}, "a Ink where inks are needed, as a list"),
        ("turned_classes", {"turns": "mirrored"}, "a str where turns are needed, as a list"),
        ("repetitions", {"writer": "ann"}, "a str is no Writer"),
        ("repetitions", {"label": []}, r"label=\[\]; needed: a label or a Plan"),
        ("invented_classes", {"n_writers": 2.5}, "n_writers=2.5; needed: a whole number"),
    ],
)
def test_the_message_says_what_was_given_and_what_is_needed(call, changes, message):
    function, given = CALLS[call]
    with pytest.raises(ArgumentError, match=message):
        function(**{**given, **changes})


def test_inks_may_come_one_by_one():
    assert len(list(turned_classes(iter([INK]), iter(["mirrored"])))) == 2
