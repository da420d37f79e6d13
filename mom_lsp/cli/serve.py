"""`mom serve`: the language server. `mom engine`: the process that answers for it and for commands."""

from __future__ import annotations

from pathlib import Path

import click

from mom_lsp.cli.long_running import run_engine, run_server


class Endpoint(click.ParamType[tuple[str, int]]):
    """HOST:PORT, also [::1]:PORT."""

    name = "HOST:PORT"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return (host, port)."""
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            self.fail(f"{value!r} is not HOST:PORT, as in 127.0.0.1:9257", param, ctx)
        return host.strip("[]"), int(port)


@click.command()
@click.option("--tcp", type=Endpoint(), help="Listen on a TCP port instead of using stdin and stdout.")
def serve(tcp: tuple[str, int] | None) -> None:
    """Run the language server."""
    run_server(tcp)


@click.command(hidden=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), required=True)
def engine(data: Path) -> None:
    """Answer requests for one data folder on its socket. Editors start it."""
    run_engine(data)
