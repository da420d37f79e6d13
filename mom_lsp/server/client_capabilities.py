"""What the client can do beyond the standard: it says so under `experimental.mom` of its capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """The client's abilities, none by default, and its name.

    commands: a link `command:…` in Markdown runs a command.
    notices: it says itself what a command of ours has done.
    state: it wants to be told `mom/state`.
    scopes: it answers workspace/configuration with {user, workspace}, the settings of user or machine scope apart from
        those of a workspace. No workspace can make it say so, which is why a model that it names for the user counts.
    """

    commands: bool = False
    notices: bool = False
    state: bool = False
    scopes: bool = False
    name: str = ""


def read_client(capabilities: types.ClientCapabilities, info: types.ClientInfo | None = None) -> ClientAbilities:
    """Return what the client says of itself, whatever else stands there."""
    ours = _get(capabilities.experimental, "mom")
    abilities = {name: _get(ours, name) is True for name in ("commands", "notices", "state", "scopes")}
    return ClientAbilities(**abilities, name=info.name if info else "")


def resolves(capabilities: types.ClientCapabilities, feature: str, property: str) -> bool:
    """Tell whether a client asks again for a property, such as the tooltip of an inlay hint."""
    support = getattr(getattr(capabilities.text_document, feature, None), "resolve_support", None)
    return bool(support and property in support.properties)


def _get(value: Any, name: str) -> Any:
    """Return a member of what JSON brought: a mapping, or the object that pygls makes of one."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
