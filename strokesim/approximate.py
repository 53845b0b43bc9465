"""Approximate search among embeddings, for corpora so large that exact search takes too long.

The space is cut into cells about centres that k-means finds, and of a query's neighbours only those
in the cells nearest to it are looked at. What is found is at its exact distance; what lies in
another cell is missed. How often that happens is measured when the index is made.

Needs faiss: ``pip install 'strokesim[faiss]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from strokesim import threads as pool
from strokesim.errors import ArgumentError, MissingExtraError
from strokesim.ink import Ink
from strokesim.queries import check_cutoff, check_k, query_sequences
from strokesim.ragged import Ragged
from strokesim.search import LearnedMetric, Match

if TYPE_CHECKING:
    from strokesim.corpus import Corpus

PER_CENTRE = 64
"""Embeddings that k-means looks at for each centre; it asks for 39 at least."""

TRIED, NEAREST = 200, 10
"""Entries that recall is measured with, and how many neighbours of each."""

AT_ONCE = 32
"""Queries that a thread takes at a time."""


class ApproximateIndex:
    """A corpus made ready to be searched by a learned metric, fast and not always rightly.

    `strokesim.Index` is exact, and quick enough up to some hundred thousand entries; see
    docs/learning.md for what was measured.

    Parameters
    ----------
    corpus : Corpus
        At least one entry, features of the encoder's spec.
    encoder : Encoder
        Of one point per ink.
    probes : int
        How many cells are looked at, at least 1; with as many as there are, or more, the search
        is exhaustive. Up to 1,000 entries or so there are no more cells than the 16 of the
        default.

    Attributes
    ----------
    n_cells : int
        About four times the root of the number of entries, at least 64 entries each.
    probes : int
        How many of them are looked at.
    recall : float
        Share of the ten nearest entries that is found, of 200 entries of the corpus.

    Raises
    ------
    MissingExtraError
        If faiss is not installed.
    ArgumentError
        If the corpus is none or empty, probes is no whole number from 1 on, or the encoder is
        none, or one per step.
    SpecError
        If the corpus was made by another spec.
    """

    def __init__(self, corpus: Corpus, encoder: LearnedMetric, *, probes: int = 16) -> None:
        self._faiss = _faiss()
        if not hasattr(encoder, "embed_corpus"):
            raise ArgumentError(
                f"a {type(encoder).__name__} is no encoder; strokesim.open_encoder opens one"
            )
        if not isinstance(probes, int | np.integer) or isinstance(probes, bool) or probes < 1:
            raise ArgumentError(f"probes={probes!r}; use a whole number of cells from 1 on")
        self._encoder, self.spec = encoder, encoder.spec
        embedded = encoder.embed_corpus(corpus)
        if not len(embedded):
            raise ArgumentError("the corpus is empty; a search needs at least one entry")
        self._points = np.ascontiguousarray(embedded.sequences.values)  # (n_entries, dim)
        if len(self._points) != len(embedded):
            raise ArgumentError(
                "an encoder of a point per step; approximate search needs one point per ink"
            )
        self._columns = embedded.labels, embedded.writers, embedded.ids
        n_entries, dim = self._points.shape
        self.n_cells = max(1, min(round(4 * n_entries**0.5), n_entries // PER_CENTRE))
        self.probes = int(min(probes, self.n_cells))
        self._ground = self._faiss.IndexFlatL2(dim)
        self._cells = self._faiss.IndexIVFFlat(self._ground, dim, self.n_cells)
        # Less than these it has only where all entries are one cell, whatever its centre is.
        self._cells.cp.min_points_per_centroid = 1
        order = np.random.default_rng(0).permutation(n_entries)
        self._cells.train(self._points[order[: max(PER_CENTRE * self.n_cells, 1)]])
        self._cells.add(self._points)
        self.recall = self._measured(order[:TRIED])

    def _measured(self, tried: np.ndarray) -> float:
        """Return the share of the nearest entries of some, themselves left out, that is found."""
        count = min(NEAREST + 1, len(self))
        points = self._points[tried]
        found, all_of = (self._candidates(points, count, n) for n in (self.probes, self.n_cells))
        n_found = n_all = 0
        for own, some, every in zip(tried, found, all_of, strict=True):
            others = np.setdiff1d(every, own)
            n_found += len(np.intersect1d(some, others))
            n_all += len(others)
        return n_found / n_all if n_all else 1.0

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._points)

    def __repr__(self) -> str:
        return (
            f"ApproximateIndex({len(self)} entries, {self.probes} of {self.n_cells} cells, "
            f"recall={self.recall:.3f})"
        )

    def search(
        self,
        queries: Ink | np.ndarray | Ragged | Corpus | Iterable[Ink | np.ndarray],
        k: int = 1,
        *,
        cutoff: float | None = None,
        threads: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[list[Match]]:
        """Return about the k nearest entries of each query; see `strokesim.Index.search`.

        Distances are exact, and matches in the order of (distance, index). There are fewer than
        k where the cells looked at hold fewer.

        Raises
        ------
        ArgumentError, SpecError
            As there.
        """
        k, reach = check_k(k, len(self)), check_cutoff(cutoff)
        arrays = query_sequences(queries, self.spec, threads)
        if not arrays:
            return []
        asked = self._encoder.embed(arrays).values  # (n_queries, dim)
        found: list[list[Match]] = [[] for _ in asked]

        def work(number: int) -> None:
            rows = slice(number * AT_ONCE, (number + 1) * AT_ONCE)
            candidates = self._candidates(asked[rows], k, self.probes)
            for place, (point, indices) in enumerate(zip(asked[rows], candidates, strict=True)):
                found[rows.start + place] = self._matches(point, indices[indices >= 0], reach)

        n_pieces = -(-len(asked) // AT_ONCE)
        pool.run(work, n_pieces, threads=threads)
        if progress is not None:
            progress(len(asked))
        return found

    def _candidates(self, asked: np.ndarray, k: int, probes: int) -> np.ndarray:
        """Return the numbers of the entries found, shape (n_queries, k), -1 where there is none."""
        # Threads are ours: those of OpenMP would start in each of them.
        self._faiss.omp_set_num_threads(1)
        parameters = self._faiss.SearchParametersIVF(nprobe=probes)
        numbers: np.ndarray = self._cells.search(asked, k, params=parameters)[1]
        return numbers

    def _matches(self, point: np.ndarray, indices: np.ndarray, reach: float) -> list[Match]:
        gaps = self._points[indices].astype(np.float64) - point  # (n_found, dim)
        # Added one after the other, as the exact search does.
        distances = np.sqrt(np.cumsum(gaps * gaps, axis=1)[:, -1])  # (n_found,)
        order = np.lexsort([indices, distances])
        labels, writers, ids = self._columns
        return [
            Match(float(distances[i]), labels[j], writers[j], ids[j], int(j))
            for i, j in zip(order, indices[order], strict=True)
            if distances[i] <= reach
        ]


def _faiss() -> Any:
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "approximate search needs faiss, which is not installed; pip install "
            "'strokesim[faiss]', or use Index, which is exact"
        ) from error
    return faiss
