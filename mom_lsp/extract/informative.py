"""Informativeness: how likely a message tells its reader something that the code it wrote does not.

"Add an option" repeats what the code says; "do not retry a POST, since the server may have got it" does not. A logistic
model of which words the title and the text have, of how long they are, and of the first word, fitted on messages that
were judged one by one (`python -m mom_lsp.evaluation.fit_informative`). Its words are plain data: "avoid", "crash",
"when" and "instead" speak for a message, "update", "tests" and "cleanup" against it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

READ = 500  # characters of the text whose words count
LONGEST_WORD, LONGEST_TITLE = 18, 12  # characters; words
TITLE, TEXT, FIRST = "title", "text", "first"
LENGTHS = ("length of the text", "length of the title")

_SCOPE = re.compile(r"[\w./()-]{1,40}: ")
_WORD = re.compile(r"[a-z']+|#\d|`")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # Chinese and Japanese use no spaces; about two make a word


class InformativeModel(NamedTuple):
    """The weights, in log-odds."""

    words: Mapping[str, float]  # "title avoid", "text because", "first add" -> weight
    lengths: tuple[float, float]  # as LENGTHS, per unit of `length_features`
    intercept: float


def informativeness(title: str, body: str) -> float:
    """Return the probability that a message tells its reader something that the code does not, in (0, 1)."""
    model = _shipped()
    found = sum(model.words.get(word, 0.0) for word in message_words(title, body))
    lengths = sum(w * x for w, x in zip(model.lengths, length_features(title, body), strict=True))
    return 1.0 / (1.0 + math.exp(-(model.intercept + found + lengths)))


def message_words(title: str, body: str) -> set[str]:
    """Return the words of a message, each with where it is; code and numbers have one sign each."""
    scope = _SCOPE.match(title)
    of_title = _words(title[scope.end() :] if scope else title)
    found = {f"{TITLE} {word}" for word in of_title} | {f"{TEXT} {word}" for word in _words(body[:READ])}
    return found | {f"{FIRST} {word}" for word in of_title[:1]}


def length_features(title: str, body: str) -> tuple[float, float]:
    """Return LENGTHS, both about 0 to 2."""
    words = len(title.split()) + len(_IDEOGRAPH.findall(title)) / 2
    return math.log1p(len(body)) / 3, min(LONGEST_TITLE, words) / 6


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) < LONGEST_WORD]


@lru_cache(maxsize=1)
def _shipped() -> InformativeModel:
    """Return the weights that `python -m mom_lsp.evaluation.fit_informative` made."""
    read = json.loads(files("mom_lsp.extract").joinpath("informative.json").read_text("utf-8"))
    return InformativeModel(read["words"], tuple(read["lengths"]), read["intercept"])
