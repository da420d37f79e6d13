"""The identifiers that a diff adds and removes, and the symbols that it touches.

Bytes are translated and split rather than searched: on a large history this is most of the work.
"""

from __future__ import annotations

import keyword
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mom_lsp.extract.symbols import enclosing_symbol, own_header, symbol_of_header
from mom_lsp.textcache import text_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Set

    from mom_lsp.git import FileChange

MAX_LINES = 2000  # changed lines read per commit
MAX_LINE = 500  # a longer line was not written by hand
MAX_IDENTIFIERS = 48
MAX_SYMBOLS = 30  # per file
MAX_WRAPPED = 40  # lines of one statement
MAX_LINE_KEYS = 96  # of a commit's added lines, and as many of its removed ones
MIN_LINE = 6  # characters; a shorter line is not distinctive
BOM = "\ufeff"  # the byte order mark, which no editor shows

_LAST_COMMA = re.compile(r",(?=[)\]}]|$)", re.MULTILINE)
_FORMATTING = dict.fromkeys(map(ord, " \t\r\f\v\"'`"))
_SEPARATOR = "\n--- 8< --- mom --- 8< ---\n"  # survives cleaning, and occurs in no real code
_KEEP = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_TABLE = bytes(byte if byte in _KEEP else 32 for byte in range(256))
_KEYWORDS = """
    abstract alignas alignof and array auto bool boolean break byte case catch char const constexpr continue
    crate debugger decltype default define defined delete double dyn elif else elsif endif endforeach enum
    explicit export extends extern false final finally float fn for foreach friend from func function goto if
    ifdef ifndef impl implements implicit import include inline instanceof int interface internal let long loop
    map match mod module move mut mutable namespace new nil not null nullptr object operator out override
    package pass pragma private protected pub public readonly ref register require return self short signed
    sizeof static string struct super switch template then this throw throws trait true try type typedef typeof
    undef undefined union unless unsafe unsigned use using val var virtual void volatile where while with yield
    size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t NULL TRUE FALSE None True False str
    dict list set tuple the and that are was has have been can its you all any one two also see when which will
    may than into only but how who why
"""
_NO_NAMES = frozenset((*keyword.kwlist, *keyword.softkwlist, *_KEYWORDS.split()))
# Definitions in lines that each follow a line feed: a literal is found faster than the start of a line.
_DEFINITION = re.compile(
    r"\n(?:[ \t]*(?:(?:export|default|pub(?:\([a-z]+\))?|async|static|public|private|protected|final|abstract|unsafe"
    r"|inline|override|virtual)[ \t]+)*(?:def|class|fn|fun|func(?:[ \t]*\([^)\n]*\))?|function\*?|sub|struct|enum"
    r"|trait|interface|module|type|mod|protocol|object|macro_rules!)[ \t]+([A-Za-z_]\w{2,79})(?=[ \t]*(?:[(<:{=\[;!]"
    r"|$|extends|implements|struct|interface|where))|[A-Za-z_][\w \t*]{2,60}?[ \t*]([A-Za-z_]\w{2,79})\([^;\n]*$"
    r"|[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w{2,79})|(?:export[ \t]+)?(?:const|let"
    r"|var)[ \t]+([A-Za-z_$][\w$]{2,79})[ \t]*=|#{1,6}[ \t]+([^\n]{3,80})$)",
    re.MULTILINE,
)
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}|[A-Fa-f]?[0-9][0-9A-Fa-f]{6,}")


