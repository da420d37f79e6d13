"""The editor's first message names the folders: their engines can start while this process imports pygls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mom_lsp import datafolder
from mom_lsp.errors import MomError
from mom_lsp.git.location import locate
from mom_lsp.server.uris import file_path

MAX_HEADER = 4_096  # bytes of a line between two messages that are read at once
MAX_BODY = 32_000_000  # bytes; the largest text that is read, with every character escaped, takes 24 MB
_CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,9})", re.IGNORECASE)  # a longer one has no body


def content_length(line: bytes) -> int | None:
    """Return the length that a header gives; None for other headers, and for lines that are none."""
    match = _CONTENT_LENGTH.fullmatch(line.strip())
    return int(match[1]) if match else None


def read_message(stdin: BinaryIO) -> bytes | None:
    """Return the body of the next message, None at the end of the stream. Other lines than headers are skipped.

    Of a body that is too long the end is dropped.
    """
    length = None
    while line := stdin.readline(MAX_HEADER):
        if (given := content_length(line)) is not None:
            length = given
        elif not line.strip() and length is not None:
            body = stdin.read(min(length, MAX_BODY))
            left = length - len(body)
            while left and (dropped := stdin.read(min(left, MAX_BODY))):
                left -= len(dropped)
            return None if left else body
    return None


def start_engines(message: bytes) -> None:
    """Start the engines of the folders that `initialize` names, without waiting for them.

    Only where there is an index to read and mom was not disabled: the editor's settings are not known yet.
    """
    from mom_lsp.process.engine_client import start_early
    from mom_lsp.settings import resolve_saved

    for folder in _folders(message):
        try:
            location = locate(folder)
            indexed = (location.data / datafolder.MARKER).is_file()
            if indexed and resolve_saved(location.root, location.data).settings.enable:
                start_early(location.data)
        except (MomError, OSError):  # it is reported when the folder is opened
            continue


def _folders(message: bytes) -> Iterator[Path]:
    """Yield the folders on this machine that a message names, none unless it is a valid `initialize`."""
    try:
        params: Any = json.loads(message)["params"]
        named = params.get("workspaceFolders") or [{"uri": params.get("rootUri")}]
        paths = [file_path(str(folder["uri"])) for folder in named]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):  # the protocol answers it
        return
    yield from (Path(path) for path in paths if path)
