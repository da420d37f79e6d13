"""mom.more: the actions that the light bulb leaves out, as a choice in a message."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from mom_lsp.errors import UsageError
from mom_lsp.server import execute_command, why_command
from mom_lsp.server.app import MomServer
from mom_lsp.server.arguments import check_types
from mom_lsp.server.code_action import actions_at, in_light_bulb
from mom_lsp.server.execute_command import Command

QUESTION = "What do you want to do with this line's memories?"


async def more(ls: MomServer, uri: str, line: int) -> Any:
    """mom.more: let the user choose one of the actions for a line (from 1) that the light bulb leaves out."""
    check_types(uri=(uri, str), line=(line, int))
    document = await ls.document(uri)
    if document is None:
        raise UsageError("this document has no memories")
    start = types.Position(max(line - 1, 0), 0)
    actions = await actions_at(ls, document, types.Range(start, start))
    left = {action.title: action for action in actions if action.data and action not in in_light_bulb(actions)}
    request = types.ShowMessageRequestParams(
        types.MessageType.Info, QUESTION, [types.MessageActionItem(title) for title in left]
    )
    chosen = await ls.window_show_message_request_async(request)
    action = left.get(chosen.title) if chosen is not None else None
    if action is None or action.data is None:
        return None
    if action.edit is not None:
        edit = types.ApplyWorkspaceEditParams(action.edit, action.title)
        if not (await ls.workspace_apply_edit_async(edit)).applied:
            return None
    command = (execute_command.COMMANDS | why_command.COMMANDS)[action.data["command"]]
    return await command(ls, *action.data["arguments"])


COMMANDS: dict[str, Command] = {"mom.more": more}
