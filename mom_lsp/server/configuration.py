"""workspace/configuration and didChangeConfiguration: settings are pulled, a folder each, and apply at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.git.location import locate
from mom_lsp.server.app import MomServer, log
from mom_lsp.settings import Settings, load_settings, parse_settings

SECTION = "mom"


async def did_change_configuration(ls: MomServer, params: types.DidChangeConfigurationParams) -> None:
    """Pull the settings again; a client that cannot be asked sends them along."""
    await configure(ls, params.settings)


async def configure(ls: MomServer, pushed: Any = None) -> None:
    """Read all settings of each folder: the user's file, the workspace's, and over them the editor's."""
    options = await _pull(ls, pushed)
    settings = {}
    reports: dict[str, None] = {}  # each once, though every folder repeats the user's
    for folder, given in options.items():
        settings[folder], problems = await asyncio.to_thread(_settings, folder, given)
        reports |= dict.fromkeys(problems)
    for report in reports:
        ls.log_message(report)
    if (settings, options) == (ls.settings, ls.engines.options):
        return
    ls.settings = settings
    await ls.engines.configure(options)
    await _open_folders(ls)
    ls.outdate()
    ls.refresh()


async def _open_folders(ls: MomServer) -> None:
    """Have the engines watch over the folders that are not turned off; to those that they know, this is nothing new."""
    for folder in tuple(ls.folders.values()):
        if ls.settings_of(folder).enable and folder.is_dir():
            location = await asyncio.to_thread(locate, folder)
            ls.start_task(ls.engines.open(location.data, location.root))


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


async def _pull(ls: MomServer, pushed: Any) -> dict[Path, dict[str, Any]]:
    """Return what the client has set for each folder."""
    folders = tuple(ls.folders.items())
    found: list[Any] = [pushed or ls.initialization_options] * len(folders)
    workspace = ls.client_capabilities.workspace
    if workspace and workspace.configuration and folders:
        items = [types.ConfigurationItem(scope_uri=uri, section=SECTION) for uri, _ in folders]
        try:
            answers = await ls.workspace_configuration_async(types.ConfigurationParams(items))
            found = [answer or other for answer, other in zip(answers or found, found, strict=True)]
        except (JsonRpcException, ValueError) as error:
            log.info("the client has no settings: %s", error)
    return {folder: _ours(given) for (_, folder), given in zip(folders, found, strict=True)}


def _ours(found: Any) -> dict[str, Any]:
    """Return our section of what a client sent, in whatever form it did."""
    if isinstance(found, dict) and isinstance(found.get(SECTION), dict):
        found = found[SECTION]
    return found if isinstance(found, dict) else {}


def _settings(folder: Path, options: dict[str, Any]) -> tuple[Settings, list[str]]:
    base, reports = load_settings(folder)
    settings, more = parse_settings(options, base=base)
    return settings, reports + more
