"""The border to LanceDB: whatever it raises when it cannot read or write, a panic included, is a Fault from here on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from mom_lsp.errors import MomError

ERRORS = (RuntimeError, ValueError, OSError, LookupError, ArithmeticError, pa.ArrowException)
PANICS = {"PanicException", "RustPanic"}  # of Lance's threads; their classes, one a BaseException, cannot be imported


class Fault(Exception):
    """LanceDB cannot read or write."""


@contextmanager
def faults() -> Iterator[None]:
    """Turn what LanceDB, Arrow and the file system raise into a Fault with the same message."""
    try:
        yield
    except (MomError, Fault):
        raise
    except BaseException as error:
        if not isinstance(error, ERRORS) and type(error).__name__ not in PANICS:
            raise
        raise Fault(str(error)) from error
