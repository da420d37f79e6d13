"""Messages on a stream: HTTP-like headers in any case, then a body of Content-Length bytes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, BinaryIO

from pygls.io_ import StdinAsyncReader, StdoutWriter

from mom_lsp.server.first_message import CONTENT_LENGTH

if TYPE_CHECKING:
    from pygls.io_ import AsyncReader

    from mom_lsp.server.app import MomServer
    from mom_lsp.server.protocol import Protocol


def serve_streams(server: MomServer, stdin: BinaryIO, stdout: BinaryIO, first: bytes = b"") -> None:
    """Serve an editor over two pipes until it closes them. `first` is a message that was read already."""
    server.protocol.set_writer(StdoutWriter(stdout))

    async def serve() -> None:
        if first:
            server.protocol.handle_body(first)
        await read_messages(StdinAsyncReader(stdin, server.thread_pool), server.protocol)

    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # the editor is gone; Ctrl-C
        asyncio.run(serve())


def serve_tcp(server: MomServer, host: str, port: int) -> None:
    """Listen on a port, and serve the first editor that connects until it disconnects."""

    async def serve() -> None:
        disconnected = asyncio.Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.protocol.set_writer(writer)
            try:
                await read_messages(reader, server.protocol)
            finally:
                disconnected.set()

        async with await asyncio.start_server(connected, host, port):
            await disconnected.wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


async def read_messages(reader: AsyncReader, protocol: Protocol) -> None:
    """Pass each message to the protocol until the stream ends."""
    while (length := await _read_headers(reader)) is not None:
        try:
            body = await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            return
        if len(body) < length:
            return
        protocol.handle_body(body)


async def _read_headers(reader: AsyncReader) -> int | None:
    """Return the length of the next body, None at the end of the stream. Other lines than headers are skipped."""
    length = None
    while line := await reader.readline():
        if match := CONTENT_LENGTH.fullmatch(line.strip()):
            length = int(match[1])
        elif not line.strip() and length is not None:
            return length
    return None
