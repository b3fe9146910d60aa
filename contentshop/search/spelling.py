"""The words that documents are titled with, and the nearest of them to a word that nobody has written.

One typing error is forgiven from five letters on, two from nine (as Algolia, Meilisearch and Typesense do); words
with digits are never touched, since another model number is another thing. An error is a letter too many, too
few, wrong, or two swapped (optimal string alignment).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

LEAST_LETTERS = 5
LEAST_LETTERS_FOR_TWO = 9
LONGEST = 30
CANDIDATES = 64
# How much more often a word must be written than a written one to be offered instead of it.
MUCH_MORE = 10


class Vocabulary:
    """Words with the number of documents that have each."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(counts):
            if LEAST_LETTERS - 1 <= len(word) <= LONGEST:
                self._by_length[len(word)].append(word)

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, word: str) -> int:
        """In how many documents ``word`` is."""
        return self._counts.get(word, 0)

    def nearest(
        self, word: str, *, at_least: int = 1, accept: Callable[[str], bool] = lambda _word: True
    ) -> str | None:
        """The word of at least so many documents that ``word`` was probably meant to be; None without one.

        Fewer errors go first, then an equal first letter, then the more frequent word. ``accept`` is asked of the
        best candidates in turn.
        """
        errors = errors_forgiven(word)
        if not errors:
            return None
        ranked: list[tuple[int, bool, int, str]] = []
        for length in range(len(word) - errors, len(word) + errors + 1):
            found = process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=errors, limit=CANDIDATES
            )
            ranked += [
                (int(distance), candidate[0] != word[0], -self._counts[candidate], candidate)
                for candidate, distance, _at in found
                if candidate != word and self._counts[candidate] >= at_least
            ]
        return next((candidate for *_rank, candidate in sorted(ranked) if accept(candidate)), None)


def errors_forgiven(word: str) -> int:
    """How many typing errors a word may have."""
    if not (word.isascii() and word.isalpha()) or not LEAST_LETTERS <= len(word) <= LONGEST:
        return 0
    return 2 if len(word) >= LEAST_LETTERS_FOR_TWO else 1


EMPTY = Vocabulary({})
