"""Importing other people's libraries without a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_probe() -> Iterator[None]:
    """Let urllib3, which many libraries import, not bind a socket only to learn whether there is IPv6."""
    before, socket.has_ipv6 = socket.has_ipv6, False
    try:
        yield
    finally:
        socket.has_ipv6 = before
