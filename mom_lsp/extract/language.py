"""The languages that people write messages, comments and documents in: tables of words, one file each in `languages/`.

English is looked up in every text, since a subject in any language has words of it; another language only in a text
that is written in it, and both in a text of two. A language is recognised by its letters, or by its common words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from mom_lsp.textcache import text_cache

ENGLISH = "en"
SUBJECTS = ("fix", "dull_object", "cause", "workaround", "workaround_ended", "revert", "optimisation", "deprecation")
NOISE = ("routine", "empty")
TEXTS = ("reason", "goes_on", "warning", "rule", "open_end")
INFORMATIVE = ("symptom", "condition", "negation", "adds", "dull")
CATEGORIES = frozenset((*SUBJECTS, *NOISE, *TEXTS, *INFORMATIVE))
READ = 500  # characters of a body, to tell its language
COMMON_SHARE, FEW_SHARE = 8, 2  # one word in eight is common, or in a short text every second

_SCRIPTS = {
    "kana": re.compile(r"[\u3041-\u3096\u30a1-\u30fa]"),
    "han": re.compile(r"[\u3400-\u9fff]"),
    "hangul": re.compile(r"[\uac00-\ud7a3]"),
    "cyrillic": re.compile(r"[\u0400-\u052f]"),
}
IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u9fff"  # Chinese and Japanese use no spaces; about two make a word
_IDEOGRAPH = re.compile(rf"[{IDEOGRAPHS}]")
_RUN = re.compile(rf"[{IDEOGRAPHS}\uac00-\ud7a3]{{2,}}")  # Chinese, Japanese, Korean
_WORD = re.compile(rf"[^\W\d_{IDEOGRAPHS}]{{2,}}")
_NEVER = re.compile(r"(?!)")


class Language:
    """The words of one language."""

    def __init__(self, code: str, text: str) -> None:
        """Read a table.

        Args:
            code: the name of its file, "de".
            text: TOML.

        Raises:
            ValueError: it is no TOML, or has an unknown key or script.
        """
        read = tomllib.loads(text)
        self.code = code
        self.name: str = read.pop("name")
        self.script: str = read.pop("script", "")  # a key of the scripts; "" for Latin letters
        self.common = frozenset[str](read.pop("common", ()))  # words by which a text in Latin letters is recognised
        self.letters = frozenset[str](read.pop("letters", ""))  # which count as one such word
        self._whole_words: bool = read.pop("spaces", True)
        self._terms: dict[str, list[str]] = read
        unknown = read.keys() - CATEGORIES
        if unknown or (self.script and self.script not in _SCRIPTS):
            raise ValueError(f"{code}.toml: unknown {', '.join(sorted(unknown)) or f'script {self.script}'}")
        self._patterns: dict[str, re.Pattern[str]] = {}

    def says(self, category: str, lowered: str) -> bool:
        """Whether a text in lower case has a word of a category."""
        return bool(self.pattern(category).search(lowered))

    def begins(self, category: str, lowered: str) -> bool:
        """Whether a text in lower case begins with a word of a category; of "empty", whether it has no other words."""
        return bool(self.pattern(category).match(lowered))

    def pattern(self, category: str) -> re.Pattern[str]:
        """Return the pattern of a category, for lower-case text; compiled when first used.

        Raises:
            ValueError: a term is no regular expression.
        """
        if category not in self._patterns:
            terms = self._terms.get(category, ())
            make = _nothing_else if category == "empty" else _any_of
            try:
                self._patterns[category] = make(terms, self._whole_words) if terms else _NEVER
            except re.error as error:
                raise ValueError(f"{self.code}.toml: {category}: {error}") from error
        return self._patterns[category]


def says(category: str, lowered: str, languages: Iterable[Language] | None = None) -> bool:
    """Whether a text in lower case has a word of a category, in English or in a language it is written in.

    Args:
        category: one of CATEGORIES.
        lowered: the text.
        languages: besides English, of the longer text that it is part of: a sentence may be too short to tell.
    """
    if english().says(category, lowered):
        return True
    return any(one.says(category, lowered) for one in (spoken(lowered) if languages is None else languages))


def begins(category: str, lowered: str, languages: Iterable[Language] | None = None) -> bool:
    """Whether a text in lower case begins with one, in English or in a language it is written in."""
    if english().begins(category, lowered):
        return True
    return any(one.begins(category, lowered) for one in (spoken(lowered) if languages is None else languages))


def others_say(category: str, lowered: str, languages: Iterable[Language] | None = None) -> bool:
    """Whether a text in lower case has a word of a category in another language than English; arguments as `says`."""
    return any(one.says(category, lowered) for one in (spoken(lowered) if languages is None else languages))


@text_cache(4)  # asked for by each that reads a message
def languages_of(subject: str, body: str) -> tuple[Language, ...]:
    """Return the languages besides English that a message is written in."""
    return spoken(f"{subject}\n{body[:READ]}".lower())


def says_nothing_else(lowered: str) -> bool:
    """Whether a text in lower case has only words that would fit any change, all of them of one language."""
    return bool(_nothing_in_any().match(lowered))


@text_cache(8)
def spoken(lowered: str) -> tuple[Language, ...]:
    """Return the languages besides English that a text in lower case is written in."""
    found = () if lowered.isascii() else _by_letters(lowered)
    in_order = lowered.split()
    accents = not lowered.isascii() and _all_letters().search(lowered)
    if not accents and _all_common().isdisjoint(in_order):
        return found
    words = set(in_order)
    hits = {one: len(one.common & words) + (not one.letters.isdisjoint(lowered)) for one in others()}
    most = max(hits.values(), default=0)
    if most <= len(english().common & words) or most * (COMMON_SHARE if most > 1 else FEW_SHARE) < len(words):
        return found
    return (*found, *(one for one, count in hits.items() if count == most))


def may_be_written_in(text: str) -> tuple[Language, ...]:
    """Return the languages besides English whose letters a file has, in which words of code outnumber theirs."""
    if text.isascii():
        return ()
    accents = _all_letters().search(text)
    with_accents = (one for one in others() if accents and not one.letters.isdisjoint(text))
    return (*_by_letters(text), *with_accents)


def _by_letters(text: str) -> tuple[Language, ...]:
    scripts = {name for name, letters in _SCRIPTS.items() if letters.search(text)}
    if "kana" in scripts:  # Japanese has Chinese characters, too
        scripts.discard("han")
    return tuple(one for one in others() if one.script in scripts)


def word_count(text: str) -> float:
    """Return the number of words of a text; two Chinese or Japanese characters are one."""
    return len(text.split()) + ideographs(text) / 2


def words_of_letters(text: str) -> float:
    """Return the number of words of at least two letters; two Chinese or Japanese characters are one."""
    return len(_WORD.findall(text)) + ideographs(text) / 2


def character_pairs(text: str) -> frozenset[str]:
    """Return each two adjacent characters of Chinese, Japanese and Korean words."""
    if text.isascii():
        return frozenset()
    return frozenset(run[at : at + 2] for run in _RUN.findall(text) for at in range(len(run) - 1))


def ideographs(text: str) -> int:
    """Return the number of Chinese and Japanese characters of a text."""
    return 0 if text.isascii() else len(_IDEOGRAPH.findall(text))


def english() -> Language:
    """Return the table of English."""
    return tables()[ENGLISH]


@lru_cache(maxsize=1)
def others() -> tuple[Language, ...]:
    """Return the other tables."""
    return tuple(one for one in tables().values() if one.code != ENGLISH)


def leave_out_others() -> None:
    """Recognise English alone from now on, in this process: what measurements compare with."""
    for code in tables().keys() - {ENGLISH}:
        del tables()[code]
    for cached in (others, _all_common, _all_letters, _nothing_in_any, spoken):
        cached.cache_clear()


@lru_cache(maxsize=1)
def _all_common() -> frozenset[str]:
    return frozenset[str]().union(*(one.common for one in others()))


@lru_cache(maxsize=1)
def _nothing_in_any() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one.pattern('empty').pattern})" for one in tables().values()))


@lru_cache(maxsize=1)
def _all_letters() -> re.Pattern[str]:
    letters = "".join(sorted(frozenset[str]().union(*(one.letters for one in others()))))
    return re.compile(f"[{letters}]") if letters else _NEVER


@lru_cache(maxsize=1)
def tables() -> dict[str, Language]:
    """Return all tables by their code.

    Raises:
        ValueError: a table is wrong; the message names it.
    """
    folder = files("mom_lsp.extract").joinpath("languages")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    codes = [name.removesuffix(".toml") for name in names]
    return {code: Language(code, folder.joinpath(f"{code}.toml").read_text("utf-8")) for code in codes}


def _any_of(terms: Iterable[str], whole_words: bool) -> re.Pattern[str]:
    """Compile terms: regular expressions, of whole words unless they end in "*"."""
    if not whole_words:
        return re.compile("|".join(term.removesuffix("*") for term in terms))
    parts = (term.removesuffix("*") + ("" if term.endswith("*") else r"(?!\w)") for term in terms)
    return re.compile(rf"\b(?:{'|'.join(parts)})")


def _nothing_else(terms: Iterable[str], whole_words: bool) -> re.Pattern[str]:
    """Compile a pattern of a text that has only these words."""
    words = "|".join(sorted(terms, key=len, reverse=True))
    between = rf"(?:{words})\b[\W_]*" if whole_words else rf"{words}|[\W\d_]"
    return re.compile(rf"[\W_]*(?:{between})*+$")
