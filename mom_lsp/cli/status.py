"""`mom status`, `mom doctor`."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import echo_json
from mom_lsp.errors import MomError

MARKS = {True: ("ok", "green"), False: ("failed", "bold red"), None: ("note", "yellow")}


@click.command()
@AS_JSON
def status(as_json: bool) -> None:
    """Show what is indexed, and indexing progress."""
    with connect() as service:
        result = service.call("status")
    if as_json:
        echo_json(result)
    else:
        _print_status(result)


@click.command()
@AS_JSON
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the installation; exit with 1 if a check fails."""
    checks = all_checks()
    if as_json:
        echo_json({"checks": checks})
    else:
        _print_checks(checks)
    if any(check["ok"] is False for check in checks):
        ctx.exit(1)


def all_checks() -> list[dict[str, Any]]:
    """Return the checks of the service and of this machine; an unreachable service is a failed check."""
    import shutil

    from mom_lsp.cli import system_checks
    from mom_lsp.cli.board import board_checks
    from mom_lsp.git.location import locate

    try:
        with connect() as service:
            found = service.call("doctor")["checks"]
    except MomError as error:
        found = system_checks.without_service(str(error))
    location = None
    with contextlib.suppress(MomError):  # for which there is no service
        location = locate(folder())
    machine = [*system_checks.checks(location), *board_checks(vcgencmd=shutil.which("vcgencmd"))]
    by_name = {check["name"]: check for check in [*found, *machine]}
    return list(by_name.values())


def _print_status(result: dict[str, Any]) -> None:
    from rich.text import Text

    from mom_lsp.cli.console import message, stdout, table

    problems = [(Text("problem", "yellow"), problem) for problem in result.get("problems") or ()]
    stdout().print(table([*result["rows"], *problems]))
    if not result["indexed"]:
        message("Nothing is indexed yet (run `mom index`).")


def _print_checks(checks: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from mom_lsp.cli.console import stdout, table

    rows = []
    for check in checks:
        fix = check.get("fix") if check["ok"] is not True else ""
        message = check["message"] + (f" → {fix}" if fix else "")
        rows.append((Text(*MARKS[check["ok"]]), check["name"], message))
    stdout().print(table(rows))
