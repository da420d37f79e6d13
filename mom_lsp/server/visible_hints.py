"""Counts the hints that were visible long enough to be read: only these count as shown.

An editor requests the hints of a larger range than the visible one: VS Code and Helix add a screen above and below,
Neovim requests the whole document.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types

from mom_lsp.errors import MomError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer, OpenDocument, log

READ_AFTER = 2.0  # seconds that lines must stay visible; lines scrolled past are not read
SCREEN = 60  # lines that fit on most screens
LARGEST = 200  # lines of the largest screen


def visible_lines(first: int, last: int, count: int) -> range:
    """Estimate the visible lines from the range that an editor requests; empty if they are unknown.

    The range is assumed to be the screen with as much above and below, cut at the ends of the document. A request for
    the whole document says nothing, unless it fits on a screen.

    Args:
        first: requested line, from 0.
        last: requested line, inclusive; it may be past the end.
        count: the document's lines, without the empty one after a final line break.
    """
    first, last = max(first, 0), min(last, count - 1)
    asked = last - first + 1
    from_top, to_end = first == 0, last == count - 1
    if from_top and to_end:
        return range(count if count <= SCREEN else 0)
    height = asked // (2 if from_top or to_end else 3)
    if not 0 < height <= LARGEST:
        return range(0)
    start = first if from_top else last - height + 1 if to_end else first + height
    return range(start, start + height)


def watch(ls: MomServer, document: OpenDocument, requested: types.Range) -> None:
    """Schedule counting the visible hints; the next request cancels it."""
    if document.read_timer is not None:
        document.read_timer.cancel()
    lines = visible_lines(requested.start.line, requested.end.line, len(open_lines(ls.text(document))))
    later = asyncio.get_running_loop().call_later
    document.read_timer = later(READ_AFTER, lambda: ls.start_task(count_hints(ls, document, lines))) if lines else None


async def count_hints(ls: MomServer, document: OpenDocument, lines: range) -> None:
    """Report the hints of some lines to the engine as read; it counts each once per file and day."""
    if ls.documents.get(document.uri) is not document:
        return  # closed since
    visible = [hint.suggestion for hint in document.hints if hint.line in lines]
    ids = [suggestion["id"] for suggestion in ls.without_dismissed(document, visible)]
    if not ids:
        return
    try:
        await ls.engines.ask(document.place, "hinted", path=document.place.path, ids=ids)
    except MomError as error:
        log.info("the hints were not counted: %s", error)
