"""Messages on a stream: HTTP-like headers in any case, then a body of Content-Length bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import TYPE_CHECKING, BinaryIO

from pygls.io_ import StdinAsyncReader, StdoutWriter

from mom_lsp.server.first_message import MAX_BODY, MAX_HEADER, content_length

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
        await read_messages(StdinReader(stdin, server.thread_pool), server.protocol)

    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # the editor is gone; Ctrl-C
        asyncio.run(serve())


def serve_tcp(server: MomServer, host: str, port: int) -> None:
    """Listen on a port, and serve the first editor that connects until it disconnects."""

    async def serve() -> None:
        first, disconnected = True, asyncio.Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal first
            if not first:  # it would get the answers of the other one
                writer.close()
                return
            first = False
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
    """Pass each message to the protocol until the stream ends; one that is too long is refused."""
    while (length := await _read_headers(reader)) is not None:
        try:
            body = await reader.readexactly(min(length, MAX_BODY))
            left = length - len(body)
            if not left:
                protocol.handle_body(body)
                continue
            while left and (dropped := await reader.readexactly(min(left, MAX_BODY))):
                left -= len(dropped)
        except asyncio.IncompleteReadError:
            return
        if left:
            return
        protocol.refuse_body(body)


async def _read_headers(reader: AsyncReader) -> int | None:
    """Return the length of the next body, None at the end of the stream. Other lines than headers are skipped."""
    length = None
    while line := await _read_line(reader):
        if (given := content_length(line)) is not None:
            length = given
        elif not line.strip() and length is not None:
            return length
    return None


async def _read_line(reader: AsyncReader) -> bytes:
    """Return a line, or the part of a long one; empty at the end of the stream."""
    try:
        return await reader.readline()
    except ValueError:  # a socket's reader has dropped a line that is longer than its buffer
        return b"?"


class StdinReader(StdinAsyncReader):
    """Reads from stdin in a thread; long lines in parts."""

    def readline(self) -> Awaitable[bytes]:
        """Return a line, or at most `MAX_HEADER` bytes of it."""
        line: Awaitable[bytes] = self.loop.run_in_executor(self.executor, self.stdin.readline, MAX_HEADER)
        return line
