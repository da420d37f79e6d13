"""workspace/configuration and didChangeConfiguration: settings are pulled for each folder, and apply at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.errors import MomError
from mom_lsp.git.location import locate
from mom_lsp.server.app import MomServer, log
from mom_lsp.server.document_place import root_of
from mom_lsp.settings import EditorSettings, Resolved, resolve

SECTION = "mom"


async def did_change_configuration(ls: MomServer, params: types.DidChangeConfigurationParams) -> None:
    """Pull the settings again; a client that does not support pulling sends them here."""
    if params.settings:
        ls.pushed = params.settings
    ls.configured.clear()  # later requests wait for the new settings
    try:
        await configure(ls)
    finally:
        ls.configured.set()


async def configure(ls: MomServer) -> None:
    """Resolve the settings of each folder, from the files and the editor, and apply them."""
    ls.configurations_wanted += 1
    wanted = ls.configurations_wanted
    async with ls.configuring:  # settings that were read earlier must not overwrite later ones
        if ls.configurations_done >= wanted:  # while this waited, one read them for all that waited
            return
        newest = ls.configurations_wanted
        await _configure(ls)
        ls.configurations_done = newest


async def _configure(ls: MomServer) -> None:
    editors = await _pull(ls)
    settings = {}
    logged, shown = dict[str, None](), dict[str, None]()  # ordered sets: every folder repeats the user's problems
    for folder, editor in editors.items():
        found = await asyncio.to_thread(_resolved, folder, editor)
        settings[folder] = found.settings
        logged |= dict.fromkeys(found.problems)
        shown |= dict.fromkeys(found.in_editor)
    for problem in logged:
        ls.log_message(problem)
    ls.warn_once(shown)
    ls.status.soon()  # problems change its state even if the settings stay the same
    if (settings, editors) == (ls.settings, ls.engines.settings):
        return
    ls.settings = settings
    await ls.engines.configure(editors)
    await _open_folders(ls)
    ls.invalidate()
    ls.refresh()


async def _open_folders(ls: MomServer) -> None:
    """Open the enabled folders in their engines; opening a folder again does nothing."""
    for folder in tuple(ls.folders.values()):
        if ls.settings_of(folder).enable and folder.is_dir():
            try:
                location = await asyncio.to_thread(locate, folder)
            except MomError as error:
                ls.warn_once([str(error)])
            else:
                ls.start_task(ls.engines.open(location.data, location.root))


async def register(ls: MomServer) -> None:
    """Register for changes of settings, if the client supports dynamic registration."""
    workspace = ls.client_capabilities.workspace
    change = workspace.did_change_configuration if workspace else None
    if change and change.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registration = types.Registration("mom-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
        try:
            await ls.client_register_capability_async(types.RegistrationParams([registration]))
        except JsonRpcException as error:
            log.info("the client does not report changes of settings: %s", error)


async def _pull(ls: MomServer) -> dict[Path, EditorSettings]:
    """Return the client's settings for each folder."""
    folders = tuple(ls.folders.items())
    found: list[Any] = [ls.pushed] * len(folders)
    workspace = ls.client_capabilities.workspace
    if workspace and workspace.configuration and folders:
        items = [types.ConfigurationItem(scope_uri=uri, section=SECTION) for uri, _ in folders]
        try:
            answers = await ls.workspace_configuration_async(types.ConfigurationParams(items))
            found = [answer or other for answer, other in zip(answers or found, found, strict=True)]
        except (JsonRpcException, ValueError) as error:
            log.info("the client has no settings: %s", error)
    return {folder: _editor_settings(ls, options) for (_, folder), options in zip(folders, found, strict=True)}


def _editor_settings(ls: MomServer, found: Any) -> EditorSettings:
    """Return the settings that a client sent, with or without the section's name around them."""
    if isinstance(found, dict) and isinstance(found.get(SECTION), dict):
        found = found[SECTION]
    options = found if isinstance(found, dict) else {}
    if ls.client.scopes:
        options = {"options": options.get("workspace"), "user": options.get("user"), "tells_scopes": True}
    else:
        options = {"options": options}
    return EditorSettings.read({"name": ls.client.name, **options})


def _resolved(folder: Path, editor: EditorSettings) -> Resolved:
    return resolve(root_of(folder), editor)  # where `.mom.toml` is
