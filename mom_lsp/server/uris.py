"""URIs of documents: editors spell the URI of a file in different ways, so URIs are compared by a normalised key.

VS Code encodes all but letters, digits and `-._~/` (`%5Bid%5D`, `file:///c%3A/`), Neovim encodes less and in lower case
(`%5bid%5d`), Emacs, Helix and Zed encode other sets. URIs sent to an editor keep that editor's spelling.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, unquote_to_bytes

V = TypeVar("V")

WINDOWS = os.name == "nt"
MAX_CACHED = 4_096  # characters of a URI whose key is kept
# RFC 3986, appendix B: scheme, authority, path, and query with fragment; it matches any text.
_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(.*)", re.DOTALL)
_DRIVE = re.compile(rb"/[A-Za-z]:")


def uri_key(uri: str, windows: bool = WINDOWS) -> str:
    """Return the normalised spelling of a URI.

    The query and the fragment stay, since editors use them for other documents (a cell of a notebook, a revision).
    """
    return _known_key(uri, windows) if len(uri) <= MAX_CACHED else _key(uri, windows)


def _key(uri: str, windows: bool) -> str:
    scheme, authority, path, rest = _split(uri, windows)
    before = f"{scheme}:" if scheme else ""
    slashes = "//" if authority or path.startswith(b"/") else ""
    return f"{before}{slashes}{quote(authority)}{quote(path)}{quote(_decoded(rest), safe='?#=&')}"


_known_key = lru_cache(1024)(_key)


def file_path(uri: str, windows: bool = WINDOWS) -> str | None:
    """Return the path of a file URI; None for other URIs, and for files of another machine."""
    scheme, authority, path, _ = _split(uri, windows)
    if scheme != "file" or not path or b"\0" in path or (authority and not windows):
        return None
    if windows:
        path = b"//" + authority + path if authority else path.removeprefix(b"/") if _DRIVE.match(path) else path
        path = path.replace(b"/", b"\\")
    return path.decode("utf-8", "surrogateescape")  # as Python decodes file names


def _split(uri: str, windows: bool) -> tuple[str, bytes, bytes, str]:
    """Return the decoded scheme, authority and path, and the query and fragment unchanged."""
    match = _PARTS.fullmatch(uri)
    assert match is not None
    scheme, authority, path = (match[1] or "").lower(), _decoded(match[2] or "").lower(), _decoded(match[3])
    if scheme == "file":
        several, path = path.startswith(b"//"), re.sub(rb"^/+", b"/", path)
        if several and windows and not authority and not _DRIVE.match(path):  # file:////server/share
            server, _, path = path[1:].partition(b"/")
            authority, path = server.lower(), b"/" + path
        authority = b"" if authority == b"localhost" else authority
        if windows and _DRIVE.match(path):
            path = path[:2].lower() + path[2:]
    return scheme, authority, path, match[4]


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass"))


class UriMap(MutableMapping[str, V]):
    """A mapping by URI that ignores differences in spelling. Iterating yields normalised keys."""

    def __init__(self) -> None:
        self._values: dict[str, V] = {}

    def __getitem__(self, uri: str) -> V:
        return self._values[uri_key(uri)]

    def __setitem__(self, uri: str, value: V) -> None:
        self._values[uri_key(uri)] = value

    def __delitem__(self, uri: str) -> None:
        del self._values[uri_key(uri)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
