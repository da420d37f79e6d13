"""Parsing a commit message: subject, body, trailers, and the sentences that give the reason."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from mom_lsp.extract.body import cleaned, only_references
from mom_lsp.extract.language import Language, says, spoken
from mom_lsp.extract.process_lines import without_process_lines
from mom_lsp.limits import MAX_SENTENCE, MAX_SUBJECT
from mom_lsp.textcache import text_cache

MAX_BODY = 2000
MAX_WHY = 300
MAX_TRAILERS = 20
MAX_TITLE = 200
MAX_LAST = 10  # characters of the last word of a line
MAX_NAME = 50  # characters
NARROWEST = 60  # characters of a line at which messages are wrapped

_DECISION_KEYS = (
    "Constraints?|Rejected|Directives?|Supersedes|Why|Decision|Rationale|Reason|Trade-?offs?|Confidence|Reversibility"
    "|Tested|Related"
)
_ISSUE_KEYS = "Fix(?:es|ed)?|Clos(?:es|ed)?|Cloes|Resolves|Refs?|Bug|Follow-?up(?: to| for)?|See(?: also)?|Updates|For"
# "Key: value"; a key of one plain word must be a known one: "Note: …" is prose.
_TRAILER = re.compile(
    r"(?P<key>[A-Za-z][\w]*(?:-[\w]+)+|Cc|CC|Link|Links|Tests?|Issue|Issues|BUG|JIRA|PR|URL|Id|Topic|Fixed|Closes|"
    + f"{_DECISION_KEYS}|{_ISSUE_KEYS}"
    + r"):[ \t]*(?P<value>\S.*)"
)
# The same without a colon, as curl writes: "Closes #123", "Follow-up to 1a2b3c4d".
_BARE = re.compile(
    rf"(?P<key>{_ISSUE_KEYS}):?[ \t]+(?P<value>(?:#\d|GH-\d|https?://|[0-9a-f]{{7}}|commit [0-9a-f]{{7}}).*)"
)
_OF_AGENT = r"[^\w\n]{0,8}(?:Generated (?:with|by)|Made with) \[[^\]\n]{1,40}\]\([^)\s]*\)[ \t.]*+"
_EMPTY_LINE = re.compile(
    rf"\s*+(?:-{{3,}}|#.*+|\(cherry picked from .*+|\[ci skip\]|\[skip ci\]|(?i:{_OF_AGENT}))?\s*+"
)
# No sentence ends in these.
_UNFINISHED = re.compile(
    r",\Z|(?<!\.)\b(?:a|an|and|are|because|but|by|for|from|if|in|is|issue|of|or|since|than|that|the|to|was|were|when"
    r"|with|GitHub)\Z"
)
# No line begins with these that is not the rest of one: abbreviations, identifiers, numbers, options, a second name.
_NO_BEGINNING = re.compile(
    r"(?!.{0,40}: )(?:[A-Z]{2}|[A-Z]\w*_|\d(?!\d? - )|--[a-z]|-(?:[a-z]\d*\b|\w+=)|#[\w{\[(]"
    r"|/(?!cc\b)|\$\w|[\"'%<_,;])"
)
_NAME, _NAMED = r"[A-Z\u00c0-\u00de][\w'-]+", r"\b(?:by|from|to|via)"
_BEFORE_NAME = re.compile(rf"{_NAMED} (?:{_NAME} )?(?:{_NAME}|[A-Z]\.?)\Z")
_REST_OF_NAME = re.compile(rf"{_NAME}(?: {_NAME})?(?:[.,;)]|\Z| (?:and|in|on|via)\b)")
_PEOPLE = re.compile(
    r"^[ \t]*(?:Signed-off|Co-authored|Co-developed|Reviewed|Acked|Tested|Reported|Suggested|Cc|Approved|Assisted"
    r"|Authored)(?:[-_ ]by)?:.*\n?|^[ \t]*\(cherry picked from .*\n?"
    r"|^[ \t]*(?:Change-Id|git-svn-id|Reviewed-on|Entire-[a-z]+|Amp-Thread-ID):.*\n?"
    rf"|^{_OF_AGENT}\n?",
    re.MULTILINE | re.IGNORECASE,
)
_REVIEWS = re.compile(r"^(?:ACKs for |Top commit has no ACKs|Tree-SHA512:)", re.MULTILINE)
_BLANKS = re.compile(r"\n{3,}")
SQUASHED = "Squashed commit of the following:"
# The header of each commit in the text that `git merge --squash` proposes, and the indentation of its message.
_HEADER = re.compile(r"^commit [0-9a-f]{40}\n(?:Merge: .*+\n)?Author: .*+\n(?:\w+: .*+\n)*+", re.MULTILINE)
_INDENT = re.compile(r"^ {4}", re.MULTILINE)

_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE_LINE = re.compile(r" {4,}|\t|[ \t]*(?:>>|[>$|](?:\s|$))")  # "$ command", but not "$HOME" at the start of a line
_ITEM = re.compile(r"[ \t]*(?:(?:[-*•+]|\d{1,2}[.)])[ \t]+|\d{1,2}(?:、|[.)\uff0e](?=[\u3040-\u9fff])))")
_OPENING = r"[A-Z\"'`(¿¡«„“\u00c0-\u00de\u0400-\u042f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"  # of a sentence
_SENTENCE_END = re.compile(
    rf"(?<=[.!?])(?<!\n\d\.)(?<!z\.B\.)(?<!d\.h\.)(?<!bzw\.)(?<!ggf\.)[ \n]+(?={_OPENING})|(?<=[\u3002\uff01\uff1f])"
    r"|\n[ \t]*\n|\n(?=[ \t]*(?:(?:[-*•+]|\d{1,2}[.)]) |\d{1,2}(?:、|[.)\uff0e][\u3040-\u9fff])))"
)


# Prefixes (the first may be the mark of a list item) and suffixes of a subject that do not describe the change; a scope
# such as "url: " stays.
_PREFIX = re.compile(
    r"^(?:[-*•] )?(?:Merge (?:[\w.-]++/[\w.-]++)?#\d++:\s*"
    r"|\[(?:RFC |RESEND |v\d+ )*PATCH[^\]]*\]\s*|(?:fixup|squash|amend)!\s*|:[a-z0-9_+-]+:\s*"
    r"|(?:Merged PR|PR) #?\d+:\s*|!\d+\s+(?=\S)|(?:gh|bpo|GH|issue|Issue)[-# ]?\d+:\s*|[Bb]ug \d+\s*[-:]\s*"
    r"|(?:Fixed|Fixes|Refs) #\d+ (?:--|[-:]) )*"
)
_CONVENTIONAL = re.compile(
    r"^(?:feat|fix|chore|refactor|docs?|perf|test|tests|build|ci|style)(?:\((?P<scope>[^)]+)\))?!?:\s+(?=\S)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:(?<!\s)|(?=\S))(?:\s*+\((?:#|GH-|gh-)\d+\)"
    r"|\s*+\[(?:ci skip|skip ci|NFC|NFCI)\]|[,;]?\s++r[=?][\w.,-]++(?:,? a=\w++)?"
    r"|\s*+\((?:fixes|closes) #\d+\)|(?<!\.)\.)++\s*+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """The parts of a commit message."""

    subject: str  # the first line, or the sentence that begins there
    body: str  # without trailers, credits, lines about the process, and what `cleaned` drops
    trailers: tuple[tuple[str, str], ...] = ()
    written: str = ""  # the body with what `cleaned` drops, such as "This reverts commit …"


@text_cache(2)  # asked for twice about each message
def split_message(message: str) -> CommitMessage:
    """Return subject, body and trailers: the lines at the end that only name people, issues or links."""
    subject, rest = _split_subject(unsquashed(message.strip()))
    if not rest:
        return CommitMessage(subject, "")
    lines, trailers = _without_trailers(without_process_lines(_described(rest)).rstrip().split("\n"))
    body = "\n".join(lines).replace("\r", "")
    written = _PEOPLE.sub("", body + "\n").strip()
    body = _BLANKS.sub("\n\n", cleaned(subject, written)).strip()
    return CommitMessage(subject, body, tuple(reversed(trailers))[:MAX_TRAILERS], written)


def _split_subject(message: str) -> tuple[str, str]:
    """Return the subject and what follows: the first line, or the sentence that was wrapped after it."""
    first, _, rest = message.partition("\n")
    first, lines = first.strip(), rest.split("\n")
    if not _goes_on(first, lines[0]):
        return first, rest
    end = next((at for at, line in enumerate(lines) if not line.strip() or _ITEM.match(line)), len(lines))
    paragraph = " ".join(" ".join([first, *lines[:end]]).split())
    sentence = sentences(paragraph[:MAX_SENTENCE])[0]
    if len(sentence) > MAX_TITLE:  # the body has all of it: what is quoted begins no sentence in its midst
        return shorten(sentence, MAX_TITLE), "\n".join([paragraph, *lines[end:]])
    return sentence, "\n".join([paragraph.partition(sentence)[2].strip(), *lines[end:]]).strip("\n")


def _goes_on(first: str, second: str) -> bool:
    """Whether a sentence that begins in the first line of a message was wrapped: its next word had no room there.

    Also if it had: people wrap at other widths, and no sentence ends there.
    """
    word = (second.split(maxsplit=1) or [""])[0]
    if not (first and word) or first[-1] in ".:;!?":
        return False
    is_unfinished = bool(_UNFINISHED.search(first[-MAX_LAST:]))
    if len(first) + 1 + len(word) <= NARROWEST and not (is_unfinished and word[0].islower()):
        return False
    indented, marked = second[0] in " \t", first.startswith(("- ", "* "))
    if indented != marked or _ITEM.match(second) or _without_trailers([second])[1]:
        return False
    if is_unfinished:
        return True
    if only_references(second):
        return False
    if word[0].islower() or word[0] == "(":
        return True
    second = second.strip()
    if _NO_BEGINNING.match(second) or (_REST_OF_NAME.match(second) and _BEFORE_NAME.search(first[-MAX_NAME:])):
        return True
    return len(sentences(first[:MAX_SUBJECT])) > 1  # the second one is broken off


def unsquashed(message: str) -> str:
    """Return the text of `git merge --squash` as forges write it, a list of messages; any other message as it is."""
    first, *messages = _HEADER.split(message)
    above = first.strip()
    quotes_one = len(messages) == 1 and "\n" in above and not above.endswith(SQUASHED)  # below a text about it
    if not messages or quotes_one:
        return message
    items = (f"* {_INDENT.sub('', one).strip()}" for one in messages)
    return "\n\n".join(filter(None, (above.removesuffix(SQUASHED).rstrip(), SQUASHED, *items)))


def _described(text: str) -> str:
    """Return the description in a merge by Bitcoin Core's script, between commits and reviews; else the text."""
    _, marker, below = text.partition("\nPull request description:\n")
    return textwrap.dedent(_REVIEWS.split(below, maxsplit=1)[0]) if marker else text


