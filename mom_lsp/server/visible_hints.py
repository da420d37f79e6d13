"""Which hints were on the screen long enough to be read: only these count as shown.

An editor asks for the hints of a range that is larger than what it shows. VS Code and Helix ask for a screen more above
and below, Neovim for the whole document.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types

from mom_lsp.errors import MomError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import Document, MomServer, log

READ_AFTER = 2.0  # seconds that lines have to stay on the screen; what is scrolled past is not read
SCREEN = 60  # lines that fit on most screens
LARGEST = 200  # lines of the largest screen


def visible_lines(first: int, last: int, count: int) -> range:
    """Return the lines that are on the screen of who asked for the hints of a range; none if that cannot be told.

    The range is taken for the screen with as much above and below, cut at the ends of the document. Who asks for the
    whole document has said nothing, unless it fits on a screen.

    Args:
        first: of the lines asked for, from 0.
        last: of these, inclusive; it may lie beyond the end.
        count: of the document's lines, without the empty one after a last line break.
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


def watch(ls: MomServer, document: Document, asked: types.Range) -> None:
    """Count the hints that the editor shows now, if it still shows them after a while; nobody waits for that."""
    if document.reading is not None:
        document.reading.cancel()
    lines = visible_lines(asked.start.line, asked.end.line, len(open_lines(ls.text(document))))
    later = asyncio.get_running_loop().call_later
    document.reading = later(READ_AFTER, lambda: ls.start_task(count_hints(ls, document, lines))) if lines else None


async def count_hints(ls: MomServer, document: Document, lines: range) -> None:
    """Tell the engine which hints of some lines were read; it counts each once a file and day."""
    if ls.documents.get(document.uri) is not document:
        return  # closed meanwhile
    there = [hint.suggestion for hint in document.hints if hint.line in lines]
    ids = [suggestion["id"] for suggestion in ls.wanted(document, there)]
    if not ids:
        return
    try:
        await ls.engines.ask(document.place, "hinted", path=document.place.path, ids=ids)
    except MomError as error:
        log.info("the hints were not counted: %s", error)
