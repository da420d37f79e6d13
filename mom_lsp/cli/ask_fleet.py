"""The option `--fleet`: the answer of one's own repository, and at most one memory of another one after it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.connect import Connection
from mom_lsp.errors import MomError, UsageError

if TYPE_CHECKING:
    from mom_lsp.cli.target import Target
    from mom_lsp.fleet.asking import Fleet, Found

FLEET = click.option("--fleet", is_flag=True, help="Also search other repositories (`mom fleet`): at most one memory.")


def open_fleet(service: Connection) -> Fleet:
    """Return the local copy of the fleet. Raises UsageError if there is none."""
    from mom_lsp.fleet.asking import Fleet
    from mom_lsp.fleet.local_copy import LocalCopy
    from mom_lsp.fleet.objects import checked_uri
    from mom_lsp.fleet.repositories import own_id
    from mom_lsp.settings import resolve

    uri = resolve(None).settings.fleet.uri
    return Fleet(LocalCopy.to_ask(checked_uri(uri, folder()) if uri else ""), own_id(service.location))


def with_words(result: dict[str, Any], fleet: Fleet, service: Connection, text: str) -> dict[str, Any]:
    """Return an answer to a question in words with what another repository says, last."""
    return _with(result, fleet, fleet.for_words(text), service)


def with_lines(result: dict[str, Any], fleet: Fleet, service: Connection, place: Target) -> dict[str, Any]:
    """Return an answer about some lines with what another repository says, last."""
    from mom_lsp.git.decode import decode
    from mom_lsp.route.lines import open_lines

    lines = open_lines(decode(Path(service.location.root, place.path).read_bytes()))
    return _with(result, fleet, fleet.for_lines(lines, place.start, place.end), service)


def age(fleet: Fleet) -> str:
    """Return how old the copy is that was asked."""
    from datetime import datetime

    from mom_lsp.phrases import ago, count

    about = fleet.about()
    pulled = datetime.fromisoformat(about["pulled"]).timestamp()
    others = count(about["repositories"], "other repository", "other repositories")
    return f"Fleet: {others}, as of {ago(pulled, time.time())}. `mom fleet pull` updates them."


def _with(result: dict[str, Any], fleet: Fleet, found: Iterable[Found], service: Connection) -> dict[str, Any]:
    from mom_lsp.fleet.asking import rendered

    own = {one["id"] for one in result["suggestions"]}
    other = next((one for one in found if one.memory.id not in own and not _is_own(service, one.memory.id)), None)
    more = [rendered(other)] if other else []
    suggestions = [*result["suggestions"], *more]
    return result | {"suggestions": suggestions, "abstained": not suggestions, "fleet": fleet.about()}


def _is_own(service: Connection, identity: str) -> bool:
    """Whether one's own repository has a memory, as a fork has those of its origin."""
    try:
        service.call("show", id=identity)
    except UsageError:
        return False
    except MomError:  # nothing is indexed here
        return False
    return True
