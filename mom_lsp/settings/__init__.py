"""The settings: the same names in an editor, in the user's file and in a workspace's `.mom.toml`; never fatal."""

from mom_lsp.settings.fields import Model, SettingInfo, Settings, describe
from mom_lsp.settings.files import load_settings
from mom_lsp.settings.parse import parse_settings

__all__ = ["Model", "SettingInfo", "Settings", "describe", "load_settings", "parse_settings"]
