"""Arguments of commands and requests: their types, the place that they name, and its open text."""

from __future__ import annotations

import asyncio

from mom_lsp.errors import UsageError
from mom_lsp.git.location import locate
from mom_lsp.server.app import MomServer
from mom_lsp.server.document_place import DocumentPlace, find_place


def check_types(**values: tuple[object, type]) -> None:
    """Raise UsageError if an argument, given as (value, type), has another type."""
    for name, (value, expected) in values.items():
        if not isinstance(value, expected) or isinstance(value, bool):
            raise UsageError(f"{name} must be {'a number' if expected is int else 'text'}")


async def place_of(ls: MomServer, uri: str | None) -> DocumentPlace:
    """Return the place of a document or folder, by default that of the first folder. Raises UsageError."""
    if uri is not None:
        check_types(uri=(uri, str))
        document = ls.documents.get(uri)
        place = document.place if document else await asyncio.to_thread(find_place, uri, ls.folders.values())
        if place is None:
            raise UsageError("this document is outside the open folders; open its folder first")
        return place
    for folder in ls.folders.values():
        location = await asyncio.to_thread(locate, folder)
        return DocumentPlace(location.root, location.data, "", folder)
    raise UsageError("no folder is open; open the folder of a repository first")


def open_text(ls: MomServer, uri: str | None) -> str | None:
    """Return the open text of a document, to which line numbers refer; None if it is not open."""
    opened = ls.workspace.opened.get(uri) if uri is not None else None
    return opened.source if opened is not None else None
