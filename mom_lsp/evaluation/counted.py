"""Arrays that count what is computed with them: the multiply-adds of products, and other arithmetic by element."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

FREE = {"isfinite", "greater", "less", "greater_equal", "less_equal", "equal", "logical_and", "logical_or"}


@dataclass(slots=True)
class Counts:
    """What was computed."""

    products: int = 0  # multiply-adds
    elementwise: int = 0


_counts: list[Counts] = []


@contextmanager
def counting() -> Iterator[Counts]:
    """Count the operations with CountedArrays meanwhile."""
    _counts.append(Counts())
    try:
        yield _counts[-1]
    finally:
        _counts.pop()


class CountedArray(np.ndarray):
    """An array whose products and elementwise operations are counted; so is what is computed from it."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """Compute as numpy does, and count."""
        plain = [_plain(one) for one in inputs]
        if out is not None:
            options["out"] = tuple(_plain(one) for one in out)
        found = getattr(ufunc, method)(*plain, **options)
        for counts in _counts:
            if ufunc is np.matmul:
                counts.products += int(np.size(found)) * plain[0].shape[-1]
            elif ufunc.__name__ not in FREE:
                counts.elementwise += int(np.size(plain[0] if method == "reduce" else found))
        return counted(found) if isinstance(found, np.ndarray) else found

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Compute as numpy does; an einsum counts as products."""
        if func is not np.einsum:
            return super().__array_function__(func, types, args, kwargs)
        subscripts, *operands = args
        operands = [_plain(one) for one in operands]
        size: dict[str, int] = {}
        for letters, operand in zip(subscripts.split("->")[0].split(","), operands, strict=True):
            size |= dict(zip(reversed(letters.replace("...", "")), reversed(operand.shape), strict=False))
        for counts in _counts:
            counts.products += prod(size.values())
        return counted(np.einsum(subscripts, *operands, **kwargs))


def counted(array: np.ndarray) -> CountedArray:
    """Return a view that counts."""
    return np.asarray(array).view(CountedArray)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, CountedArray) else value
