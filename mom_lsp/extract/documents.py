"""Memories from decision records, postmortems, guides, rules for agents, and changelogs.

Markdown, reST and AsciiDoc headings are found with regular expressions; fenced blocks are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from mom_lsp.extract.front_matter import MAX_FILES, FrontMatter, InScope, front_matter, no_files
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import entry_kind, text_kind
from mom_lsp.extract.language import words_of_letters
from mom_lsp.extract.line_ends import as_lines_of_git
from mom_lsp.extract.markup import plain
from mom_lsp.extract.message import MAX_BODY, rationale, sentences, shorten
from mom_lsp.extract.noise import is_vendored
from mom_lsp.extract.references import own_numbers, references
from mom_lsp.limits import MAX_DOCUMENT, MAX_HEADER, MAX_PATH, MAX_SECTION
from mom_lsp.memory import Anchor, Kind, Memory, Reference, Source, span_memory_id

Sanitize = Callable[[str], str]

MAX_TITLE = 100
MAX_SECTIONS = 100  # per guide
MAX_ENTRIES = 1000  # per changelog, in file order, so the newest
MIN_SECTION_WORDS = 12
MIN_ENTRY_WORDS = 6
RECORDS: frozenset[Kind] = frozenset({"decision", "bug_pattern"})  # kinds whose first sentence is a reason, if none is

_PROSE = r"\.(?:md|markdown|mdx|rst|adoc|asciidoc|org)"
_ANY_TEXT = rf"(?:{_PROSE}|\.txt)?$"
_DECISION = re.compile(
    r"(?:^|/)(?:adrs?|decisions?|decision[-_]records?|architecture[-_]decisions?|docs?/arch|rfcs?|rfds?|peps?|keps?)/"
    rf"(?:[^/]+/)*[^/]+{_PROSE}$",
    re.IGNORECASE,
)
_POSTMORTEM = re.compile(rf"(?:^|/)(?:post-?mortems?|incidents?)/(?:[^/]+/)*[^/]+{_PROSE}$", re.IGNORECASE)
_RULES = re.compile(  # written for agents that change the code, and true for people
    r"(?:^|/)(?:(?:AGENTS|CLAUDE|GEMINI)(?:\.[\w-]+)?\.md|\.cursorrules|\.windsurfrules|\.cursor/rules/(?:[^/]+/)*[^/]+\.mdc?"
    r"|\.github/copilot-instructions\.md|\.github/instructions/(?:[^/]+/)*[^/]+\.instructions\.md)$"
)
_FRONT_MATTER = re.compile(r"\.(?:md|mdx|mdc|markdown)$|rules$", re.IGNORECASE)  # in reST, "---" begins a heading
_CHANGELOG = re.compile(
    rf"(?:^|/)(?:change(?:s|[-_]?log)|news|history|release[-_]?notes|releases?)(?:[-_.]?v?\d[\w.]*?)?{_ANY_TEXT}",
    re.IGNORECASE,
)
_GUIDE = re.compile(
    r"(?:^|/)(?:contribut(?:ing|e)|architecture|design|hacking|maintaining|internals?|development|developing"
    r"|developer[-_]?(?:guide|notes)?|(?:code|coding)[-_.]?(?:style|standards?|guide(?:lines)?|conventions?)"
    r"|style[-_]?(?:guide)?"
    r"|conventions?|guidelines|known[-_]?(?:bugs|issues|risks|limitations)|caveats?|new[-_]protocol|deprecate\w*|deprecations?|faq|security"
    r"|testing|debugging"
    rf"|porting|upgrading|migrat(?:ion|ing)\w*){_ANY_TEXT}"
    r"|(?:^|/)(?:internals|design(?:[-_]docs?)?|architecture|contributing|devel(?:opers?|opment)?|dev[-_]docs?)/"
    rf"(?:[^/]+/)*[^/]+{_PROSE}$",
    re.IGNORECASE,
)
_KNOWN_BUGS = re.compile(r"known[-_ ]?(?:bugs|issues|risks|limitations)|\bcaveats?\b", re.IGNORECASE)
_TEMPLATE = re.compile(r"(?:^|/)(?:template|index|readme|0+-?template)[^/]*$", re.IGNORECASE)

_FENCE = re.compile(r"^[ \t]*(?:```|~~~|----$|\.\.\.\.$)")
_ATX = re.compile(r"(?P<level>#{1,6}|={1,6})[ \t]+(?P<title>\S.*)$")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}[ \t]*$")
_BULLET = re.compile(r"(?P<indent>[ \t]*)(?:[-*+•o]|\d+[.)])[ \t]+(?=\S)")
_PULL = re.compile(r"\bPR (\d+)\b")
_NUMBERED = re.compile(r"^(?:(?:ADR|RFC|PEP|KEP)[- :#]*)?\d+[.:)\- ]+\s*", re.IGNORECASE)
_STATUS = re.compile(
    r"(?im)^[ \t>*_-]*status[*_]*[ \t]*[:=][*_ \t]*(?P<inline>\S.*)$|^#+[ \t]*status[ \t]*\n+(?P<below>[^\n#]+)"
)
_OUTDATED = re.compile(r"supersed|replaced|deprecated|rejected|withdrawn|obsolete|amended", re.IGNORECASE)
_WHY_SECTION = re.compile(
    r"context|decision|consequence|motivation|rationale|problem|drivers?|background|why", re.IGNORECASE
)
_CAUSE_SECTION = re.compile(r"cause|went wrong|lessons?|impact|summary|trigger|why", re.IGNORECASE)
_HEAD_BOILERPLATE = re.compile(r"copyright|SPDX-|table of contents", re.IGNORECASE)


class Section(NamedTuple):
    """A heading and the lines up to the next heading (1-based, inclusive)."""

    title: str
    first: int
    last: int
    text: str


def is_document(path: str) -> bool:
    """Whether a path is a decision record, a postmortem, a guide, rules for agents, or a changelog."""
    if len(path) > MAX_PATH or is_vendored(path):
        return False
    return any(pattern.search(path) for pattern in (_CHANGELOG, _DECISION, _POSTMORTEM, _RULES, _GUIDE))


def is_changelog(path: str) -> bool:
    """Whether a path is a changelog, whose memories are its entries."""
    return bool(_CHANGELOG.search(path))


def document_memories(
    path: str, blob: str, text: str, *, sanitize: Sanitize, in_scope: InScope = no_files
) -> list[Memory]:
    """Return the memories of one document: one of a decision record or a postmortem, many of a guide or changelog.

    Args:
        path: of the document.
        blob: of its text.
        text: of the document.
        sanitize: called on what is stored.
        in_scope: the files that the globs of a rule match; the rule belongs to them, unless they are many.
    """
    if not is_document(path):
        return []
    text = as_lines_of_git(text[:MAX_DOCUMENT])
    head = front_matter(text) if _FRONT_MATTER.search(path) else FrontMatter("", (), text)
    document = _Document(path, blob, sanitize)
    if is_changelog(path):
        found = document.entries(head.text)
    elif _DECISION.search(path):
        found = [] if _TEMPLATE.search(path) else document.record(head, "decision", _WHY_SECTION)
    elif _POSTMORTEM.search(path):
        found = [] if _TEMPLATE.search(path) else document.record(head, "bug_pattern", _CAUSE_SECTION)
    elif _RULES.search(path):
        found = document.rules(head, in_scope)
    else:
        found = document.guide(head.text)
    return list({memory.id: memory for memory in found}.values())


class _Document:
    """Builds the memories of one document."""

    def __init__(self, path: str, blob: str, sanitize: Sanitize) -> None:
        self.path, self.blob, self.sanitize = path, blob, sanitize

    def entries(self, text: str) -> list[Memory]:
        """Return one memory per changelog bullet."""
        found = []
        for section in sections(text):
            for first, last, bullet in _bullets(section):
                entry = bullet[:MAX_SECTION]
                if words_of_letters(entry) >= MIN_ENTRY_WORDS:
                    line = " ".join(plain(entry).split())
                    title = line if len(line) <= MAX_TITLE else next(iter(sentences(line)), line)
                    part = Section(title, first, last, entry)
                    found.append(self._memory(part, section.title, entry_kind(entry)))
                if len(found) == MAX_ENTRIES:
                    return found
        return found

    def guide(self, text: str) -> list[Memory]:
        """Return one memory per section of a guide that is long enough."""
        found = []
        for section in sections(text):
            body = plain(section.text[:MAX_SECTION])
            if words_of_letters(body) < MIN_SECTION_WORDS or (_HEAD_BOILERPLATE.search(body) and len(body) < 400):
                continue
            kind = "known_issue" if _KNOWN_BUGS.search(f"{self.path}\n{section.title}") else text_kind(body)
            if kind == "note":
                kind = "convention"  # a statement in a guide without a reason is a convention
            found.append(self._memory(section, section.title, kind))
            if len(found) == MAX_SECTIONS:
                break
        return found

    def rules(self, head: FrontMatter, in_scope: InScope) -> list[Memory]:
        """Return one memory per section of rules for agents; with globs, they belong to the files that match."""
        files = [path for path in in_scope(head.globs) if path != self.path] if head.globs else []
        anchors = tuple(map(Anchor, files)) if len(files) <= MAX_FILES else ()
        described = shorten(self.sanitize(head.description), MAX_TITLE)
        return [
            replace(
                memory,
                title=memory.title if memory.anchors[0].symbols or not described else described,
                anchors=(*memory.anchors, *anchors),
            )
            for memory in self.guide(head.text)
        ]

    def record(self, head: FrontMatter, kind: Kind, telling: re.Pattern[str]) -> list[Memory]:
        """Return one memory for a record: its title, its status if outdated, and the sections that say why."""
        text = head.text
        parts = list(sections(text))
        body = plain(text)
        if not parts or words_of_letters(body) < MIN_SECTION_WORDS:
            return []
        heading, _ = next(iter(_headings(text.split("\n")).values()), (self.path.rpartition("/")[2], 1))
        title = _NUMBERED.sub("", head.title or heading)
        status = _STATUS.search(text)
        state = head.status or ((status["inline"] or status["below"] or "").strip(" *_") if status else "")
        if _OUTDATED.search(state):
            title = f"{title} ({plain(state).lower()})"
        reasons = "\n\n".join(plain(part.text) for part in parts if telling.search(part.title))
        whole = Section(title, 1, parts[-1].last, reasons or body)
        return [self._memory(whole, title, kind)]

    def _memory(self, section: Section, symbol: str, kind: Kind) -> Memory:
        body = self.sanitize(plain(section.text[:MAX_SECTION]))
        name = self.sanitize(plain(symbol[:MAX_HEADER]))
        why = rationale(body) or (shorten(next(iter(sentences(body)), ""), 300) if kind in RECORDS else "")
        return Memory(
            id=span_memory_id(self.path, symbol, section.text),
            kind=kind,
            title=shorten(self.sanitize(plain(section.title[:MAX_HEADER])) or shorten(body, MAX_TITLE), MAX_TITLE),
            body=shorten(body, MAX_BODY),
            why=why,
            source=Source(type="file", path=self.path, line=section.first, end_line=section.last, blob=self.blob),
            blobs=(self.blob,),
            anchors=(Anchor(self.path, (name,) if name else (), ((section.first, section.last - section.first + 1),)),),
            references=_mentions(body),
            informative=informativeness(section.title, body),
        )


def _mentions(body: str) -> tuple[Reference, ...]:
    """Return the commits that a text names, all as mentions: a document announces commits, it reverts or fixes none."""
    text = _PULL.sub(r"PR #\1", body)
    targets = [f"#{number}" for number in own_numbers(text)] + [found.target for found in references(text)]
    return tuple(Reference("mention", target) for target in dict.fromkeys(targets))


def sections(text: str) -> Iterator[Section]:
    """Yield the sections of a Markdown, reST or AsciiDoc text; the part before the first heading has no title."""
    lines = text.split("\n")
    title, first, start = "", 1, 0
    for number, (heading, height) in _headings(lines).items():
        if any(line.strip() for line in lines[start:number]):
            yield _section(title, first, start, number, lines)
        title, first, start = heading, number + 1, number + height
    if title or any(line.strip() for line in lines[start:]):
        yield _section(title, first, start, len(lines), lines)


def _section(title: str, first: int, start: int, last: int, lines: list[str]) -> Section:
    while last > first and not lines[last - 1].strip():
        last -= 1
    return Section(title, first, last, "\n".join(lines[start:last]).strip("\n"))


def _headings(lines: list[str]) -> dict[int, tuple[str, int]]:
    """Map the index of each heading's first line to its title and its number of lines."""
    found: dict[int, tuple[str, int]] = {}
    fence = ""
    skip = -1
    for index, line in enumerate(lines):
        if fenced := _FENCE.match(line):
            mark = fenced[0].strip()
            previous = lines[index - 1].strip() if index else ""
            if mark != "----" or fence or not previous:
                fence = "" if fence == mark else fence or mark
                continue
        if fence or index <= skip:
            continue
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if heading := _ATX.match(line):
            found[index] = (_without_marks(heading["title"]), 1)
        elif _UNDERLINE.match(line) and index + 2 < len(lines) and lines[index + 2].strip() == line.strip():
            found[index], skip = (below.strip(), 3), index + 2  # reST: a line above and below
        elif line.strip() and not _BULLET.match(line) and _underlines(line, below, lines[index - 1] if index else ""):
            found[index], skip = (line.strip(), 2), index + 1
    return found


