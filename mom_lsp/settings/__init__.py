"""The settings, with the same names in an editor, in the user's file and in a workspace's `.mom.toml`; never fatal."""

from mom_lsp.settings.editor import EditorSettings, save_editor_settings, saved_editor_settings
from mom_lsp.settings.fields import ModelSettings, SettingInfo, Settings, describe
from mom_lsp.settings.files import Stamp, stamp, user_file
from mom_lsp.settings.parse import differing, parse_settings
from mom_lsp.settings.precedence import Resolved, resolve, resolve_saved

__all__ = [
    "EditorSettings",
    "ModelSettings",
    "Resolved",
    "SettingInfo",
    "Settings",
    "Stamp",
    "describe",
    "differing",
    "parse_settings",
    "resolve",
    "resolve_saved",
    "save_editor_settings",
    "saved_editor_settings",
    "stamp",
    "user_file",
]
