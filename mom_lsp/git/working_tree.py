"""Undoing what git itself converts between a blob and the file of a work tree; filter programs are never run.

Line ends are compared without the carriage returns of Windows anyway, see `blob_lines` and `open_lines`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Sequence

from mom_lsp.errors import RepositoryError
from mom_lsp.git.decode import LEGACY, is_utf8
from mom_lsp.git.runner import Runner

ENCODING = "working-tree-encoding"
UNICODE = ("utf-", "iso2022", "hz")
PLAIN = "utf-8"  # what blobs are in
PATIENCE = 5.0  # seconds for an attributes file, which a hostile repository could make a pipe
IDENT = re.compile(r"\$Id: [^$\n]*\$")


def cleaned(runner: Runner, path: str, data: bytes) -> bytes:
    """Return a file of the work tree as git would store it: in UTF-8 if .gitattributes names another encoding.

    Only the index and info/attributes are asked, never the work tree. What cannot be converted stays as it is.
    """
    if is_utf8(data) and b"\0" not in data and b"\x1b" not in data:
        return data  # the same in nearly every encoding
    encoding = _encoding(runner, path)
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode() if encoding else data
    except UnicodeError:
        return data


def with_committed_ident(lines: Sequence[str], committed: Collection[str]) -> list[str]:
    """Return the lines of a file with `$Id$` where git has expanded it, as the attribute `ident` asks.

    A line that is committed as it stands is left alone: other systems have such words, too.
    """
    return [IDENT.sub("$Id$", line) if "$Id: " in line and line not in committed else line for line in lines]


def _encoding(runner: Runner, path: str) -> str:
    """Return the Python name of the encoding that a file has in the work tree, "" for none that is known."""
    try:
        asked = runner.output("check-attr", "--cached", "-z", ENCODING, "--", path, timeout=PATIENCE)
    except RepositoryError:
        return ""
    name = asked.split(b"\0")[2].decode("ascii", "replace").lower().removesuffix("-bom")
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if found != PLAIN and found.startswith((*LEGACY, *UNICODE)) else ""
