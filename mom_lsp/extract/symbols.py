"""Names of functions, classes and headings, from git's hunk headers and for a line of an open file.

Both must agree, since a memory's symbols come from hunk headers and a query's from the open text:
`enclosing_symbol` walks back to the nearest line that git's driver for the language would print.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from mom_lsp.git.hunk_headers import JAVASCRIPT
from mom_lsp.limits import MAX_ABOVE, MAX_HEADER
from mom_lsp.textcache import text_cache

MAX_SYMBOL = 80
PRINTED = 80  # characters of a hunk header that git prints

# git's drivers by file extension; it has none for JavaScript, so that one is ours.
_DRIVERS: dict[str, str] = {
    **dict.fromkeys(("c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "c++", "cu", "inl", "ipp", "ino"), "cpp"),
    **dict.fromkeys(("py", "pyi", "pyx", "pxd"), "python"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"), "javascript"),
    **dict.fromkeys(("md", "markdown", "mdx"), "markdown"),
    **dict.fromkeys(("sh", "bash", "zsh", "ksh"), "bash"),
    **dict.fromkeys(("rb", "rake", "gemspec"), "ruby"),
    **dict.fromkeys(("pl", "pm", "t"), "perl"),
    **dict.fromkeys(("php", "phtml"), "php"),
    **dict.fromkeys(("m", "mm"), "objc"),
    **dict.fromkeys(("ex", "exs"), "elixir"),
    **dict.fromkeys(("kt", "kts"), "kotlin"),
    **dict.fromkeys(("f", "f90", "f95", "f03", "for"), "fortran"),
    **dict.fromkeys(("tex", "sty", "cls"), "tex"),
    **dict.fromkeys(("css", "scss", "less"), "css"),
    **dict.fromkeys(("html", "htm", "xhtml"), "html"),
    **dict.fromkeys(("scm", "ss", "rkt"), "scheme"),
    **dict.fromkeys(("dts", "dtsi"), "dts"),
    **dict.fromkeys(("pas", "dpr"), "pascal"),
    **dict.fromkeys(("adb", "ads"), "ada"),
    **{"rs": "rust", "go": "golang", "java": "java", "cs": "csharp", "bib": "bibtex"},
}
USERDIFF_ATTRIBUTES = "".join(f"*.{extension} diff={driver}\n" for extension, driver in _DRIVERS.items())

# The lines that each driver takes for headers; the default is git's for files without a driver.
_DEFAULT = re.compile(r"[A-Za-z_$]")
_HEADERS: dict[str, re.Pattern[str]] = {
    "cpp": re.compile(r"(?![ \t]*[A-Za-z_]\w*:[ \t]*(?:$|/[/*]))(?:::\s*)?[A-Za-z_]"),
    "python": re.compile(r"[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]"),
    "javascript": re.compile(f"(?!{JAVASCRIPT[0][2:]})(?:{'|'.join(pattern[1:] for pattern in JAVASCRIPT[1:])})"),
    "markdown": re.compile(r" {0,3}#{1,6}(?:[ \t]|$)"),
    "bash": re.compile(r"[ \t]*(?:function[ \t]+[\w:.-]+|[\w:.-]+[ \t]*\([ \t]*\))"),
    "ruby": re.compile(r"[ \t]*(?:class|module|def)[ \t]"),
    "rust": re.compile(
        r"[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?(?:(?:async|const|unsafe|default"
        r"|extern(?:[ \t]+\"[^\"]+\")?)[ \t]+)*(?:struct|enum|union|mod|trait|fn|impl|macro_rules!)[< \t]"
    ),
    "golang": re.compile(r"[ \t]*(?:func[ \t]|type[ \t].*(?:struct|interface)[ \t]*\{)"),
    "java": re.compile(
        r"[ \t]*(?!(?:catch|do|for|if|instanceof|new|return|switch|throw|while|else)\b)(?:(?:[a-z-]+[ \t]+)*(?:class"
        r"|enum|interface|record)[ \t]|(?:[\w<>\[\]?&.,@]+[ \t]+)+[A-Za-z_]\w*[ \t]*\([^;]*$)"
    ),
    "kotlin": re.compile(r"[ \t]*(?:[a-z]+[ \t]+)*(?:fun|class|interface|object)[ \t]"),
    "csharp": re.compile(
        r"[ \t]*(?!(?:do|while|for|foreach|if|else|new|return|switch|throw|catch|using|await"
        r"|lock)\b)(?:(?:[a-z]+[ \t]+)*(?:class|enum|interface|struct|record|namespace)[ \t]"
        r"|(?:[\w<>\[\]?.,]+[ \t]+)+[A-Za-z_]\w*[ \t]*\([^;]*$)"
    ),
    "perl": re.compile(r"(?:package[ \t]|[ \t]*sub[ \t]|(?:BEGIN|END|INIT|CHECK)\b|=head\d[ \t])"),
    "php": re.compile(
        r"[ \t]*(?:(?:abstract|final|public|protected|private|static)[ \t]+)*(?:function|class|interface|trait"
        r"|enum)[ \t]"
    ),
    "elixir": re.compile(r"[ \t]*(?:def\w*|test)[ \t]"),
    "tex": re.compile(r"\\(?:part|chapter|(?:sub)*section|(?:sub)?paragraph)\*?\{"),
    "css": re.compile(r"(?![^{]*;)[^\s{}@/*][^{]*\{?\s*$"),
    "html": re.compile(r"[ \t]*<[Hh][1-6][ \t>]"),
}

_KEYWORDS = """
if for while switch return sizeof else catch do case default public private protected defined elif typedef extern static
const void int char unsigned struct class enum union using import include from try finally with new delete
"""
_NOT_A_NAME = frozenset(_KEYWORDS.split())
_HEADING = re.compile(
    r" {0,3}#{1,6}\s+(?P<name>.*)$|\s*<[Hh][1-6][^>]*>(?P<html>[^<]+)|\\\w+\*?\{(?P<tex>[^}]+)"
    r"|=head\d\s+(?P<pod>.+)"
)
_MODIFIERS = (
    r"(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?"
    r"|unsafe|const|extern|open|override|sealed|data|inline|virtual|partial|suspend|\"[^\"]*\")\s+)*"
)
_DEFINER = re.compile(
    rf"\s*(?:{_MODIFIERS}(?:"
    r"func\s+(?:\([^)]*\)\s*)?(?P<go>\w+)"
    r"|impl\b\s*(?:<[^{]*?>\s+)?(?:[^{]*?\bfor\s+)?[&!]?(?P<impl>[\w:]+)"
    r"|(?:def|fn|fun|function\*?|sub|class|interface|trait|module|mod|namespace|protocol|extension|object|record"
    r"|macro_rules!|package"
    r"|defmodule|defp?|defmacrop?|test|contract|enum class"
    r"|enum struct)\s+(?:[A-Z][A-Z\d_]{3,}\s+(?=\w))?(?:<[^>]*>\s*)?(?P<name>[\w$.:]+[?!]?)"
    r"|(?:typedef\s+)?(?:struct|enum|union"
    r"|type)\s+(?:[A-Z][A-Z\d_]{3,}\s+(?=\w))?(?P<type>[\w$]+)(?=[^()]*$)\s*(?:[:{<=;]|$|extends|struct|interface"
    r"|where)"
    r"|(?:const|let|var|val)\s+(?P<value>[\w$]+)\s*(?::[^=]+)?="
    r"))"
)
_MACRO = re.compile(r"(?P<macro>[A-Z][A-Z\d_]+)\(\s*(?P<first>[A-Za-z_]\w*)\s*(?:,\s*(?P<second>[A-Za-z_]\w*))?")
_TEST = re.compile(
    r"(?:describe|context|suite|it|test|specify|bench)(?:\.\w+)*(?:\([^\"'`]*\))?\(\s*([\"'`])(?P<name>.+?)(?:\1|$)"
)
_BEFORE_HEADER = re.compile(r"\s*(?:$|//|#|/?\*|\"\"\"|--|@\w)")  # blank lines, comments, decorators
_TOP_LEVEL = re.compile(  # a statement in Python
    r"(?!(?:and|or|not|in|is|if|else)\b)[A-Za-z_]\w*[ \t]*(?:[.=(\[:]|[A-Za-z_({\[\"']|$)"
)
_CALLABLE = re.compile(
    r"(?P<name>(?:~|(?<![A-Za-z_$]))[A-Za-z_$][\w$]*+(?:(?:::|\.)~?[A-Za-z_$][\w$]*+)*+|operator\W{1,3})\s*(?:<[^()]*>)?\s*$"
)
_VALUE = re.compile(r"(?P<name>[A-Za-z_$][\w$]*)\s*(?:\[[^\]]*\]\s*)*[={;]")
_KEY = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)\s*:(?!:)|\[(?P<section>[^\]]+)\]|(?P<css>[.#][\w-]+)")


def _clean(name: str) -> str:
    name = re.split(r"::|\.", name.strip().rstrip(":."))[-1]
    return "" if name in _NOT_A_NAME else name[:MAX_SYMBOL]


@text_cache(65_536)
def symbol_of_header(header: str) -> str:
    """Return the name in a hunk header, "" if there is none."""
    header = header[:MAX_HEADER]
    if heading := _HEADING.match(header):
        name = (heading["name"] or "").rstrip().rstrip("#")
        return (name or next(filter(None, heading.groups()[1:]), "")).strip()[:MAX_SYMBOL]
    if test := _TEST.match(header.strip()[:PRINTED]):
        return test["name"].strip()
    if defined := _DEFINER.match(header):
        return _clean(next(filter(None, defined.groups()), ""))
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]|^\s*@\w+(?:\([^)]*\))?\s+", "", header)
    before, parenthesis, _ = text.partition("(")
    if parenthesis and ("=" not in before or "operator" in before):
        if macro := _MACRO.match(text):
            if macro["macro"].startswith("TEST") and macro["second"]:
                return f"{macro['first']}.{macro['second']}"[:MAX_SYMBOL]
            return _clean(macro["first"])
        called = _CALLABLE.search(before)
        return _clean(called["name"]) if called else ""
    if key := _KEY.match(text.strip()):
        return _clean(key["name"]) if key["name"] else (key["section"] or key["css"])[:MAX_SYMBOL]
    value = _VALUE.search(text)
    return _clean(value["name"]) if value else ""


@text_cache(4_096)
def _header_pattern(path: str) -> re.Pattern[str]:
    extension = PurePosixPath(path).suffix.lower().lstrip(".")
    return _HEADERS.get(_DRIVERS.get(extension, ""), _DEFAULT)


def _header_line(lines: Sequence[str], line: int, header: re.Pattern[str]) -> int:
    """Return the 1-based line of the nearest header at or above `line`, 0 if there is none within MAX_ABOVE lines."""
    last = min(line, len(lines))
    for number in range(last, max(0, last - MAX_ABOVE), -1):
        if header.match(lines[number - 1][:MAX_HEADER]):
            return number
    return 0


def own_header(above: str, lines: Sequence[str], path: str) -> str:
    """Return the header that changed lines belong to: the one above unless they begin with one, or outside of any.

    Args:
        above: the nearest header above them, as git prints it.
        lines: the removed lines, the added ones if there are none.
        path: of the file.
    """
    header = _header_pattern(path)
    for line in lines:
        first = line[:MAX_HEADER]
        if header.match(first):
            if symbol_of_header(first):
                return first.strip()
            break
        if not _BEFORE_HEADER.match(first):
            break
    else:
        return above
    return "" if _is_outside(first, path) else above


def _is_outside(line: str, path: str) -> bool:
    """Whether a line is certainly outside of any function, by its indentation."""
    return path.endswith((".py", ".pyi")) and bool(_TOP_LEVEL.match(line))


def enclosing_symbol(lines: Sequence[str], line: int, path: str) -> str:
    """Return the symbol around a 1-based line of an open file, as in git's hunk header.

    A header line belongs to its own symbol, whereas git would name the one before, and a line of a Python module that
    is not indented belongs to none.
    """
    number = _header_line(lines, line, _header_pattern(path))
    if not number or (number != line and line <= len(lines) and _is_outside(lines[line - 1], path)):
        return ""
    return symbol_of_header(lines[number - 1][:MAX_HEADER].rstrip())


def symbol_range(lines: Sequence[str], line: int, path: str) -> tuple[int, int]:
    """Return the first and last line (1-based, inclusive) of the symbol around `line`; the whole file if none.

    Approximately: from its header to before the next header that is not indented deeper.
    """
    header = _header_pattern(path)
    first = _header_line(lines, line, header)
    if not first:
        return 1, max(1, len(lines))
    depth = _depth(lines[first - 1])
    last = first
    for number in range(first + 1, len(lines) + 1):
        text = lines[number - 1][:MAX_HEADER]
        if header.match(text) and _depth(text) <= depth:
            break
        if text.strip():
            last = number
    return first, max(last, min(line, len(lines)))


def _depth(text: str) -> int:
    """Return the indentation of a header line, or the level of a Markdown heading."""
    stripped = text.lstrip()
    if stripped.startswith("#"):
        return len(stripped) - len(stripped.lstrip("#"))
    return len(text.expandtabs(4)) - len(stripped.expandtabs(4))
