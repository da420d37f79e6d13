"""No text makes an extractor slow: every pattern, and every extractor, is linear in the length of a text.

Each pattern of the packages that read texts is tried by itself with texts made of its own parts, so that a new one is
tried, too. What is measured is the ratio of the times of two sizes, in processor time, and only of what is slow at all:
with four times the text a linear pattern takes four times as long, and a quadratic one sixteen times.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from pattern_attacks import TAILS, attacks, patterns, user

from mom_lsp import limits
from mom_lsp.discussions.export_commands import MAX_URL
from mom_lsp.evaluation.adversarial_texts import UNITS, text_of
from mom_lsp.evaluation.extractors import extractors
from mom_lsp.extract.body import MAX_ROUTINE
from mom_lsp.extract.comments import LEXING_TIME

SIZE, PATTERN_SIZE, TIMES = 400, 1_600, 4  # characters for an extractor, and for a pattern; the second text
SLOW = 1e-3  # seconds for the second text: a simple pattern takes a tenth of it
MOST = 9  # times as long for four times the text

# Patterns that are not linear, and the limit of the texts that they are matched with.
BOUNDED = {
    "mom_lsp.extract.body._ROUTINE": MAX_ROUTINE,
    "mom_lsp.extract.documents._DECISION": limits.MAX_PATH,
    "mom_lsp.extract.documents._POSTMORTEM": limits.MAX_PATH,
    "mom_lsp.extract.documents._GUIDE": limits.MAX_PATH,
    "mom_lsp.extract.documents._RULES": limits.MAX_PATH,
    "mom_lsp.extract.kinds._FIX": limits.MAX_SUBJECT,
    "mom_lsp.extract.message._SUFFIX": limits.MAX_SUBJECT,
    "mom_lsp.extract.quote._NO_BRACKET": limits.MAX_SENTENCE,
    "mom_lsp.extract.reverts._TITLE": limits.MAX_SENTENCE,
    "mom_lsp.extract.symbols._HEADERS": limits.MAX_HEADER,
    "mom_lsp.extract.symbols._DEFINER": limits.MAX_HEADER,
    "mom_lsp.extract.symbols._CALLABLE": limits.MAX_HEADER,
    "mom_lsp.extract.symbols._VALUE": limits.MAX_HEADER,
    "mom_lsp.discussions.export_commands._URL": MAX_URL,
}
# Lexers of Pygments that are not linear, and the text that shows it: what limits them is their time.
SLOW_LEXERS = {"comments .java": "    a\n", "comments .cs": "    a\n", "comments .tf": "<<A\n"}
MANY = 100_000  # characters
LONGEST = 0.05  # seconds for a text of the limit


def seconds(use: Callable[[Any], object], text: Any, repeat: int = 1) -> float:
    """Return the least processor time of several runs, without garbage collection."""
    times = []
    gc.disable()
    for _ in range(repeat):
        start = time.thread_time()
        use(text)
        times.append(time.thread_time() - start)
    gc.enable()
    return min(times)


def slower_than_linear(use: Callable[[Any], object], make: Callable[[int], Any], size: int = SIZE) -> float:
    """Return how many times as long `TIMES` the text takes, 0 if it is fast or about linear."""
    if seconds(use, make(size)) < SLOW / TIMES / TIMES or seconds(use, make(size * TIMES)) < SLOW:
        return 0.0
    for repeat in (2, 5):  # a machine that is busy may be slow once
        ratio = seconds(use, make(size * TIMES), repeat) / seconds(use, make(size), repeat + 1)
        if ratio <= MOST:
            return 0.0
    return ratio


def made(pattern: re.Pattern[Any], start: str, pump: str, tail: str) -> Callable[[int], Any]:
    def make(size: int) -> Any:
        text = start + pump * max(1, (size - len(start)) // len(pump)) + tail
        return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text

    return make


PATTERNS = patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear_or_its_text_is_limited(name: str) -> None:
    pattern, limit = PATTERNS[name], BOUNDED.get(name.partition("[")[0])
    use = user(name, pattern)
    for start, pump in attacks(pattern):
        for tail in TAILS:
            make = made(pattern, start, pump, tail)
            if limit is not None:
                taken = seconds(use, make(min(limit, 1_000)))
                assert taken < LONGEST, f"{start!r} and then {pump!r} took {taken:.3f} s"
                continue
            ratio = slower_than_linear(use, make, PATTERN_SIZE)
            assert not ratio, f"{start!r} and then {pump!r}: {TIMES} times the text takes {ratio:.0f} times as long"


def test_a_quadratic_pattern_is_found() -> None:
    pattern = re.compile(r"<!--.*?-->", re.DOTALL)
    ratios = [
        slower_than_linear(
            lambda text: sum(1 for _ in pattern.finditer(text)), made(pattern, start, pump, ""), PATTERN_SIZE
        )
        for start, pump in attacks(pattern)
    ]
    assert max(ratios) > MOST


def test_each_limited_pattern_is_there() -> None:
    assert {name.partition("[")[0] for name in PATTERNS} >= BOUNDED.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name, extract", list(extractors()))
def test_an_extractor_is_linear(name: str, extract: Callable[[str], object]) -> None:
    extract("because a")  # compiles, and loads what it needs
    for unit in UNITS:
        ratio = slower_than_linear(extract, lambda size, unit=unit: text_of(unit, size))  # type: ignore[misc]
        if ratio and unit == SLOW_LEXERS.get(name):
            assert seconds(extract, text_of(unit, MANY)) < LEXING_TIME + 0.5
            continue
        assert not ratio, f"{unit!r}: {TIMES} times the text takes {ratio:.0f} times as long"
