"""textDocument/codeAction: six actions for the first memory of a line, and "More…" with the rest.

Each has a kind of its own, so that a key can be bound to it and "fix it" keys pass over it: `mom.pin`, `.unpin`,
`.useful`, `.dismiss`, `.forget`, `.open`, `.why`, `.more`; behind "More…" `.inserted`, `.never`, `.remember`, `.undo`.
A client that asks for these kinds gets all of them, for every memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from lsprotocol import types

from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.client_capabilities import resolves
from mom_lsp.server.insert_comment import comment_edit
from mom_lsp.server.labels import plain, shorten
from mom_lsp.server.open_text import TOO_LONG

KIND = "mom"  # no kind that editors know: they show their own actions first
OPTIONS = types.CodeActionOptions(code_action_kinds=[KIND], resolve_provider=True)
TITLE_LENGTH = 40
SHORT_ID = 8  # digits, as in the messages of commands
NOTE_LENGTH = 2000
OUTSIDE = "this file is outside the open folders"
LOST = "a change to this file could not be read: reopen it"
OWN_NOTE = "this is your own note"
FIRST = frozenset({"pin", "unpin", "useful", "dismiss", "forget", "open", "why"})  # of a memory, before "More…"


async def code_action(ls: MomServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the actions for the line where the selection starts."""
    only, uri = params.context.only, params.text_document.uri
    if only and not _names_ours(only) and "" not in map(_kind_text, only):
        return []  # such as "organize imports" on every save: the engine need not be asked
    document = await ls.document(uri)
    if document is None:
        reason = _disabled_reason(ls, uri)
        actions = [_action("Add a note", "remember", [], reason)] if reason else []
    else:
        asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
        actions = await actions_at(ls, document, params.range, asked=asked)
        if not _names_ours(only):
            shown = in_light_bulb(actions)
            more = _action("More…", "more", [uri, params.range.start.line + 1])
            actions = [*shown, more] if len(shown) < len(actions) else shown
    requested = [action for action in actions if _is_requested(str(action.kind), only)]
    return [_with_command(ls, action) for action in requested if action.disabled is None or _shows_disabled(ls)]


async def actions_at(
    ls: MomServer, document: OpenDocument, selection: types.Range, *, asked: bool = True
) -> list[types.CodeAction]:
    """Return all actions at a selection: for the memories of its first line, then those that need no memory."""
    line = selection.start.line
    found = await _suggestions(ls, document, line, asked)
    if ls.usable(document.uri) is not document:  # closed meanwhile
        return []
    named = zip(found, _titles(found), strict=True)
    first, *others = [list(_memory_actions(ls, document, line, one, title)) for one, title in named] or [[]]
    why = [_action("Explain this line", "why", [document.uri, line + 1])] if asked and not found else []
    general = _general_actions(ls, document, selection) if asked else ()
    return [*first, *why, *chain.from_iterable(others), *general]


def in_light_bulb(actions: Sequence[types.CodeAction]) -> list[types.CodeAction]:
    """Return the main actions for the first memory; all actions if there is no memory."""
    memory = _memory_of(actions[0]) if actions else None
    if memory is None:
        return list(actions)
    return [one for one in actions if _memory_of(one) == memory and _name(one) in FIRST]


def _memory_of(action: types.CodeAction) -> str | None:
    data = action.data if isinstance(action.data, dict) else {}
    memory: str | None = data.get("memory")
    return memory


def _name(action: types.CodeAction) -> str:
    return str(action.kind).removeprefix(f"{KIND}.")


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
        return (await ls.suggest_for_line(document, line)).suggestions
    return ls.without_dismissed(document, [hint.suggestion for hint in document.hints if hint.line == line])


def _titles(suggestions: Sequence[dict[str, Any]]) -> list[str]:
    """Return short titles that differ: a user, and the answer to "More…", tell the memories apart by them alone."""
    titles = [shorten(plain(one["title"]), TITLE_LENGTH) for one in suggestions]
    times = Counter(titles)
    return [
        title if times[title] == 1 else f"{title} ({one['id'][:SHORT_ID]})"
        for one, title in zip(suggestions, titles, strict=True)
    ]


def _memory_actions(
    ls: MomServer, document: OpenDocument, line: int, suggestion: dict[str, Any], title: str
) -> Iterator[types.CodeAction]:
    """Yield the actions for one memory, each with its title: in an editor's menu they may stand apart."""
    memory = suggestion["id"]
    here = [memory, document.uri, line + 1]
    own = suggestion["source"].get("type") == "user"

    def action(verb: str, name: str, arguments: list[Any], disabled: str = "") -> types.CodeAction:
        return _action(f"{verb}: {title}", name, arguments, disabled, memory)

    if suggestion.get("pinned"):
        yield action("Unpin", "unpin", here[:2])
    else:
        yield action("Pin", "pin", here)
    yield action("Useful", "useful", here)
    yield action("Not useful here", "dismiss", here)
    yield action("Forget", "forget", here[:2])
    yield action("Show source", "open", here, OWN_NOTE if own else "")
    yield action("Ask why", "why", here[1:])
    if edit := comment_edit(ls, document, line, suggestion):
        below = line + 1 + edit.new_text.count("\n")  # where the line is once the comment stands above it
        insert = action("Insert as comment", "inserted", [memory, document.uri, below])
        insert.edit = types.WorkspaceEdit(changes={document.uri: [edit]})
        yield insert
    yield action("Never suggest", "never", here[:2])


def _general_actions(ls: MomServer, document: OpenDocument, selection: types.Range) -> Iterator[types.CodeAction]:
    """Yield the actions that need no memory; a note is what the user selects or types, never the line itself."""
    text = ls.workspace.opened[document.uri].text_in_client_range(selection).strip()[:NOTE_LENGTH]
    if text or ls.client.commands:  # then it asks for the words
        verb = "Save the selection as a note" if text else "Add a note to this line"
        yield _action(verb, "remember", [text, document.uri, selection.start.line + 1])
    if last := ls.last_actions.get(document.place.data):
        yield _action(f"Undo “{last}”", "undo", [document.uri])


def _action(
    title: str, name: str, arguments: list[Any], disabled: str = "", memory: str | None = None
) -> types.CodeAction:
    """Return an action whose command `code_action_resolve` adds."""
    return types.CodeAction(
        title,
        kind=f"{KIND}.{name}",
        data=None if disabled else {"command": f"mom.{name}", "arguments": arguments, "memory": memory},
        disabled=types.CodeActionDisabled(disabled) if disabled else None,
    )


def _with_command(ls: MomServer, action: types.CodeAction) -> types.CodeAction:
    """Return an action with its command, unless the client resolves that later."""
    if action.data is not None and not resolves(ls.client_capabilities, "code_action", "command"):
        action.command = types.Command(action.title, action.data["command"], arguments=action.data["arguments"])
    return action


def _names_ours(only: Sequence[str] | None) -> bool:
    """Whether the client requests our kinds by name."""
    return any(kind == KIND or kind.startswith(f"{KIND}.") for kind in map(_kind_text, only or ()))


def _is_requested(kind: str, only: Sequence[str] | None) -> bool:
    """Return whether a kind is among those that the client requests, or below one of them ("" is above every kind)."""
    return not only or any(wanted in ("", kind) or kind.startswith(f"{wanted}.") for wanted in map(_kind_text, only))


def _kind_text(kind: Any) -> str:
    return str(getattr(kind, "value", kind))


def _shows_disabled(ls: MomServer) -> bool:
    text_document = ls.client_capabilities.text_document
    return bool(text_document and text_document.code_action and text_document.code_action.disabled_support)
