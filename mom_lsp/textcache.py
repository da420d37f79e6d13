"""Caches of functions of texts that are emptied together: a text that is forgotten must stay in none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, TypeVar

T = TypeVar("T")

_caches: list[_lru_cache_wrapper[Any]] = []


def text_cache(maxsize: int) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """Cache the last results of a function of texts, until `empty_text_caches`."""

    def cached(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        made = lru_cache(maxsize)(function)
        _caches.append(made)
        return made

    return cached


def empty_text_caches() -> None:
    """Drop all texts and results from the caches of this process."""
    for cache in _caches:
        cache.cache_clear()
