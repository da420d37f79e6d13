"""Messages on a stream: headers as HTTP writes them, in any case, and a body of so many bytes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, BinaryIO

from pygls.io_ import StdinAsyncReader, StdoutWriter

if TYPE_CHECKING:
    from pygls.io_ import AsyncReader

    from mom_lsp.server.app import MomServer
    from mom_lsp.server.protocol import Protocol

_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d+)", re.IGNORECASE)


def serve_streams(server: MomServer, stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Serve the editor at the other end of two pipes until it closes them."""
    server.protocol.set_writer(StdoutWriter(stdout))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # the editor is gone, or somebody at a terminal
        asyncio.run(read_messages(StdinAsyncReader(stdin, server.thread_pool), server.protocol))


def serve_tcp(server: MomServer, host: str, port: int) -> None:
    """Listen on a port, and serve the first editor that comes until it goes."""

    async def serve() -> None:
        gone = asyncio.Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.protocol.set_writer(writer)
            try:
                await read_messages(reader, server.protocol)
            finally:
                gone.set()

        async with await asyncio.start_server(connected, host, port):
            await gone.wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


async def read_messages(reader: AsyncReader, protocol: Protocol) -> None:
    """Hand over message after message until the stream ends."""
    while (length := await _read_headers(reader)) is not None:
        try:
            body = await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            return
        if len(body) < length:
            return
        protocol.handle_body(body)


async def _read_headers(reader: AsyncReader) -> int | None:
    """Return the length of the body that follows, None at the end of the stream. What is no header is passed over."""
    length = None
    while line := await reader.readline():
        if match := _LENGTH.fullmatch(line.strip()):
            length = int(match[1])
        elif not line.strip() and length is not None:
            return length
    return None
