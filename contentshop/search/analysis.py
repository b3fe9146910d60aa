"""Text into terms, the same way for every engine: pure functions, no engine, no state but a memo.

A text is normalised (NFKC, casefold, accents folded), cut into runs and turned into terms:

* a Latin word becomes its English stem; nothing is dropped, not even one-letter words ("vitamin c");
* a run of Chinese, Japanese or Korean becomes its single characters and its bigrams, in simplified characters;
* a compound ("wi-fi", "WH-1000XM5") becomes its parts and its joined forms, so that every way of spacing a
  model number finds it: "wh1000 xm5", "wh-1000xm5", "wh 1000 xm 5".

The query side never needs to guess how a text was spaced, because the index side holds all of it.
Change ``ANALYSIS_VERSION`` with any change of the terms: indexes made before have to be rebuilt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

from snowballstemmer.english_stemmer import EnglishStemmer

from contentshop.search.chinese import reading_terms, simplified

ANALYSIS_VERSION = 2

MAX_QUERY_LENGTH = 200  # characters of a query that are read
MAX_TERM_LENGTH = 64  # longer "words" are data, not words
_MAX_ATOMS = 6  # of a compound whose every joined form is kept; 6 make 21 terms

# Han, kana and hangul: written without spaces (or, hangul, with endings), so found by characters and bigrams.
_CJK = (
    "\u1100-\u11ff\u3005\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_CJK}]"
_JOINERS = "-\u2010'\u2019_"
_LATIN_RUN = re.compile(rf"{_LETTER}+(?:[{_JOINERS}]{_LETTER}+)*")
_RUN = re.compile(rf"[{_CJK}]+|{_LATIN_RUN.pattern}")
# Stretches that normalising only lower-cases, and what is between them.
_PLAIN = r"\x00-\x7f\u3400-\u4dbf\u4e00-\u9fff"
_PLAIN_OR_NOT = re.compile(rf"(?P<plain>[{_PLAIN}]+)|[^{_PLAIN}]+")
_PART = re.compile(r"[^\W_]+")
_ATOM = re.compile(r"\d+|[^\W\d_]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_HAS_DIGIT = re.compile(r"\d")

# Letters that carry their stroke or ligature in one code point, which decomposition leaves alone.
_FOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# Words that say how the others hang together. They are indexed and count in phrases and in the score, but a
# document may lack them: "best headphones for flights" has to find a product that is only a title.
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "on",
        "or",
        "that",
        "the",
        "their",
        "there",
        "these",
        "this",
        "to",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f", '"'))
_QUERY_PIECE = re.compile(r'(?P<minus>(?<!\S)[-\u2212])?(?:"(?P<phrase>[^"]*)"|(?P<plain>[^\s"]+))', re.UNICODE)

_STEMMER = EnglishStemmer()
_STEMMER_LOCK = Lock()  # the stemmer keeps the word in itself while it works


@dataclass(frozen=True, slots=True)
class Span:
    """A term and where it stands in the text it came from: characters ``start`` to ``end``, end excluded."""

    term: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysed:
    """A text for an index: ``terms`` to find it by, ``units`` in order for phrases and its length."""

    terms: list[str]
    units: list[str]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: a document has it when it has all ``terms``, or the one term ``joined``, or all terms
    of one of ``others`` (synonyms, other readings).

    ``needed`` is False for function words beside other words.
    """

    terms: tuple[str, ...]
    joined: str = ""
    needed: bool = True
    others: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A quoted phrase: ``units`` in this order and adjacent; ``words`` are what has to be there at all."""

    units: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A visitor's text, understood.

    ``excluded`` holds groups of words: a document that has all words of a group is out. ``characters`` are
    the single characters of runs of two or more, to fall back on when bigrams find too little. ``title`` and
    ``code`` are the keys under which an exact title or code would be found. ``asked`` tells whether the
    visitor typed anything at all.
    """

    words: tuple[Word, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[tuple[Word, ...], ...] = ()
    excluded_phrases: tuple[Phrase, ...] = ()
    characters: tuple[Word, ...] = ()
    title: str = ""
    code: str = ""
    asked: bool = False


def normalise(text: str) -> str:
    """The text in one form: NFKC (full-width to half-width), casefolded, accents of Latin, Greek and Cyrillic
    letters folded, traditional characters simplified. The length may change."""
    if text.isascii():
        return text.lower()
    return simplified(_fold(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())))


