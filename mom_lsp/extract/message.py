"""Parsing a commit message: subject, body, trailers, and the sentences that give the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mom_lsp.extract.body import cleaned

MAX_BODY = 2000
MAX_WHY = 300
MAX_TRAILERS = 20
MAX_TITLE = 200

_ISSUE_KEYS = "Fix(?:es|ed)?|Clos(?:es|ed)?|Cloes|Resolves|Refs?|Bug|Follow-?up(?: to| for)?|See(?: also)?|Updates|For"
# "Key: value"; a key of one plain word must be a known one: "Note: …" is prose.
_TRAILER = re.compile(
    r"(?P<key>[A-Za-z][\w]*(?:-[\w]+)+|Cc|CC|Link|Links|Tests?|Issue|Issues|BUG|JIRA|PR|URL|Id|Topic|Fixed|Closes|"
    + _ISSUE_KEYS
    + r"):[ \t]*(?P<value>\S.*)"
)
# The same without a colon, as curl writes: "Closes #123", "Follow-up to 1a2b3c4d".
_BARE = re.compile(
    rf"(?P<key>{_ISSUE_KEYS}):?[ \t]+(?P<value>(?:#\d|GH-\d|https?://|[0-9a-f]{{7}}|commit [0-9a-f]{{7}}).*)"
)
_EMPTY_LINE = re.compile(r"\s*(?:-{3,}|#.*|\(cherry picked from .*|\[ci skip\]|\[skip ci\])?\s*")
_PEOPLE = re.compile(
    r"^[ \t]*(?:Signed-off|Co-authored|Co-developed|Reviewed|Acked|Tested|Reported|Suggested|Cc|Approved|Assisted"
    r"|Authored)(?:[-_ ]by)?:.*\n?|^[ \t]*\(cherry picked from .*\n?"
    r"|^[ \t]*(?:Change-Id|git-svn-id|Reviewed-on):.*\n?",
    re.MULTILINE | re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")

# Searched in lower case and from word starts only: each halves the time for a large history.
_RATIONALE = re.compile(
    r"\b(?:because|so that|otherwise|due to|to (?:avoid|prevent|ensure)|in order to|the reason"
    r"|reason (?:is|was|for|why)|would (?:\w+ )?(?:otherwise|fail|break|crash|leak|cause|lead)"
    r"|since\b(?! (?:then|v?\d|commit|release|version|[0-9a-f]{7}|last|the (?:commit|release|change)))|motivat"
    r"|rationale\b|th(?:is|at) way\b|turn(?:s|ed) out\b|without this\b|caus(?:es|ed|ing)\b|leads? to\b|led to\b"
    r"|result(?:s|ed|ing) in\b|instead of\b|rather than\b|therefore\b|hence\b|no longer\b|not needed\b"
    r"|mean(?:s|ing) that\b|for historical\b|as (?<=, as )(?:it|the|this|that|we|there|they|these|those|not|in)\b)"
    r"|(?:^|[.:\n] ?)as (?:it|the|this|that|we|there|they|these|those|not|in)\b"
)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE_LINE = re.compile(r" {4,}|\t|[ \t]*(?:>>|[>$|](?:\s|$))")  # "$ command", but not "$HOME" at the start of a line
_ITEM = re.compile(r"[ \t]*(?:[-*•+]|\d{1,2}[.)])[ \t]+")
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\n\d\.)[ \n]+(?=[A-Z\"'`(])|(?<=[\u3002\uff01\uff1f])"
    r"|\n[ \t]*\n|\n(?=[ \t]*(?:[-*•+]|\d{1,2}[.)]) )"
)


# Prefixes and suffixes of a subject that do not describe the change; a scope such as "url: " stays.
_PREFIX = re.compile(
    r"^(?:\[(?:RFC |RESEND |v\d+ )*PATCH[^\]]*\]\s*|(?:fixup|squash|amend)!\s*|:[a-z0-9_+-]+:\s*"
    r"|(?:Merged PR|PR) #?\d+:\s*|!\d+\s+(?=\S)|(?:gh|bpo|GH|issue|Issue)[-# ]?\d+:\s*|[Bb]ug \d+\s*[-:]\s*"
    r"|(?:Fixed|Fixes|Refs) #\d+ (?:--|[-:]) )+"
)
_CONVENTIONAL = re.compile(
    r"^(?:feat|fix|chore|refactor|docs?|perf|test|tests|build|ci|style)(?:\((?P<scope>[^)]+)\))?!?:\s+(?=\S)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:\s*\((?:#|GH-|gh-)\d+\)|\s*\[(?:ci skip|skip ci|NFC|NFCI)\]|[,;]?\s+r[=?][\w.,-]+(?:,? a=\w+)?"
    r"|\s*\((?:fixes|closes) #\d+\)|(?<!\.)\.)+\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """The parts of a commit message."""

    subject: str
    body: str  # without trailers, credits, and what `cleaned` drops
    trailers: tuple[tuple[str, str], ...] = ()
    written: str = ""  # the body with what `cleaned` drops, such as "This reverts commit …"


@lru_cache(maxsize=2)  # asked for twice about each message
def split_message(message: str) -> CommitMessage:
    """Return subject, body and trailers: the lines at the end that only name people, issues or links."""
    subject, _, rest = message.strip().partition("\n")
    if not rest:
        return CommitMessage(subject.strip(), "")
    lines = rest.rstrip().split("\n")
    trailers: list[tuple[str, str]] = []
    while lines:
        line = lines[-1].strip()
        if found := _TRAILER.fullmatch(line) or _BARE.fullmatch(line):
            trailers.append((found["key"], found["value"].strip()))
        elif not _EMPTY_LINE.fullmatch(line):
            break
        lines.pop()
    body = "\n".join(lines).replace("\r", "")
    written = _PEOPLE.sub("", body + "\n").strip()
    body = _BLANKS.sub("\n\n", cleaned(subject.strip(), written)).strip()
    return CommitMessage(subject.strip(), body, tuple(reversed(trailers))[:MAX_TRAILERS], written)


def title_of(subject: str) -> str:
    """Return a subject with its scope, but without other prefixes and issue numbers."""
    title = _PREFIX.sub("", subject)
    if conventional := _CONVENTIONAL.match(title):
        scope = conventional["scope"]
        title = (f"{scope}: " if scope else "") + title[conventional.end() :]
    title = _SUFFIX.sub("", title).strip()
    return shorten(title or subject, MAX_TITLE)


def prose(text: str) -> str:
    """Return the text without fenced, indented or quoted lines, which are code or output; a list item may go on."""
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("\n", text)
    kept, in_item = [], False
    for line in text.split("\n"):
        if _ITEM.match(line) and not line.startswith(("    ", "\t")):
            in_item = True
        elif not line.strip():
            in_item = False
        elif not in_item and _CODE_LINE.match(line):
            line = ""
        kept.append(line)
    return "\n".join(kept)


def sentences(text: str) -> list[str]:
    """Split prose into sentences and bullets, each joined to one line."""
    return [_ITEM.sub("", one, count=1) if one[0] in "-*•+" else one for one in marked_sentences(text)]


def marked_sentences(text: str) -> list[str]:
    """Return the same with the marks of list items."""
    return [joined for part in _SENTENCE_END.split(f"\n{text}") if (joined := " ".join(part.split()))]


def shorten(text: str, limit: int) -> str:
    """Truncate at a word to at most `limit` characters, the ellipsis included."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:") + "…"


@lru_cache(maxsize=2)
def has_rationale(text: str) -> bool:
    """Whether a text has a word that introduces a reason."""
    return bool(_RATIONALE.search(text.lower()))


def rationale(text: str) -> str:
    """Return the first sentences that give a reason, up to 300 characters; "" if there are none."""
    if not has_rationale(text):
        return ""
    chosen = ""
    for sentence in sentences(prose(text)):
        if has_rationale(sentence):
            if chosen and len(chosen) + 1 + len(sentence) > MAX_WHY:
                break
            chosen = f"{chosen} {sentence}" if chosen else sentence
    return shorten(chosen, MAX_WHY)
