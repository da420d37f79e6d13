"""Texts against a regular expression, from its own parts: what it repeats, and each beginning of it, many times."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

PACKAGES = ("mom_lsp.extract", "mom_lsp.annotations", "mom_lsp.discussions", "mom_lsp.redact")
GENERAL = (*" \na1`[(\"'\\*-/=<>{#", "#1 ", "<!--", "[a](", " \n", "a ", "a/", "a.", "http://", "\n- ")
TAILS = ("", "\x01")  # what makes a match fail at last
LONG = 10  # repetitions; what repeats at most so often takes no time
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_SAMPLES = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_NOT_WORD": "!"}
_METHODS = "match|search|fullmatch|sub|subn|findall|finditer|split"


def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every pattern in the modules of the packages, and those of the tables of languages, by its name."""
    found: dict[re.Pattern[Any], str] = {}
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for module in (package, *(f"{package}.{one.name}" for one in pkgutil.iter_modules(path))):
            for name, value in vars(importlib.import_module(module)).items():
                for pattern in _patterns_in(value):
                    found.setdefault(pattern, f"{module}.{name}")
    language = importlib.import_module("mom_lsp.extract.language")
    for table in language.tables().values():
        for category in sorted(language.CATEGORIES):
            found.setdefault(table.pattern(category), f"{table.code}.{category}")
    by_name: dict[str, re.Pattern[Any]] = {}
    for pattern, name in found.items():
        by_name[name if name not in by_name else f"{name}[{len(by_name)}]"] = pattern
    return by_name


def _patterns_in(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _patterns_in(tuple(value.values()))
    elif isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from _patterns_in(one)


def user(name: str, pattern: re.Pattern[Any]) -> Callable[[Any], object]:
    """Return how a pattern is used in its module: matched at one place only, or searched at every place."""
    module, _, attribute = name.partition("[")[0].rpartition(".")
    used: set[str] = set()
    if attribute.startswith("_") and module.startswith("mom_lsp"):
        source = Path(str(importlib.import_module(module).__file__)).read_text("utf-8")
        uses = re.findall(rf"\b{attribute}\b(?!:? ?=)(?:\.({_METHODS})\b)?", source)
        used = {use or "finditer" for use in uses}
    if used and used <= {"match", "fullmatch"}:
        return lambda text: [getattr(pattern, method)(text) for method in used]
    return lambda text: sum(1 for _ in pattern.finditer(text))


def attacks(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """Return beginnings and what is repeated behind each."""
    text, flags = pattern.pattern, pattern.flags
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    found: list[tuple[str, str]] = [("", one) for one in GENERAL]
    _collect(parser.parse(text, flags), "", found, {})
    return list(dict.fromkeys((start[-200:], pump[:200]) for start, pump in found if pump))


def _collect(nodes: Any, before: str, found: list[tuple[str, str]], groups: dict[int, str]) -> None:
    for code, value in nodes:
        if code is codes.BRANCH:
            for branch in value[1]:
                _collect(branch, before, found, groups)
        elif code is codes.SUBPATTERN:
            _collect(value[3], before, found, groups)
        elif code is codes.ATOMIC_GROUP:
            _collect(value, before, found, groups)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            _collect(value[1], before, found, groups)
        elif code in _REPEATS:
            if value[1] is codes.MAXREPEAT or value[1] > LONG:
                found += ((before, pump) for pump in _pumps(value[2], groups))
            _collect(value[2], before, found, groups)
        before += _least([(code, value)], groups)
        found.append(("", before))


def _pumps(body: Any, groups: dict[int, str]) -> set[str]:
    """Return texts that the body of a repetition matches."""
    found = {_least(body, groups)}
    if len(body) == 1:
        code, value = body[0]
        if code is codes.IN:
            found |= set(_members(value))
        elif code is codes.ANY:
            found |= {"a", " "}
        else:
            branches = value[3][0] if code is codes.SUBPATTERN and len(value[3]) == 1 else (code, value)
            if branches[0] is codes.BRANCH:
                found |= {_least(one, groups) for one in branches[1][1]}
    return found


def _least(nodes: Any, groups: dict[int, str]) -> str:
    """Return a short text that a part of a pattern matches."""
    return "".join(_least_of(code, value, groups) for code, value in nodes)


def _least_of(code: Any, value: Any, groups: dict[int, str]) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.IN:
        return _members(value)[0]
    if code in (codes.ANY, codes.NOT_LITERAL):
        return "a" if value != ord("a") else "b"
    if code in _REPEATS:
        return str(_least(value[2], groups) * min(value[0], 50))
    if code is codes.SUBPATTERN:
        text: str = _least(value[3], groups)
        groups[value[0]] = text
        return text
    if code is codes.ATOMIC_GROUP:
        return _least(value, groups)
    if code is codes.BRANCH:
        return _least(value[1][0], groups)
    return str(groups.get(value, "")) if code is codes.GROUPREF else ""


def _members(items: Any) -> list[str]:
    """Return up to three characters of a set."""
    if items[0][0] is codes.NEGATE:
        one = re.compile("".join(["[^", *map(_written, items[1:]), "]"]))
        return [sign for sign in 'a b1.\n-("`<>[]{}/#' if one.match(sign)][:3] or ["a"]
    found = []
    for code, value in items[:3]:
        sign = chr(value) if code is codes.LITERAL else chr(value[0]) if code is codes.RANGE else ""
        found.append(sign or _SAMPLES.get(str(value), "a"))
    return found


def _written(item: Any) -> str:
    code, value = item
    if code is codes.LITERAL:
        return re.escape(chr(value))
    if code is codes.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(value).rpartition("_")[2]]
    return "\\" + (letter.upper() if "_NOT_" in str(value) else letter)