def _fold(text: str) -> str:
    if text.isascii():
        return text
    folded: list[str] = []
    for char in text.translate(_FOLDED):
        # Beyond Cyrillic a mark can be the difference between two letters (kana, Indic scripts): kept.
        if "\u0080" <= char < "\u0530" or "\u1e00" <= char < "\u2000":
            folded.append(_without_marks(char))
        elif not "\u0300" <= char < "\u0370":
            folded.append(char)
    return "".join(folded)


@lru_cache(maxsize=2048)
def _without_marks(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The English stem of a normalised word; words with anything but ASCII letters stay as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word[:MAX_TERM_LENGTH]
    if len(word) > MAX_TERM_LENGTH:
        return word[:MAX_TERM_LENGTH]
    with _STEMMER_LOCK:
        return str(_STEMMER.stemWord(word))


def analyse(text: str) -> Analysed:
    """The terms and the units of a text, for an index."""
    normalised = normalise(text)
    return Analysed([term for term, _, _ in _terms_of(normalised)], _units_of(normalised))


def terms(text: str) -> list[str]:
    """Every term of a text, in order, for the index: with characters and bigrams, parts and joined forms."""
    return analyse(text).terms


def units(text: str) -> list[str]:
    """The text as a plain sequence for phrases: one stem per word or part, one per CJK character."""
    return _units_of(normalise(text))


def _units_of(normalised: str) -> list[str]:
    found: list[str] = []
    for run in _RUN.findall(normalised):
        if run.isascii() and run.isalpha():
            found.append(stem(run))
        elif _IS_CJK.match(run):
            found.extend(run)
        else:
            found.extend(map(stem, _ATOM.findall(run)))
    return found


def readings(text: str) -> list[str]:
    """The terms by which the Chinese of a text is found when it is typed as pinyin."""
    return [] if text.isascii() else list(reading_terms(normalise(text)))


def surface_words(text: str) -> list[str]:
    """The Latin words of a text as they are written (normalised, not stemmed), for spelling."""
    return [run for run in _LATIN_RUN.findall(normalise(text)) if run.isascii() and run.isalpha()]


def title_key(text: str) -> str:
    """What two texts share when they are the same title but for case, accents, spacing and word forms."""
    return " ".join(units(text))[:MAX_QUERY_LENGTH]


def code_key(text: str) -> str:
    """A SKU, GTIN or MPN without its separators. Leading zeros of a number do not count: a GTIN-12 is also
    written as a GTIN-13."""
    key = "".join(_PART.findall(normalise(text)))[:MAX_TERM_LENGTH]
    return (key.lstrip("0") or key) if key.isdigit() else key


def spans(text: str, wanted: Collection[str]) -> list[Span]:
    """Where the wanted terms stand in a text as it was given, in order; for highlighting."""
    normalised, offsets = _normalise_with_offsets(text)
    # A term of CJK characters stands wherever its characters do; only the other runs have to be analysed.
    found = [place for term in wanted if _IS_CJK.match(term) for place in _occurrences(normalised, term)]
    if any(not _IS_CJK.match(term) for term in wanted):
        found.extend(place for place in _latin_terms(normalised) if place[0] in wanted)
    found.sort(key=_by_place)
    return [Span(term, offsets[start], _end(offsets, end)) for term, start, end in found]


def _end(offsets: Sequence[int], end: int) -> int:
    """Where the character before ``end`` ends in the given text; "½" has become three characters."""
    last = offsets[end - 1]
    while offsets[end] == last:
        end += 1
    return offsets[end]


def _occurrences(normalised: str, term: str) -> Iterator[tuple[str, int, int]]:
    start = normalised.find(term)
    while start >= 0:
        yield term, start, start + len(term)
        start = normalised.find(term, start + 1)


def _by_place(place: tuple[str, int, int]) -> tuple[int, int]:
    return place[1], place[2]


def _normalise_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """The normalised text and, for each of its positions, the position in ``text`` it came from."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _PLAIN_OR_NOT.finditer(text):
        if match["plain"]:
            pieces.append(simplified(match["plain"].lower()))
            offsets.extend(range(match.start(), match.end()))
            continue
        for start, piece in _clusters(match.group()):
            normal = _normalise_cluster(piece)
            pieces.append(normal)
            offsets.extend([match.start() + start] * len(normal))
    offsets.append(len(text))
    return "".join(pieces), offsets


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """The text cut before every character that is no combining mark."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not unicodedata.combining(text[at]):
            yield start, text[start:at]
            start = at


@lru_cache(maxsize=8192)
def _normalise_cluster(piece: str) -> str:
    return normalise(piece)


def _terms_of(normalised: str) -> Iterator[tuple[str, int, int]]:
    """(term, start, end) of every term of a normalised text."""
    for match in _RUN.finditer(normalised):
        run, start = match.group(), match.start()
        if run.isascii() and run.isalpha():
            yield stem(run), start, start + len(run)
        elif _IS_CJK.match(run):
            yield from _cjk_terms(run, start)
        else:
            yield from _word_terms(run, start)


def _latin_terms(normalised: str) -> Iterator[tuple[str, int, int]]:
    """The same, without the runs of CJK characters."""
    for match in _LATIN_RUN.finditer(normalised):
        yield from _word_terms(match.group(), match.start())


def _word_terms(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    if run.isalpha():
        yield stem(run), start, start + len(run)
    else:
        yield from _compound_terms(run, start)


def _cjk_terms(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    last = len(run) - 1
    for i, char in enumerate(run):
        yield char, start + i, start + i + 1
        if i < last:
            yield run[i : i + 2], start + i, start + i + 2


def _compound_terms(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    """A run with digits or joiners: its parts and their joined forms.

    Only a run with letters and digits is a model number, of which every joined stretch is kept;
    "state-of-the-art" gives its words and the whole, "2024-01-15" its numbers only.
    """
    atoms = [(m.group(), m.start(), m.end()) for m in _ATOM.finditer(run)]
    mixed = _is_mixed(run)
    if mixed and len(atoms) <= _MAX_ATOMS:
        bounds = [(i, j) for i in range(len(atoms)) for j in range(i + 1, len(atoms) + 1)]
    else:
        pieces = [(m.group(), m.start(), m.end()) for m in _PART.finditer(run)] if mixed else atoms
        for piece, begin, end in pieces:
            yield stem(piece), start + begin, start + end
        if len(pieces) == 1 or not _has_letter(run):
            return
        bounds = [(0, len(atoms))]
    for i, j in bounds:
        joined = "".join(atom for atom, _, _ in atoms[i:j])
        yield stem(joined), start + atoms[i][1], start + atoms[j - 1][2]


def _is_mixed(run: str) -> bool:
    return bool(_HAS_DIGIT.search(run)) and _has_letter(run)


def _has_letter(run: str) -> bool:
    return any(char.isalpha() for char in run)


Reading = Callable[[str], Word | None]


def parse(text: str, read: Reading | None = None) -> ParsedQuery:
    """Understand a visitor's text: words, "phrases", -excluded; everything else is plain text.

    Reads the first 200 characters. ``read`` may give another meaning to a plain Latin word (pinyin). Never raises.
    """
    plain = plain_query(text)
    words: list[Word] = []
    phrases: list[Phrase] = []
    excluded: list[tuple[Word, ...]] = []
    excluded_phrases: list[Phrase] = []
    characters: list[Word] = []
    kept: list[str] = []
    for piece in _QUERY_PIECE.finditer(plain):
        quoted = piece["phrase"] is not None
        content = piece["phrase"] if quoted else piece["plain"]
        found = tuple(_query_words(content, None if quoted or piece["minus"] else read))
        if not found:
            continue
        phrase = Phrase(tuple(units(content)), found)
        if piece["minus"]:
            if quoted and len(phrase.units) > 1:
                excluded_phrases.append(phrase)
            else:
                excluded.append(found)
            continue
        kept.append(content)
        words.extend(found)
        if quoted and len(phrase.units) > 1:
            phrases.append(phrase)
        else:
            characters.extend(_characters(content))
    whole = " ".join(kept)
    return ParsedQuery(
        words=_with_function_words(tuple(dict.fromkeys(words))),
        phrases=tuple(phrases),
        excluded=tuple(excluded),
        excluded_phrases=tuple(excluded_phrases),
        characters=tuple(dict.fromkeys(characters)),
        title=title_key(whole),
        code=code_key(whole),
        asked=bool(text.strip()),
    )


def plain_query(text: str) -> str:
    """A visitor's text as it is read: its first 200 characters, normalised, with straight quotes."""
    return normalise(text[:MAX_QUERY_LENGTH].translate(_QUOTES))


def replace_words(plain: str, better: Callable[[str], str]) -> str:
    """A ``plain_query`` with each of its plain words replaced by ``better(word)``. Quoted, excluded and compound
    words and everything that is no Latin word stay."""
    return _QUERY_PIECE.sub(
        lambda piece: (
            piece.group()
            if piece["minus"] or piece["phrase"] is not None
            else _LATIN_RUN.sub(
                lambda run: better(run.group()) if run.group().isalpha() and run.group().isascii() else run.group(),
                piece.group(),
            )
        ),
        plain,
    )


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a plain text, as a query would ask for them."""
    return tuple(_query_words(normalise(text), None))


def _query_words(normalised: str, read: Reading | None) -> Iterator[Word]:
    for match in _RUN.finditer(normalised):
        run = match.group()
        if _IS_CJK.match(run):
            for i in range(max(1, len(run) - 1)):
                yield Word((run[i : i + 2],))
        else:
            yield (read(run) if read else None) or _query_word(run)


def _query_word(run: str) -> Word:
    """A Latin word or compound. "wi-fi" is also "wifi"; "wh1000xm5" also "wh", "1000", "xm", "5"."""
    if run.isalpha():
        return Word((stem(run),))
    mixed = _is_mixed(run)
    parts = _PART.findall(run)
    atoms = _ATOM.findall(run)
    joined = stem("".join(atoms))
    if len(parts) > 1:
        return Word(tuple(stem(part) for part in parts), joined if _has_letter(run) else "")
    # Numerals of two scripts side by side are kept apart; two short atoms of a model ("a4") would be found anywhere.
    if not _has_letter(run) or (mixed and 3 <= len(atoms) <= _MAX_ATOMS):
        return Word(tuple(stem(atom) for atom in atoms), joined if mixed else "")
    return Word((joined,))


def _characters(normalised: str) -> Iterator[Word]:
    for match in _RUN.finditer(normalised):
        run = match.group()
        if len(run) > 1 and _IS_CJK.match(run):
            for char in run:
                yield Word((char,))


def _with_function_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Mark function words as not needed, unless the query is made of nothing else."""
    if all(_is_function_word(word) for word in words):
        return words
    return tuple(replace(w, needed=False) if _is_function_word(w) else w for w in words)


def is_function_word(term: str) -> bool:
    """Whether this is the stem of a word that says how others hang together."""
    return term in _FUNCTION_STEMS


def _is_function_word(word: Word) -> bool:
    return len(word.terms) == 1 and word.terms[0] in _FUNCTION_STEMS


def marked_terms(words: Iterable[Word]) -> tuple[str, ...]:
    """The terms of needed words, each once, in order: what to mark in a shown text."""
    found: dict[str, None] = {}
    for word in words:
        if word.needed:
            found.update(dict.fromkeys(word.terms))
            if word.joined:
                found[word.joined] = None
            for terms_ in word.others:
                found.update(dict.fromkeys(terms_))
    return tuple(found)


_FUNCTION_STEMS = frozenset(stem(word) for word in _FUNCTION_WORDS)
