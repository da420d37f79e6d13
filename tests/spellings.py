"""How editors spell the URI of a file. Each of these writes what that editor writes, for absolute paths.

VS Code: `URI.file(path).toString()` of the package vscode-uri. Neovim: `vim.uri_from_fname`. Emacs:
`eglot-path-to-uri`, which did not encode `%` before 2025. Helix and Zed: `Url::from_file_path` of the Rust crate url.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

NAMES = [
    "plain.py",
    "a b.py",
    "app/[id]/page.tsx",
    "@scope/index.js",
    "routes/+page.svelte",
    "é.py",
    "C#/x#y.py",
    "old (1).py",
    "100% sure.py",
    "my project/a.py",
    "проект/файл.py",
    "a;b=c,d&e!f$g'h*i~j.py",
]
SUB_DELIMITERS = "!$&'()*+,;="


def vscode(path: str) -> str:
    """Return what VS Code writes; on Windows a drive is in lower case and its colon encoded."""
    path = re.sub("^/[A-Z]:", lambda drive: drive[0].lower(), _slashes(path))
    return "file://" + quote(path, safe="/")


def neovim(path: str) -> str:
    """Return what Neovim writes: digits in lower case, and on Windows the drive as it is."""
    encoded = quote(_slashes(path), safe="/:@" + SUB_DELIMITERS)
    return "file://" + re.sub("%..", lambda code: code[0].lower(), encoded)


def emacs(path: str) -> str:
    """Return what eglot writes."""
    return "file://" + quote(_slashes(path), safe="/@" + SUB_DELIMITERS)


def old_emacs(path: str) -> str:
    """Return what eglot wrote while it left `%` as it is."""
    return emacs(path).replace("%25", "%")


def rust(path: str) -> str:
    """Return what the crate url writes: only what a path in a URL cannot hold is encoded."""
    drive = re.match("/[A-Za-z]:", _slashes(path))
    encoded = quote(_slashes(path), safe="/:@[]|^" + SUB_DELIMITERS)
    return "file://" + (drive[0] + encoded[3:] if drive else encoded)


def _slashes(path: str) -> str:
    """Return the path of the URI: on Windows it begins with the drive."""
    return path if path.startswith("/") else "/" + path.replace("\\", "/")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "vscode": vscode,
    "neovim": neovim,
    "emacs": emacs,
    "oldemacs": old_emacs,
    "rust": rust,
}
