"""textDocument/codeAction: the actions for the memories of a line, one group for each memory.

The first action of a group names its memory. Each action has its own kind, so that a key can be bound to it
(`quickfix.mom.pin`, `.unpin`, `.useful`, `.inserted`, `.dismiss`, `.never`, `.forget`, `.open`; without a memory:
`.why`, `.remember`, `.undo`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from lsprotocol import types

from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.client_capabilities import resolves
from mom_lsp.server.insert_comment import comment_edit
from mom_lsp.server.labels import plain, shorten
from mom_lsp.server.open_text import TOO_LONG

KIND = "quickfix.mom"  # editors show quick fixes first
OPTIONS = types.CodeActionOptions(code_action_kinds=[KIND], resolve_provider=True)
TITLE_LENGTH = 40
NOTE_LENGTH = 2000
OUTSIDE = "this file is outside the open folders"
LOST = "a change to this file could not be read: reopen it"
OWN_NOTE = "this is your own note"
INDENTED = "  ↳ {}"  # of the same group


async def code_action(ls: MomServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the actions for the line where the selection starts."""
    only, uri, line = params.context.only, params.text_document.uri, params.range.start.line
    document = await ls.document(uri)
    if document is None:
        reason = _disabled_reason(ls, uri)
        actions = [_action("Save as note", "remember", [], reason)] if reason else []
    else:
        asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
        found = await _suggestions(ls, document, line, asked)
        first, *others = [list(_memory_actions(ls, document, line, one)) for one in found] or [[]]
        why = [_action("Explain this line", "why", [uri, line + 1])] if found or asked else []
        general = _general_actions(ls, document, params.range) if asked else ()
        actions = [*first, *why, *general, *chain.from_iterable(others)]
    requested = [action for action in actions if _is_requested(str(action.kind), only)]
    return [_with_command(ls, action) for action in requested if action.disabled is None or _shows_disabled(ls)]


def _disabled_reason(ls: MomServer, uri: str) -> str:
    """Return why there are no actions for a document, "" if the user has disabled mom."""
    opened = ls.workspace.opened.get(uri)
    if opened is not None and opened.is_too_long:
        return f"this file {TOO_LONG}"
    if opened is not None and opened.is_lost:
        return LOST
    return "" if uri in ls.documents else OUTSIDE


async def code_action_resolve(ls: MomServer, action: types.CodeAction) -> types.CodeAction:
    """Add the command to the chosen action."""
    data = action.data if isinstance(action.data, dict) else {}
    if isinstance(name := data.get("command"), str) and isinstance(given := data.get("arguments"), list):
        action.command = types.Command(action.title, name, arguments=given)
    return action


async def _suggestions(ls: MomServer, document: OpenDocument, line: int, asked: bool) -> list[dict[str, Any]]:
    """Ask the engine only on the user's request: the light bulb follows the cursor, and the present hints suffice."""
    if asked:
        return await ls.suggest_for_line(document, line)
    return ls.without_dismissed(document, [hint.suggestion for hint in document.hints if hint.line == line])


def _memory_actions(
    ls: MomServer, document: OpenDocument, line: int, suggestion: dict[str, Any]
) -> Iterator[types.CodeAction]:
    """Yield the actions for one memory."""
    here = [suggestion["id"], document.uri, line + 1]
    own = suggestion["source"].get("type") == "user"
    name = shorten(plain(suggestion["title"]), TITLE_LENGTH)
    pin = ("Unpin", "unpin") if suggestion.get("pinned") else ("Pin", "pin")
    yield _action(f"{pin[0]} “{name}”", pin[1], here[:2] if suggestion.get("pinned") else here)
    yield _action(INDENTED.format("Mark as useful"), "useful", here)
    if edit := comment_edit(ls, document, line, suggestion):
        insert = _action(INDENTED.format("Insert as comment"), "inserted", here)
        insert.edit = edit
        yield insert
    yield _action(INDENTED.format("Dismiss here"), "dismiss", here)
    yield _action(INDENTED.format("Never suggest"), "never", here[:2])
    yield _action(INDENTED.format("Forget"), "forget", here[:2])
    yield _action(INDENTED.format("Show source"), "open", here, OWN_NOTE if own else "")


def _general_actions(ls: MomServer, document: OpenDocument, selection: types.Range) -> Iterator[types.CodeAction]:
    """Yield the actions that need no memory."""
    if text := _selected(ls, document.uri, selection):
        yield _action("Save as note", "remember", [text, document.uri, selection.start.line + 1])
    if ls.last_action:
        yield _action(f"Undo “{ls.last_action}”", "undo", [document.uri])


def _action(title: str, name: str, arguments: list[Any], disabled: str = "") -> types.CodeAction:
    """Return an action whose command `code_action_resolve` adds."""
    return types.CodeAction(
        title,
        kind=f"{KIND}.{name}",
        data=None if disabled else {"command": f"mom.{name}", "arguments": arguments},
        disabled=types.CodeActionDisabled(disabled) if disabled else None,
    )


def _with_command(ls: MomServer, action: types.CodeAction) -> types.CodeAction:
    """Return an action with its command, unless the client resolves that later."""
    if action.data is not None and not resolves(ls.client_capabilities, "code_action", "command"):
        action.command = types.Command(action.title, action.data["command"], arguments=action.data["arguments"])
    return action


def _is_requested(kind: str, only: Sequence[str] | None) -> bool:
    """Return whether a kind is among those that the client requests, or below one of them ("" is above every kind)."""
    return not only or any(wanted in ("", kind) or kind.startswith(f"{wanted}.") for wanted in map(_kind_text, only))


def _kind_text(kind: Any) -> str:
    return str(getattr(kind, "value", kind))


def _selected(ls: MomServer, uri: str, selection: types.Range) -> str:
    """Return the selected text, or the line's if nothing is selected."""
    text = ls.workspace.opened[uri].text_in_client_range(selection).strip()
    return (text or ls.line(uri, selection.start.line).strip())[:NOTE_LENGTH]


def _shows_disabled(ls: MomServer) -> bool:
    text_document = ls.client_capabilities.text_document
    return bool(text_document and text_document.code_action and text_document.code_action.disabled_support)
