"""An error in one memory does not break the answer: it is logged, and reported by `mom doctor`."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

# Errors that the data of one memory can cause. Not MomError and OSError, which concern all of them.
FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)


class Isolation:
    """Processes the memories of an answer so that an error in one does not affect the others."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}  # id of a memory -> why it could not be shown last time

    def each(self, work: Callable[[Sequence[T]], list[R]], items: Sequence[T], name: Callable[[T], str]) -> list[R]:
        """Return the results of all items at once or, if that fails, of the items that succeed one by one.

        Args:
            work: takes many items, which it reads together.
            items: one per memory.
            name: returns the id of an item's memory.
        """
        try:
            found = work(items)
        except FAULTS:
            return [done for item in items for done in self._alone(work, item, name(item))]
        for item in items if self.problems else ():
            self.problems.pop(name(item), None)
        return found

    def _alone(self, work: Callable[[Sequence[T]], list[R]], item: T, memory: str) -> list[R]:
        try:
            found = work([item])
        except FAULTS as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(at.filename).name}:{at.lineno}"
            self.problems[memory] = f"{memory[:8]} cannot be shown ({type(error).__name__} in {where}: {error})"
            log.error("memory %s", self.problems[memory])
            return []
        self.problems.pop(memory, None)
        return found
