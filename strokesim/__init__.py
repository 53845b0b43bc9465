"""Matches pen strokes: reads ink, compares it exactly and fast, learns a metric for it.

An ink file is read into `Ink`; a `FeatureSpec` turns an ink into a feature sequence
``(n_steps, n_features)``; a `Corpus` holds labelled feature sequences made by one spec; an
`Index`, a corpus prepared for one distance, turns queries into `Match` lists, nearest first.

Every name below is imported when it is first used, so that ``import strokesim`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strokesim.corpus import Corpus as Corpus
    from strokesim.datasets.catalog import load_dataset as load_dataset
    from strokesim.distances import DISTANCES as DISTANCES
    from strokesim.distances import cdist as cdist
    from strokesim.distances import cloud as cloud
    from strokesim.distances import dtw as dtw
    from strokesim.distances import dtw_path as dtw_path
    from strokesim.distances import euclidean as euclidean
    from strokesim.distances import euclidean_shifted as euclidean_shifted
    from strokesim.errors import StrokesimError as StrokesimError
    from strokesim.features import FeatureSpec as FeatureSpec
    from strokesim.formats import FORMATS as FORMATS
    from strokesim.formats import read_ink as read_ink
    from strokesim.formats import read_inks as read_inks
    from strokesim.formats import write_ink as write_ink
    from strokesim.ink import Ink as Ink
    from strokesim.ink import Stroke as Stroke
    from strokesim.learned import open_encoder as open_encoder
    from strokesim.search import Index as Index
    from strokesim.search import Match as Match

__version__ = "0.1.0"

_HOMES = {
    "Corpus": "strokesim.corpus",
    "DISTANCES": "strokesim.distances",
    "FORMATS": "strokesim.formats",
    "FeatureSpec": "strokesim.features",
    "Index": "strokesim.search",
    "Ink": "strokesim.ink",
    "Match": "strokesim.search",
    "Stroke": "strokesim.ink",
    "StrokesimError": "strokesim.errors",
    "cdist": "strokesim.distances",
    "cloud": "strokesim.distances",
    "dtw": "strokesim.distances",
    "dtw_path": "strokesim.distances",
    "euclidean": "strokesim.distances",
    "euclidean_shifted": "strokesim.distances",
    "load_dataset": "strokesim.datasets.catalog",
    "open_encoder": "strokesim.learned",
    "read_ink": "strokesim.formats",
    "read_inks": "strokesim.formats",
    "write_ink": "strokesim.formats",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'strokesim' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
