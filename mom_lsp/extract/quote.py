"""The quote: the sentences of a memory to show at a place, and how strongly they speak of it.

A message speaks of several things, and its first sentence is rarely about the line asked about. The sentence that
shares the rarest names with the line is, and of these one that gives a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from mom_lsp.extract.message import MAX_WHY, has_rationale, marked_sentences, prose, shorten
from mom_lsp.extract.reverts import WORDS, announces

LEAST_WORDS = 3  # of an informative sentence: not "Also:"
MAX_SENTENCES = 60  # of a body that are read
NAME, PART = 0.5, 0.12  # how much a shared name says about the place, and a shared part of one
AROUND = 0.4  # what a name next to the lines counts, beside one in them
REASON = 0.1  # for a reason, in a sentence about the place; elsewhere a word of reasoning chooses worse than the order
ITEM, LATER = 0.1, 0.02  # against an item of a list, and against each sentence before
NOWHERE: Mapping[str, float] = MappingProxyType({})

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d]\w+")  # of any language; Chinese and Japanese use no spaces
_NAME = re.compile(r"[A-Za-z_]\w{2,60}")
_HUMP = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}(?![a-z])")
_REFERENCE = re.compile(r"https?://\S+|#\d+|\b[0-9a-f]{7,40}\b")
_POINTER = re.compile(  # only a reference: "This reverts commit 1a2b3c4", "Follow-up to pull request #12"
    rf"(?:(?:{WORDS}|th(?:is|ese|at)|it|is|was|were|an?|the|of|in|to|by|from|for|and|also|with|after|both|several|similar|part"
    r"|made|commit|change|patch|pr|pull|request|issues?|bug|missed|introduced|landed|regressions?|fix(?:e[sd])?"
    r"|follow\w*|ups?|clos(?:es|ed?)|resolves?|refs?|see|continuation|addresses|related|inspired"
    r"|together)\b|\W|\d)*",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:(?:signed|reported|reviewed|suggested|spotted|found|noticed|tested|acked|approved|assisted|pointed out|thanks"
    r"|co-?authored|co-?developed)[- ](?:off[- ])?(?:by|to)\b|(?:cc|ref|bug|link|url|closes|thanks)\s*:"
    r"|\(cherry picked)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:this|that|these|those|it|otherwise|therefore|thus|hence|so|however|but|because|instead|then)\b", re.IGNORECASE
)
_ITEM = re.compile(r"(?:[-*•+]|\d{1,2}[.)]) ")
_START = " .…"  # "Refuse it ... since the server counts": a title may continue in the text
COMMON = """
add added all and any are args arg array assert back base been bool boolean bug but call called can case change
changes char check class code commit const could data def default did does don done each else end error even false
file files fix fixed fixes for found from func function get give given had has have here how import int into
issue its just key let like line lines list make makes map may method more most much must name need new nil none
not now null number object off old one only other our out over own pass path private public remove return returns
run same see self set should show since size some static still str string struct such support test tests than
that the them then there these they this those through time too true try two type types under update use used
user uses using value values var very void was way were what when where which while will with without work would
you your
"""  # words of code that any sentence may have
_COMMON = frozenset(COMMON.split())


class Quote(NamedTuple):
    """What a memory says about a place."""

    text: str = ""  # one line of at most 300 characters, "" if the memory has nothing but a title
    gives_reason: bool = False  # whether it has a word that introduces a reason
    overlap: float = 0.0  # in [0, 1): how strongly it speaks of the place, by the names that it shares with it


class _Sentence(NamedTuple):
    text: str
    goes_on: bool  # it needs the sentence before it
    item: bool  # of a list
    gives_reason: bool
    words: frozenset[str]
    usable: bool  # it may be shown


def place_words(lines: Iterable[str], around: Iterable[str] = ()) -> dict[str, float]:
    """Return the words that tell a sentence about a place from others, each with its weight in (0, 1].

    A name of several words (`read_timeout`, `readTimeout`) is hardly ever in a sentence by chance. Its parts and plain
    words count less, common ones not at all.

    Args:
        lines: asked about, and the name of their function.
        around: the other lines in view.
    """
    words: dict[str, float] = {}
    for texts, weight in ((lines, 1.0), (around, AROUND)):
        for name in _NAME.findall("\n".join(texts)):
            for word, value in _weights(name):
                words[word] = max(words.get(word, 0.0), weight * value)
    return words


def quote(title: str, body: str, place: Mapping[str, float] = NOWHERE) -> Quote:
    """Return the sentences of a memory that say the most about a place, or about the change itself.

    They share names with the place and give a reason, or share names, or come first, in this order. A sentence that
    goes on from the one before ("Otherwise …") is shown with it. Code, credits, references and the title are no
    sentences to show.

    Args:
        title: of the memory, which is shown anyway; "" if it is not.
        body: of the memory.
        place: as `place_words` returns it; empty for the quote that fits any place.
    """
    read = _read(title, body)
    scores = {at: _score(one, at, place) for at, one in enumerate(read) if one.usable}
    if not scores:
        return Quote()
    best = max(scores, key=lambda at: scores[at])
    shown = [read[best]]
    if best and shown[0].goes_on and not shown[0].item:
        shown.insert(0, read[best - 1])
    elif best + 1 in scores and not shown[0].gives_reason and read[best + 1].goes_on and read[best + 1].gives_reason:
        shown.append(read[best + 1])
    text = " ".join(one.text for one in shown)
    if len(text) > MAX_WHY or not all(one.usable for one in shown):
        text, shown = read[best].text, [read[best]]
    overlap = _overlap(frozenset().union(*(one.words for one in shown)), place)
    return Quote(shorten(text, MAX_WHY), any(one.gives_reason for one in shown), overlap)


def is_informative(sentence: str) -> bool:
    """Whether a sentence is more than a reference to another commit or issue, or a credit."""
    if len(_WORD.findall(sentence)) < LEAST_WORDS or _CREDIT.match(sentence) or announces(sentence):
        return False
    return not _POINTER.fullmatch(_REFERENCE.sub(" ", sentence))


@lru_cache(maxsize=512)  # the hints of a file and the hovers of its lines read the same texts
def _read(title: str, body: str) -> tuple[_Sentence, ...]:
    known = _words_of(title)
    found = []
    for raw in marked_sentences(prose(body))[:MAX_SENTENCES]:
        item = bool(_ITEM.match(raw))
        text = (_ITEM.sub("", raw, count=1) if item else raw).lstrip(_START)
        words = _words_of(text)
        repeats = bool(known) and (words.startswith(known) or known.startswith(words))
        usable = not repeats and not text.endswith(":") and is_informative(text)
        names = frozenset(word for name in _NAME.findall(text) for word in _name_words(name))
        found.append(_Sentence(text, bool(_GOES_ON.match(text)), item, has_rationale(text), names, usable))
    return tuple(found)


def _score(sentence: _Sentence, at: int, place: Mapping[str, float]) -> float:
    overlap = _overlap(sentence.words, place)
    return overlap + REASON * (sentence.gives_reason and overlap > 0) - ITEM * sentence.item - LATER * min(at, 20)


def _overlap(words: frozenset[str], place: Mapping[str, float]) -> float:
    """Return 1 minus the chance that no shared word means the place, as if they were independent."""
    left = 1.0
    for word in words & place.keys():
        left *= 1.0 - place[word]
    return 1.0 - left


@lru_cache(maxsize=20_000)
def _weights(name: str) -> tuple[tuple[str, float], ...]:
    """Return a name and its parts with their weights, in lower case."""
    inner = name.strip("_")
    whole, *parts = _name_words(name)
    if "_" in inner or not (inner.islower() or inner.isupper() or inner[1:].islower()):
        return ((whole, NAME), *((part, PART) for part in parts))
    return () if whole in _COMMON else ((_stem(whole), PART if len(whole) < 6 else 2 * PART),)


@lru_cache(maxsize=20_000)
def _name_words(name: str) -> tuple[str, ...]:
    """Return a name, and its words that are not common, without a plural's ending, all in lower case."""
    words = (part.lower() for part in _HUMP.findall(name))
    return name.strip("_").lower(), *(_stem(word) for word in words if word not in _COMMON)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _words_of(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
