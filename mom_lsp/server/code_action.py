"""textDocument/codeAction: what can be done about the memory on a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lsprotocol import types

from mom_lsp.server.app import Document, MomServer
from mom_lsp.server.convert import plain, shorten

KIND = "quickfix.mom"  # a quick fix is in the first menu of both editors
OPTIONS = types.CodeActionOptions(code_action_kinds=[KIND])
TITLE_LENGTH = 40
NOTE_LENGTH = 2000
NOWHERE = "this file is outside of the open folders"


async def code_action(ls: MomServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the actions for the line where the selection starts."""
    if not _asked_for(params.context.only):
        return []
    uri, selection = params.text_document.uri, params.range
    document = await ls.document(uri)
    if document is None:
        return [_remember(uri, selection, "", NOWHERE)] if _shows_disabled(ls) and uri not in ls.documents else []
    asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
    suggestions = await _suggestions(ls, document, selection.start.line, asked)
    actions = list(_about(uri, selection.start.line + 1, suggestions[0])) if suggestions else []
    if suggestions or asked:
        actions.append(_action("Ask why", "mom.why", [uri, selection.start.line + 1]))
    if asked and (text := _selected(ls, uri, selection)):
        actions.append(_remember(uri, selection, text))
    return actions


async def _suggestions(ls: MomServer, document: Document, line: int, asked: bool) -> list[dict[str, Any]]:
    """Ask only when the user does: an editor's light bulb follows the cursor, and is worth a hint that is there."""
    if asked:
        return await ls.suggest(document, line, line)
    return ls.wanted(document.uri, [hint.suggestion for hint in document.hints if hint.line == line])


def _asked_for(only: Sequence[str] | None) -> bool:
    """Tell whether one of the wanted kinds is ours or holds ours ("" holds every kind)."""
    return not only or any(kind == "" or kind == KIND or KIND.startswith(f"{kind}.") for kind in map(str, only))


def _about(uri: str, line: int, suggestion: dict[str, Any]) -> Iterator[types.CodeAction]:
    name = f"“{shorten(plain(suggestion['title']), TITLE_LENGTH)}”"
    at = [suggestion["id"], uri]
    if suggestion.get("pinned"):
        yield _action(f"Unpin {name}", "mom.unpin", at)
    else:
        yield _action(f"Pin {name}", "mom.pin", at)
    yield _action(f"Useful: {name}", "mom.useful", at)
    yield _action(f"Not useful here: {name}", "mom.dismiss", [*at, line])
    yield _action(f"Forget {name}", "mom.forget", at)
    yield _action(f"Open source of {name}", "mom.open", at)


def _remember(uri: str, selection: types.Range, text: str, disabled: str = "") -> types.CodeAction:
    action = _action("Remember this", "mom.remember", [text, uri, selection.start.line + 1])
    if disabled:
        action.command, action.disabled = None, types.CodeActionDisabled(disabled)
    return action


def _action(title: str, command: str, arguments: list[Any]) -> types.CodeAction:
    return types.CodeAction(title, kind=KIND, command=types.Command(title, command, arguments=arguments))


def _selected(ls: MomServer, uri: str, selection: types.Range) -> str:
    """Return the selected text, or that of the line."""
    codec = ls.workspace.position_codec
    lines = ls.workspace.text_documents[uri].lines
    chosen = codec.range_from_client_units(lines, selection)
    start, end = chosen.start, chosen.end
    if (start.line, start.character) == (end.line, end.character):
        return ls.line(uri, start.line).strip()[:NOTE_LENGTH]
    part = lines[start.line : end.line + 1]
    if not part:
        return ""
    if end.line < len(lines):
        part[-1] = part[-1][: end.character]
    part[0] = part[0][start.character :]
    return "".join(part).strip()[:NOTE_LENGTH]


def _shows_disabled(ls: MomServer) -> bool:
    text_document = ls.client_capabilities.text_document
    return bool(text_document and text_document.code_action and text_document.code_action.disabled_support)
