"""From distances and decisions to figures that another set of writers would respect.

Everything here stands on arrays: distances (larger is less alike), labels, writers. What is
measured on one ink or one pair comes first (`first_ranks`, `answers`), then the mean of it with
an interval over writers (`mean_rate`, `error_rate`, `equal_error_rate`).
"""

from strokesim.evaluation.episodes import Answers, Episode, answers, draw_episodes
from strokesim.evaluation.pairs import Pairs, pairs_of
from strokesim.evaluation.rates import Rate, error_rate, mean_rate
from strokesim.evaluation.retrieval import average_precision_at_r, first_ranks, recall_at_k
from strokesim.evaluation.splits import Split, check_split, split_groups, split_inks
from strokesim.evaluation.verification import (
    Det,
    EqualError,
    det_curve,
    equal_error,
    equal_error_rate,
)

__all__ = [
    "Answers",
    "Det",
    "Episode",
    "EqualError",
    "Pairs",
    "Rate",
    "Split",
    "answers",
    "average_precision_at_r",
    "check_split",
    "det_curve",
    "draw_episodes",
    "equal_error",
    "equal_error_rate",
    "error_rate",
    "first_ranks",
    "mean_rate",
    "pairs_of",
    "recall_at_k",
    "split_groups",
    "split_inks",
]
