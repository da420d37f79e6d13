"""Informativeness: how likely a message tells its reader something that the code it wrote does not.

"Add an option" repeats what the code says; "do not retry a POST, since the server may have got it" does not. A logistic
model of which words the title and the text have, of how long they are, and of the first word, fitted on messages that
were judged one by one (`python -m mom_lsp.evaluation.fit_informative`). Its words are plain data: "avoid", "crash",
"when" and "instead" speak for a message, "update", "tests" and "cleanup" against it.

These words are English. A text in another language is judged by the categories of words that it has (a reason, a
symptom, a condition, "update" and its like) and by its length in words. That model is fitted on the same English
messages, with the English table of these categories; the table of the other language fills them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from mom_lsp.extract.language import Language, english, languages_of, word_count

READ = 500  # characters of the text whose words count
LONGEST_WORD, LONGEST_TITLE = 18, 12  # characters; words
LETTERS = 6  # of a word and its space
TITLE, TEXT, FIRST = "title", "text", "first"
LENGTHS = ("length of the text", "length of the title")
IN_TITLE = ("reason", "symptom", "condition", "negation", "fix", "adds", "dull", "empty")
IN_TEXT = ("reason", "symptom", "condition", "negation", "dull")
CATEGORIES = (
    *(f"title {one}" for one in IN_TITLE),
    *(f"text {one}" for one in IN_TEXT),
    "title name",
    "text name",
    *LENGTHS,
)

_SCOPE = re.compile(r"[\w./()-]{1,40}: ")
_WORD = re.compile(r"[a-z']+|#\d|`")
_NAME = re.compile(
    r"`|[a-z][A-Z]|\b[^\WA-Za-z]*+[A-Za-z](?:[^\W_]*+_|\w*+[.(])"
)  # of code: read_timeout, readTimeout, read()


class InformativeModel(NamedTuple):
    """The weights, in log-odds."""

    words: Mapping[str, float]  # "title avoid", "text because", "first add" -> weight
    lengths: tuple[float, float]  # as LENGTHS, per unit of `length_features`
    intercept: float
    categories: tuple[float, ...]  # as CATEGORIES
    categories_intercept: float


def informativeness(title: str, body: str) -> float:
    """Return the probability that a message tells its reader something that the code does not, in (0, 1)."""
    model = _shipped()
    languages = languages_of(title, body)
    if languages:
        features = category_features(title, body, languages)
        shares = (w * x for w, x in zip(model.categories, features, strict=True))
        return _probability(model.categories_intercept + sum(shares))
    found = sum(model.words.get(word, 0.0) for word in message_words(title, body))
    lengths = sum(w * x for w, x in zip(model.lengths, length_features(title, body), strict=True))
    return _probability(model.intercept + found + lengths)


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def category_features(title: str, body: str, languages: tuple[Language, ...] = ()) -> tuple[float, ...]:
    """Return CATEGORIES: whether a category of words is there, in English or the languages of the text, and lengths."""
    in_title, in_text = title.lower(), body[:READ].lower()
    return (
        *(float(_says(one, in_title, languages)) for one in IN_TITLE),
        *(float(_says(one, in_text, languages)) for one in IN_TEXT),
        float(bool(_NAME.search(title))),
        float(bool(_NAME.search(body[:READ]))),
        math.log1p(LETTERS * word_count(body)) / 3,
        min(LONGEST_TITLE, word_count(title)) / 6,
    )


def _says(category: str, lowered: str, languages: tuple[Language, ...]) -> bool:
    found = Language.begins if category == "empty" else Language.says
    return any(found(one, category, lowered) for one in (english(), *languages))


def message_words(title: str, body: str) -> set[str]:
    """Return the words of a message, each with where it is; code and numbers have one sign each."""
    scope = _SCOPE.match(title)
    of_title = _words(title[scope.end() :] if scope else title)
    found = {f"{TITLE} {word}" for word in of_title} | {f"{TEXT} {word}" for word in _words(body[:READ])}
    return found | {f"{FIRST} {word}" for word in of_title[:1]}


def length_features(title: str, body: str) -> tuple[float, float]:
    """Return LENGTHS, both about 0 to 2."""
    return math.log1p(len(body)) / 3, min(LONGEST_TITLE, word_count(title)) / 6


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) < LONGEST_WORD]


@lru_cache(maxsize=1)
def _shipped() -> InformativeModel:
    """Return the weights that `python -m mom_lsp.evaluation.fit_informative` made."""
    read = json.loads(files("mom_lsp.extract").joinpath("informative.json").read_text("utf-8"))
    lengths, by_category = read["lengths"], read["categories"]
    return InformativeModel(
        read["words"],
        (lengths[0], lengths[1]),
        read["intercept"],
        tuple(by_category[name] for name in CATEGORIES),
        by_category["intercept"],
    )
