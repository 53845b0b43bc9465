"""The embedded demo corpus: reproducible, complete, and neither trivial nor hopeless."""

import runpy
from collections import Counter

import numpy as np
import pytest

from conftest import ROOT
from strokesim.corpus import Corpus
from strokesim.features import FeatureSpec
from strokesim.formats import read_inks
from strokesim.search import Index
from strokesim.synthesis import LABELS


def stored_demo_corpus():
    return list(read_inks(ROOT / "datasets" / "demo.jsonl.gz"))


def test_the_stored_demo_corpus_is_what_its_script_writes():
    script = runpy.run_path(str(ROOT / "benchmarks" / "make_demo_corpus.py"))
    written = list(script["demo_corpus"]())
    assert written == stored_demo_corpus()


def test_the_demo_corpus_has_every_label_of_twenty_writers_and_of_four_more():
    inks = stored_demo_corpus()
    assert {ink.writer for ink in inks} == {f"demo-{number:02}" for number in range(1, 25)}
    assert Counter(ink.label for ink in inks) == dict.fromkeys(LABELS, 24)
    assert len({ink.id for ink in inks}) == len(inks) == 62 * 24
    assert (ROOT / "datasets" / "demo.jsonl.gz").stat().st_size < 700_000


def nearest_labels(inks):
    """The label of each ink's nearest neighbour under DTW by another writer."""
    corpus = Corpus.from_inks(inks, FeatureSpec())
    found = Index(corpus, "dtw").search(corpus, k=12)
    return [
        next(match.label for match in matches if match.writer != ink.writer)
        for ink, matches in zip(inks, found, strict=True)
    ]


@pytest.mark.slow
def test_nearest_neighbours_of_other_writers_err_on_the_demo_corpus_but_not_often():
    inks = stored_demo_corpus()
    pairs = [(ink.label, near) for ink, near in zip(inks, nearest_labels(inks), strict=True)]
    assert 0.01 < np.mean([label != near for label, near in pairs]) < 0.2
    # Size is normalised away, so that c and C, o and 0 are told apart by nothing but chance.
    folded = [[name.lower().replace("0", "o") for name in pair] for pair in pairs]
    assert 0.01 < np.mean([label != near for label, near in folded]) < 0.1
