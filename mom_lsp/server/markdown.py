"""Text from the repository as Markdown that renders as it was written: no markup, HTML, links or mail addresses.

Editors show hovers rendered (VS Code) or nearly as they are (Neovim, Emacs). So text is changed only where it would be
markup at its place: such a word becomes code, and what would begin a block is escaped at the start of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from mom_lsp.server.labels import DANGLING, plain

_CODE = re.compile(r"(?<![`\\])(`{1,2})(?!`)(?P<code>[^`]*[^`\s][^`]*)(?<!`)\1(?!`)")  # as in a message: `x`, ``x``
_WORD = re.compile(r"(?:`[^`]*`|\S)+")  # code is never wrapped
_PARTS = re.compile(r"([\"'(]*)(.*?)([\"',.;:!?)]*)", re.DOTALL)  # opening marks, the word itself, closing marks
_MARKUP = re.compile(
    r"(?<=.)\*|\*(?=.)|\\(?=[!-/:-@\[-`{-~]|$)"  # emphasis; an escape
    r"|_(?![^\W_])"  # the end of emphasis, without which nothing begins it
    r"|(?<=.)~|~(?!\w)|(?<=.)\$|\$(?!\w)"  # struck through, mathematics
    r"|[\[\]]|<[A-Za-z/!?]|&(?:#\w+|\w+);"  # links, images (Neovim takes "[1]" for a link), HTML, entities
    r"|\w://|\bwww\.|\bmailto:|[\w.+-]@[\w-]+\.\w",  # addresses
    re.IGNORECASE,
)
_BLOCK = re.compile(  # at the start of a line: a list, heading, quotation, rule, table, definition
    r"(?P<mark>[-+*](?=\s|$)|#(?=#{0,5}(?:\s|$))|>|=(?==*\s*$)|-(?=-*\s*$)|[|:-](?=[|:\s-]*$)|\[(?=[^\]]*\]:))"
    r"|(?P<number>\d{1,9})(?=[.)](?:\s|$))"
)

Link = Callable[[str], str | None]  # a word -> its address, None if it is no link


def inline(text: str, link: Link = lambda _: None) -> str:
    """Return text on one line as Markdown, to stand within a line; `link` says which words are links."""
    text = plain(text)
    parts, at = [], 0
    for match in _CODE.finditer(text):
        parts += [_words(text[at : match.start()], link), f"`{match['code']}`"]
        at = match.end()
    return "".join([*parts, _words(text[at:], link)])


def lines(text: str, width: int, most: int = 0) -> list[str]:
    """Return Markdown of one line, such as `inline` returns, wrapped to lines that begin no block.

    A word that would begin one, such as "4111.", stays with the word before: Neovim shows the backslash of an escape.

    Args:
        text: words and code.
        width: characters, where the words allow it.
        most: number of lines, the last of which then ends with an ellipsis; 0 for as many as it takes.
    """
    wrapped = [""]
    for word in _unbroken(_WORD.findall(text)):
        if wrapped[-1] and len(wrapped[-1]) + 1 + len(word) > width:
            wrapped.append("")
        wrapped[-1] = f"{wrapped[-1]} {word}".lstrip()
    if most and len(wrapped) > most:
        last = wrapped[most - 1]
        while len(last) >= width and " " in last:
            last = " ".join(_WORD.findall(last)[:-1])
        wrapped = [*wrapped[: most - 1], f"{last.rstrip(DANGLING)}…"]
    return [begun(line) for line in wrapped if line]


def _unbroken(words: Sequence[str]) -> list[str]:
    """Return words, each with the next one if that would begin a block."""
    found: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if before and _BLOCK.match(word) and not _BLOCK.match(before):
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
    return found


def begun(line: str) -> str:
    """Return a line of Markdown that begins no block."""
    match = _BLOCK.match(line)
    if match is None:
        return line
    at = match.end("number") if match["number"] else 0
    return f"{line[:at]}\\{line[at:]}"


def linked(name: str, url: str) -> str:
    """Return a name of ours, such as a hash, as a link, or plain if the address is none."""
    safe = url.replace("(", "%28").replace(")", "%29")
    return f"[{name}]({safe})" if re.fullmatch(r"(?:https://|command:|[\w.-]+$)[^\s<>\\]*", safe) else name


def fenced(text: str, language: str = "") -> str:
    """Return text as a code block, with a fence that the text cannot close."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", text))])
    return f"{fence}{language}\n{text}\n{fence}"


def _words(text: str, link: Link) -> str:
    """Return text outside of code, with the words that would be markup as code."""
    return "".join(_joined(re.split(r"(\s+)", text), link))


def _joined(words: Sequence[str], link: Link) -> Iterator[str]:
    for word in words:
        yield _word(word, link)


def _word(word: str, link: Link) -> str:
    match = _PARTS.fullmatch(word)
    assert match is not None  # it matches anything
    before, core, after = match.groups()
    if "(" in core and after.startswith(")"):
        core, after = f"{core})", after[1:]
    if url := link(core):
        return f"{before}{linked(core, url)}{after}"
    if "`" in word:  # it is part of no code
        return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", word)
    if not _MARKUP.search(word):
        return word
    return f"{before}`{core}`{after}" if core and not _MARKUP.search(f"{before}x{after}") else f"`{word}`"