class Code(NamedTuple):
    """The names in the changed lines of a commit, sanitized, and keys of these lines."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    symbols: tuple[tuple[str, ...], ...]  # one tuple per file
    added_lines: tuple[int, ...] = ()  # as line_keys()
    removed_lines: tuple[int, ...] = ()
    added_normalized: tuple[int, ...] = ()  # keys of the normalized `added_lines`, in their order


def changed_names(files: Sequence[FileChange], sanitize: Callable[[str], str]) -> Code:
    """Return the names in at most 2,000 changed lines; `sanitize` is called once, on all of them together."""
    budget = MAX_LINES
    removed: list[str] = []
    added: list[str] = []
    by_file: list[str] = []
    headers: dict[str, None] = {}
    for file in files:
        minus = [line for h in file.hunks for line in h.removed if len(line) <= MAX_LINE][:budget]
        budget -= len(minus)
        plus = [line for h in file.hunks for line in h.added if len(line) <= MAX_LINE][:budget]
        budget -= len(plus)
        removed += minus
        added += plus
        by_file.append("\n".join(("", *minus, *plus)))
        for hunk in file.hunks:
            if hunk.header:
                headers[hunk.header] = None
    if not headers and not removed and not added:
        return Code((), (), ((),) * len(files))
    cleaned = sanitize(_SEPARATOR.join(("\n".join(removed), "\n".join(added), "\n".join(headers))))
    old, new, heads = [*cleaned.split(_SEPARATOR), "", "", ""][:3]
    old_tokens, new_tokens = _tokens(old), _tokens(new)
    known = old_tokens | new_tokens
    old_lines, new_lines = [line.strip() for line in old.split("\n")], [line.strip() for line in new.split("\n")]
    clean_headers = {*heads.split("\n"), *old_lines, *new_lines}
    symbols = tuple(
        _symbols(file, text, known, clean_headers, cleaned) for file, text in zip(files, by_file, strict=True)
    )
    old_keys, new_keys = lines_by_key(old_lines), lines_by_key(new_lines)
    added_lines = _sample(new_keys.keys() - old_keys.keys())
    return Code(
        _identifiers(new_tokens - old_tokens),
        _identifiers(old_tokens - new_tokens),
        symbols,
        added_lines,
        _sample(old_keys.keys() - new_keys.keys()),
        normalized_of(added_lines, new_keys),
    )


def identifiers(text: str) -> tuple[str, ...]:
    """Return the identifiers in a sanitized text, the most specific first."""
    return _identifiers(_tokens(text))


def line_keys(lines: Iterable[str]) -> set[int]:
    """Return 32-bit hashes of the distinctive lines, ignoring indentation."""
    return set(lines_by_key(lines))


def symbol_and_key(lines: Sequence[str], line: int, path: str) -> tuple[str, int]:
    """Return the function or section around a line (from 1), "" if none, and the key to find the line again, else 0."""
    if not 1 <= line <= len(lines):
        return "", 0
    return enclosing_symbol(lines, line, path), next(iter(line_keys(lines[line - 1 : line])), 0)


def lines_by_key(lines: Iterable[str]) -> dict[int, str]:
    """Map the key of each distinctive line to the line without indentation."""
    return {
        zlib.crc32(text.encode("utf-8", "replace")): text
        for line in lines
        if len(text := line.removeprefix(BOM).strip()) >= MIN_LINE
    }


def normalized(text: str) -> str:
    """Return lines without what formatters change: white space, quotes, and trailing commas."""
    text = text.translate(_FORMATTING)
    return _LAST_COMMA.sub("", text) if "," in text else text


def normalized_of(keys: Sequence[int], lines: Mapping[int, str]) -> tuple[int, ...]:
    """Return the hashes of some normalized lines by their keys."""
    texts = normalized("\n".join(lines[key] for key in keys)).split("\n") if keys else ()
    return tuple(map(_hash, texts))


def normalized_keys(lines: Iterable[str]) -> dict[int, int]:
    """Map the key of each distinctive line to the hash of the normalized line."""
    stripped = (line.removeprefix(BOM).strip() for line in lines)
    return {_hash(line): _hash(normalized(line)) for line in stripped if len(line) >= MIN_LINE}


def file_keys(lines: Sequence[str]) -> set[int]:
    """Return the keys of a file's lines, as they are and normalized, also with wrapped statements joined."""
    joined: list[str] = []
    statement, depth = list[str](), 0
    for line in lines:
        depth += sum(map(line.count, "([")) - sum(map(line.count, ")]"))
        statement.append(line)
        if depth <= 0 or len(statement) > MAX_WRAPPED:
            joined += ["".join(statement)] if len(statement) > 1 else []
            statement, depth = [], 0
    keys = normalized_keys(lines)
    return {*keys, *keys.values(), *normalized_keys(joined).values()}


def _hash(line: str) -> int:
    return zlib.crc32(line.encode("utf-8", "replace"))


def _sample(keys: Set[int]) -> tuple[int, ...]:
    """Return the smallest keys: a fair sample of a large commit's lines."""
    return tuple(sorted(keys)[:MAX_LINE_KEYS])


def _tokens(text: str) -> set[str]:
    return set(text.encode("utf-8", "replace").translate(_TABLE).decode("ascii").split())


def _symbols(file: FileChange, text: str, known: set[str], headers: set[str], cleaned: str) -> tuple[str, ...]:
    """Return the symbols around the hunks and those that the lines define, except names that sanitizing removed.

    Git's header names what is above a hunk; a hunk that begins with a header is about what follows.
    """
    names: dict[str, None] = {}
    own = dict.fromkeys(own_header(hunk.header, hunk.removed or hunk.added, file.path) for hunk in file.hunks)
    for header in own:
        if (header in headers or header in cleaned) and (name := symbol_of_header(header)):
            names[name] = None
    markdown = file.path.endswith((".md", ".markdown"))
    for groups in _DEFINITION.findall(text):
        *code, heading = groups
        name = next(filter(None, code), "")
        if name and name in known and name not in _NO_NAMES:
            names[name] = None
        elif markdown and heading and heading in cleaned:
            names[heading.strip(" #")] = None
    return tuple(names)[:MAX_SYMBOLS]


def _identifiers(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the identifiers among the tokens, the most specific first."""
    ranked = sorted(filter(None, map(_ranked, tokens)))[: 2 * MAX_IDENTIFIERS]
    words = (word[1:] for word in ranked)
    return tuple(islice((word for word in words if not is_random(word)), MAX_IDENTIFIERS))


@text_cache(100_000)  # most tokens of a commit are in others, too
def _ranked(token: str) -> str:
    """Return an identifier after a character that is the smaller the more specific it is; "" for other tokens.

    It is specific by its length and if it has several words.
    """
    if not 3 <= len(token) <= 40 or token[0].isdigit() or token in _NO_NAMES:
        return ""
    inner = token.strip("_")
    compound = "_" in inner or not (inner[1:].islower() or inner.isupper() or inner.islower())
    return chr(127 - len(inner) - 20 * compound) + token


@text_cache(100_000)
def is_random(word: str) -> bool:
    """Whether a token looks random (a key, hash or base64) rather than like a name."""
    if _HEX.fullmatch(word) and not word.isalpha():
        return True
    if len(word) < 8:
        return False
    if "_" in word.strip("_") and not any(len(part) > 24 for part in word.split("_")):
        return sum(map(str.isdigit, word)) > len(word) / 2
    parts = _CAMEL.findall(word)
    words = sum(len(part) for part in parts if len(part) >= 3 and part.isalpha())
    if len(word) > 24 and (words < 0.7 * len(word) or len(parts) < 2):
        return True
    mixed = not (word.islower() or word.isupper())
    digits = any(map(str.isdigit, word))
    return (mixed and digits and words < len(word) / 2) or (len(word) >= 12 and len(parts) > len(word) / 2.5)
