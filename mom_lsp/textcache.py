"""Caches of functions of texts that are emptied together: a text that is forgotten must stay in none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import TypeVar

T = TypeVar("T")

_emptied: list[Callable[[], None]] = []


def text_cache(maxsize: int) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """Cache the last results of a function of texts, until `empty_text_caches`."""

    def cached(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        made = lru_cache(maxsize)(function)
        empty_too(made.cache_clear)
        return made

    return cached


def empty_too(empty: Callable[[], None]) -> None:
    """Call a function that empties another kind of cache whenever the others are emptied."""
    _emptied.append(empty)


def empty_text_caches() -> None:
    """Drop all texts and results from the caches of this process."""
    for empty in _emptied:
        empty()
