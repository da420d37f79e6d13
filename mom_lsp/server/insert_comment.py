"""The code action "Insert as comment": a memory as a comment above a line."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from lsprotocol import types

from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.labels import plain

WIDTH = 79  # columns
LEAST_WIDTH = 40  # of deeply indented lines
SHORT_HASH = 10
FIRST_LINES = ("#!", "<?")  # of a script, XML or PHP: nothing may stand above
Signs = tuple[str, str, str]  # before the first line, before the others, after the last one
_LANGUAGES: dict[Signs, str] = {
    (
        "// ",
        "// ",
        "",
    ): "cpp cs csharp cuda-cpp d dart fsharp go groovy java javascript javascriptreact jsonc kotlin"
    " less objc objective-c objective-cpp php proto proto3 rust scala scss solidity swift systemverilog typescript"
    " typescriptreact verilog zig",
    (
        "# ",
        "# ",
        "",
    ): "awk bash cmake coffeescript conf dockerfile elixir fish gdscript graphql hcl julia make makefile"
    " nim nix perl powershell ps1 python r ruby sh shellscript starlark tcl terraform toml yaml zsh",
    ("-- ", "-- ", ""): "ada elm haskell lua sql vhdl",
    ("; ", "; ", ""): "asm clojure dosini fennel ini lisp racket scheme",
    ("% ", "% ", ""): "erlang latex matlab plaintex prolog tex",
    ("/* ", "   ", " */"): "c css",
    ("<!-- ", "     ", " -->"): "html markdown svg vue xml",
}
SIGNS = {language: signs for signs, languages in _LANGUAGES.items() for language in languages.split()}


def comment_edit(ls: MomServer, document: OpenDocument, line: int, suggestion: dict[str, Any]) -> types.TextEdit | None:
    """Return the edit that inserts a memory above a line (0-based); None if the language's comments are not known."""
    signs = SIGNS.get(document.language)
    if signs is None:
        return None
    code = ls.line(document.uri, line)
    if line == 0 and code.startswith(FIRST_LINES):
        return None
    text = comment(suggestion, signs, code[: len(code) - len(code.lstrip())])
    if not text:
        return None
    line_break = "\r\n" if "\r\n" in ls.text(document)[:10_000] else "\n"
    above = types.Position(line, 0)
    return types.TextEdit(types.Range(above, above), text.replace("\n", line_break) + line_break)


def comment(suggestion: dict[str, Any], signs: Signs, indent: str) -> str:
    """Return a memory's rationale (or else its title) and commit as a comment, "" if it has neither.

    Only the memory's own words: indexing recognises them, so that the comment is no new memory (`extract.repeats`).
    """
    first, others, end = signs
    commit = str(suggestion["source"].get("commit") or "")[:SHORT_HASH]
    text = plain(suggestion.get("rationale") or suggestion["title"])
    while end and end.strip() in text:  # nothing in it may end the comment; a removal can form the sign again
        text = text.replace(end.strip(), "")
    if end.strip() == "-->":
        text = re.sub("-(?=-)", "- ", text)  # two hyphens are no XML in a comment, and "--!>" ends that of HTML
    width = max(LEAST_WIDTH, WIDTH - len(indent.expandtabs(4)) - len(first) - len(end))
    lines = textwrap.wrap(f"{text} ({commit})" if commit else text, width, break_long_words=False)
    lines = [line.rstrip("\\ ") for line in lines]  # in C, a backslash would continue the comment on the next line
    comment_lines = "\n".join(f"{indent}{others if number else first}{line}" for number, line in enumerate(lines))
    return comment_lines + end if comment_lines else ""