def _without_trailers(lines: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the lines above the trailers, and the trailers from the last to the first; one may go on, indented."""
    trailers: list[tuple[str, str]] = []
    end = at = len(lines)
    while at:
        at -= 1
        line = lines[at].strip()
        if found := _TRAILER.fullmatch(line) or _BARE.fullmatch(line):
            goes_on = " ".join(one.strip() for one in lines[at + 1 : end] if one.strip())
            trailers.append((found["key"], f"{found['value'].strip()} {goes_on}".strip()))
            end = at
        elif _EMPTY_LINE.fullmatch(line) and end == at + 1:
            end = at
        elif not (line and lines[at][0] in " \t"):
            break
    return lines[:end], trailers


@text_cache(2)  # asked for twice about each message
def title_of(subject: str) -> str:
    """Return a subject with its scope, but without other prefixes, issue numbers and the mark of a list item."""
    subject = subject[:MAX_SUBJECT]
    title = _PREFIX.sub("", subject)
    if conventional := _CONVENTIONAL.match(title):
        scope = conventional["scope"]
        title = (f"{scope}: " if scope else "") + title[conventional.end() :]
    title = _SUFFIX.sub("", title).strip()
    return shorten(title or subject, MAX_TITLE)


def prose(text: str, code: str = "") -> str:
    """Return the text without fenced, indented or quoted lines, which are code or output; a list item may go on.

    Args:
        text: to read.
        code: a paragraph to put in their place.
    """
    instead = f"\n{code}\n" if code else ""
    if "```" in text or "~~~" in text:
        text = _FENCE.sub(f"\n{instead}", text)
    kept, in_item = [], False
    for line in text.split("\n"):
        if _ITEM.match(line) and not line.startswith(("    ", "\t")):
            in_item = True
        elif not line.strip():
            in_item = False
        elif not in_item and _CODE_LINE.match(line):
            line = instead
        kept.append(line)
    return "\n".join(kept)


def sentences(text: str) -> list[str]:
    """Split prose into sentences and bullets, each joined to one line."""
    return [_ITEM.sub("", one, count=1) if one[0] in "-*•+" else one for one in marked_sentences(text)]


def marked_sentences(text: str) -> list[str]:
    """Return the same with the marks of list items, each of at most `MAX_SENTENCE` characters."""
    return [joined[:MAX_SENTENCE] for part in _SENTENCE_END.split(f"\n{text}") if (joined := " ".join(part.split()))]


def shorten(text: str, limit: int) -> str:
    """Truncate at a word to at most `limit` characters, the ellipsis included."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:") + "…"


@text_cache(2)
def has_rationale(text: str, languages: tuple[Language, ...] | None = None) -> bool:
    """Whether a text has a word that introduces a reason; `languages` are those of the text that it is part of."""
    return says("reason", text.lower(), languages)


def rationale(text: str) -> str:
    """Return the first sentences that give a reason, up to 300 characters; "" if there are none."""
    if not has_rationale(text):
        return ""
    chosen, languages = "", spoken(text.lower())
    for sentence in sentences(prose(text)):
        if has_rationale(sentence, languages):
            if chosen and len(chosen) + 1 + len(sentence) > MAX_WHY:
                break
            chosen = f"{chosen} {sentence}" if chosen else sentence
    return shorten(chosen, MAX_WHY)
