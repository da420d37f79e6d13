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

CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d+)", re.IGNORECASE)


def read_message(stdin: BinaryIO) -> bytes | None:
    """Return the body of the next message, None at the end of the stream. Other lines than headers are skipped."""
    length = None
    while line := stdin.readline():
        if match := CONTENT_LENGTH.fullmatch(line.strip()):
            length = int(match[1])
        elif not line.strip() and length is not None:
            body = stdin.read(length)
            return body if len(body) == length else None
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