def _without_marks(title: str) -> str:
    """Return a heading without the marks that close it ("## Title ##")."""
    return title.rstrip("#=").rstrip(" \t") or title[:1]


def _underlines(line: str, below: str, above: str) -> bool:
    """Whether the line below underlines a heading: about as long, and with no text directly above it."""
    return (
        bool(_UNDERLINE.match(below))
        and not above.strip()
        and len(below.strip()) >= min(len(line.strip()), 4)
        and len(line) < 120
    )


def _unmarked(bullet: str) -> str:
    """Return the text of a bullet without its mark."""
    mark = _BULLET.match(bullet)
    return bullet[mark.end() :] if mark else bullet


def _bullets(section: Section) -> Iterator[tuple[int, int, str]]:
    """Yield first line, last line and text of each top-level bullet, nested bullets included."""
    lines = section.text.split("\n")
    offset = section.last - len(lines) + 1
    first, depth = -1, 0
    for index, line in enumerate([*lines, ""]):
        bullet = _BULLET.match(line)
        indent = len(line) - len(line.lstrip())
        ended = (
            index == len(lines)
            or (bullet and indent <= depth)
            or (line.strip() and indent <= depth and not bullet and not lines[index - 1].strip())
        )
        if first >= 0 and ended:
            text = "\n".join(lines[first:index]).rstrip()
            yield offset + first, offset + first + text.count("\n"), _unmarked(text)
            first = -1
        if bullet and first < 0:
            first, depth = index, indent
