"""The client's capabilities beyond LSP, which it announces under `experimental.mom`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

UNDO = "the code action “Undo”"
MAX_NAME = 60  # characters of what a client calls its command


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """The client's abilities, none by default, and its name.

    commands: a link `command:…` in Markdown runs a command, among them its own `mom.details` (id, uri, line).
    notices: it reports the results of our commands itself.
    state: it wants the notification `mom/state`.
    scopes: it answers workspace/configuration with {user, workspace}, the settings of user or machine scope apart from
        those of a workspace. A workspace cannot forge that, so a model named in the user's settings is accepted.
    undo: how its user undoes an action, as messages name it.
    """

    commands: bool = False
    notices: bool = False
    state: bool = False
    scopes: bool = False
    undo: str = UNDO
    name: str = ""


def read_client(capabilities: types.ClientCapabilities, info: types.ClientInfo | None = None) -> ClientAbilities:
    """Return the abilities that the client announces; unknown ones are ignored."""
    ours = _get(capabilities.experimental, "mom")
    abilities = {name: _get(ours, name) is True for name in ("commands", "notices", "state", "scopes")}
    undo = _get(ours, "undo")
    undo = undo[:MAX_NAME] if isinstance(undo, str) and undo else UNDO
    return ClientAbilities(**abilities, undo=undo, name=info.name if info else "")


def resolves(capabilities: types.ClientCapabilities, feature: str, property: str) -> bool:
    """Return whether a client resolves a property lazily, such as the tooltip of an inlay hint."""
    support = getattr(getattr(capabilities.text_document, feature, None), "resolve_support", None)
    return bool(support and property in support.properties)


def _get(value: Any, name: str) -> Any:
    """Return a member of a JSON value: a mapping, or the object that pygls converts it to."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
