"""Mapping open lines to committed ones: compared with a plain diff, and in linear time."""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.route.lines import blob_lines, committed_lines, open_lines


def slowly_committed(committed: list[str], current: list[str]) -> list[int]:
    mapped = [0] * len(current)
    for a, b, size in SequenceMatcher(None, committed, current, autojunk=False).get_matching_blocks():
        for offset in range(size):
            mapped[b + offset] = a + offset + 1
    return mapped


lines = st.lists(st.sampled_from("abcdefgh"), max_size=12)
small_edits = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["new", "drop", "double"])), max_size=6)


@given(lines, lines)
def test_mapped_lines_are_equal_and_in_order(committed: list[str], current: list[str]) -> None:
    mapped = committed_lines(committed, current)
    assert len(mapped) == len(current)
    assert all(committed[old - 1] == line for old, line in zip(mapped, current, strict=True) if old)
    known = [old for old in mapped if old]
    assert known == sorted(set(known))


@given(lines, lines, lines, lines)
def test_the_common_prefix_and_suffix_are_mapped(
    head: list[str], old: list[str], new: list[str], tail: list[str]
) -> None:
    mapped = committed_lines([*head, *old, *tail], [*head, *new, *tail])
    assert mapped[: len(head)] == list(range(1, len(head) + 1))
    assert sum(line > 0 for line in mapped) >= len(head) + len(tail)


@given(st.lists(st.tuples(st.sampled_from(["keep", "new", "drop"]), st.integers(0, 10**6)), max_size=30))
def test_unique_lines_map_as_in_a_full_diff(edits: list[tuple[str, int]]) -> None:
    """All lines differ, so the longest common subsequence is the only right answer."""
    committed = [f"line {n}" for n, (what, _) in enumerate(edits) if what != "new"]
    current = [f"new {n} {x}" if what == "new" else f"line {n}" for n, (what, x) in enumerate(edits) if what != "drop"]
    assert committed_lines(committed, current) == slowly_committed(committed, current)


@given(small_edits)
def test_few_edits_of_a_long_file_lose_few_lines(edits: list[tuple[int, str]]) -> None:
    """In a file in which most lines occur more than once, like braces and returns."""
    committed = [f"    step({n // 3 % 40})" if n % 3 else "}" for n in range(2400)]
    current = list(committed)
    for at, what in edits:
        place = at % len(current)
        current[place : place + 1] = {"new": ["x", current[place]], "drop": [], "double": [current[place]] * 2}[what]
    mapped = committed_lines(committed, current)
    assert sum(line > 0 for line in mapped) >= len(committed) - 2 * len(edits) - 8


def test_lines_between_two_distant_edits_stay_mapped() -> None:
    committed = [f"line {n}" if n % 2 else "}" for n in range(6_000)]
    mapped = committed_lines(committed, ["#include", *committed, "# the end"])
    assert mapped == [0, *range(1, 6_001), 0]
    substituted = [line.replace("7", "seven") for line in committed]  # as :%s does
    kept = [line for line, (new, old) in enumerate(zip(substituted, committed, strict=True), 1) if new == old]
    assert [mapped for mapped in committed_lines(committed, substituted) if mapped] == kept


@given(st.integers(0, 2**32), st.integers(100, 400), st.integers(100, 400))
def test_texts_of_two_repeated_lines_are_mapped_almost_optimally(seed: int, old: int, new: int) -> None:
    """Without a unique line, and with more edits than are compared at a time."""
    random = np.random.default_rng(seed)
    committed, current = (["ab"[kind] for kind in random.integers(2, size=size)] for size in (old, new))
    most = sum(size for _, _, size in SequenceMatcher(None, committed, current, autojunk=False).get_matching_blocks())
    assert sum(line > 0 for line in committed_lines(committed, current)) >= 0.8 * most


@pytest.mark.parametrize("edited", ["twice", "other", "reversed", "repeated", "shuffled", "few kinds"])
def test_the_work_is_linear_in_the_file_size(edited: str) -> None:
    def steps(size: int) -> int:
        """Count the lines of Python that are run."""
        random = np.random.default_rng(0)
        kinds = {"repeated": 1, "few kinds": 3}.get(edited, size)
        committed = [f"{n}" for n in random.integers(kinds, size=size).tolist()]
        current = {
            "twice": ["x", *committed[:-1], "y"],
            "other": [f"other {line}" for line in committed],
            "reversed": committed[::-1],
            "repeated": [line for line in committed for _ in range(2)],
            "shuffled": random.permutation(committed).tolist(),
            "few kinds": [f"{n}" for n in random.integers(kinds, size=size).tolist()],
        }[edited]
        count = 0

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            committed_lines(committed, current)
        finally:
            sys.settrace(before)
        return count

    assert steps(4000) < 6 * steps(1000)


def test_lines_end_where_git_and_editors_end_them() -> None:
    assert open_lines("a\fb\u2028c\r\nd\re\n") == ["a\fb\u2028c", "d", "e"]
    assert blob_lines("a\fb\r\nc\rd\n\ne") == ["a\fb", "c\rd", "", "e"]
    assert open_lines("") == blob_lines("") == []
    assert open_lines("\n") == blob_lines("\n") == [""]
