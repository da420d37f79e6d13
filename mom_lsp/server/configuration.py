"""workspace/configuration and workspace/didChangeConfiguration: settings are pulled, and apply at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.server.app import MomServer, log
from mom_lsp.settings import Settings, load_settings, parse_settings

SECTION = "mom"


async def did_change_configuration(ls: MomServer, params: types.DidChangeConfigurationParams) -> None:
    """Pull the settings again; a client that cannot be asked sends them along."""
    await configure(ls, params.settings)


async def configure(ls: MomServer, pushed: Any = None) -> None:
    """Read all settings: the user's file, the workspace's, and over them the editor's."""
    options = await _pull(ls, pushed)
    folder = next(iter(ls.folders.values()), None)
    settings, reports = await asyncio.to_thread(_settings, folder, options)
    for report in reports:
        log.warning("%s", report)
        ls.window_log_message(types.LogMessageParams(types.MessageType.Warning, report))
    if (settings, options) == (ls.settings, ls.engines.options):
        return
    ls.settings = settings
    await ls.engines.configure(options)
    ls.outdate()
    ls.refresh()


async def register(ls: MomServer) -> None:
    """Ask the client to tell about changes, if it wants to be asked."""
    workspace = ls.client_capabilities.workspace
    change = workspace.did_change_configuration if workspace else None
    if change and change.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registration = types.Registration("mom-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
        try:
            await ls.client_register_capability_async(types.RegistrationParams([registration]))
        except JsonRpcException as error:
            log.info("the client does not announce settings: %s", error)


async def _pull(ls: MomServer, pushed: Any) -> dict[str, Any]:
    workspace = ls.client_capabilities.workspace
    found: Any = pushed or ls.initialization_options
    if workspace and workspace.configuration:
        item = types.ConfigurationItem(section=SECTION)
        try:
            answer = await ls.workspace_configuration_async(types.ConfigurationParams([item]))
            found = answer[0] if answer and answer[0] else found
        except JsonRpcException as error:
            log.info("the client has no settings: %s", error)
    if isinstance(found, dict) and isinstance(found.get(SECTION), dict):
        found = found[SECTION]
    return found if isinstance(found, dict) else {}


def _settings(folder: Path | None, options: dict[str, Any]) -> tuple[Settings, list[str]]:
    base, reports = load_settings(folder)
    settings, more = parse_settings(options, base=base)
    return settings, reports + more
