"""The memories that discussions become: one for each review thread, and one for a pull request that was given up.

Texts of the archive are sanitized; lines of files are sanitized here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mom_lsp.discussions.merging import thread_key
from mom_lsp.discussions.values import Comment, Discussion, ReviewThread
from mom_lsp.extract.code import MAX_LINE_KEYS, identifiers, line_keys, lines_by_key, normalized_of
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import text_kind
from mom_lsp.extract.message import MAX_BODY, has_rationale, prose, rationale, shorten, title_of
from mom_lsp.extract.placement import new_side
from mom_lsp.extract.references import references
from mom_lsp.extract.significance import contributions
from mom_lsp.extract.spoken import description, is_courtesy, spoken
from mom_lsp.extract.telling import rejects, telling_sentence, why_silent
from mom_lsp.memory import Anchor, DiscussionPart, Kind, Memory, Reference, Source, discussion_memory_id

MAX_TITLE = 140  # characters
MAX_PATHS = 20  # of a pull request
REJECTED_EVIDENCE = 2.0  # what was tried or considered and not done is in no code
LEAST_WORDS = 9  # of a comment that says why a pull request was closed without a word of reasoning
SOON = 24 * 3600  # seconds around the closing in which a comment is about it

_SUPERSEDED = re.compile(
    r"\b(?:superse[dc]ed? (?:by|in)|replaced (?:by|with)|in fav(?:o|ou)r of|re-?opened (?:as|in|at)|continued (?:in|at)"
    r"|(?:included|incorporated|picked up|taken over|subsumed|obsoleted|done|fixed) (?:in|by)|moved to"
    r"|merged (?:in|as|via|into)|duplicate of|see|track(?:ed|ing)? (?:this )?in) (?:https?://\S+|#\d+|\w+/\w+#\d+)"
    r"|\b(?:re-?start|re-?open|re-?submit|continu|open)\w* .{0,40}\b(?:new|another|different|separate)"
    r" (?:pr|pull|branch)\b",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.[A-Za-z][\w]{0,7}(?![\w/])")

Sanitize = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a review thread belongs in the merged result."""

    commits: tuple[str, ...]  # that brought its lines; without lines, those of the pull request
    path: str = ""  # "" if the file was not kept
    symbol: str = ""
    lines: tuple[str, ...] = ()  # that it belongs to
    start: int = 0  # 1-based number of the first of them in the merged file


def thread_memory(discussion: Discussion, thread: ReviewThread, place: ThreadPlace, sanitize: Sanitize) -> Memory:
    """Return the memory of a review thread with its replies, also of one that is noise."""
    people = [comment for comment in thread.comments if not comment.bot]
    texts = [(comment.author, spoken(comment.body)) for comment in people]
    said = [(author, text) for author, text in texts if not is_courtesy(text)]
    sentence, told = telling_sentence([text for _, text in said])
    title = shorten(sentence or discussion.title, MAX_TITLE)
    body = "\n\n".join(f"@{author}:\n\n{text}" for author, text in said)
    plain = "\n\n".join(text for _, text in said)
    why, (symbol, *lines) = rationale(plain), sanitize("\n".join((place.symbol, *place.lines))).split("\n")
    rejected = bool(why) and rejects(prose(plain))
    kind = _kind(title, why, rejected=rejected)
    refers = _mentions(plain)
    shares = contributions(kind, title, plain, why, refers, (), 1)
    first = (people or thread.comments)[0]
    key, by_key = thread_key(thread), lines_by_key(lines)
    keys = tuple(sorted(by_key))
    spans = ((place.start, len(place.lines)),) if place.lines else ()
    anchor = Anchor(place.path, (symbol,) if symbol else (), spans)
    return Memory(
        id=discussion_memory_id(discussion.project, discussion.type, discussion.number, key),
        kind=kind,
        title=title,
        body=shorten(body, MAX_BODY),
        why=why,
        source=Source(
            type="discussion",
            commit=next(iter(place.commits), None),
            author=first.author,
            time=first.time,
            path=place.path or None,
            discussion=_part(discussion, key, thread.comments[0].id),
        ),
        commits=place.commits,
        anchors=(anchor,) if place.path else (),
        added=identifiers("\n".join(lines)),
        added_lines=keys,
        added_normalized=normalized_of(keys, by_key),
        references=refers,
        evidence=round(sum(shares.values()) + REJECTED_EVIDENCE * rejected, 3),
        informative=round(informativeness(title, plain), 3),
        noise="bot" if not people else why_silent([text for _, text in texts], told),
    )


def given_up_memory(
    discussion: Discussion, known: Collection[str], template: Collection[str], sanitize: Sanitize
) -> Memory:
    """Return the memory of a pull request that was closed unmerged: a failed approach, with why it was closed.

    Args:
        discussion: the pull request.
        known: the paths of the repository; what the text names is a place only if it is one of them.
        template: as `description` takes it.
        sanitize: for the lines that it proposed.
    """
    reason = closing_reason(discussion)
    says = description(discussion.title, discussion.body, template)
    told = spoken(reason.body) if reason is not None else ""
    parts = [f"Closed by @{reason.author}:\n\n{told}"] if reason is not None and told else []
    body = "\n\n".join([*parts, says] if says else parts)
    why = shorten(told, 300) if told else ""
    proposed = sanitize("\n".join(line for thread in discussion.threads for line in new_side(thread.hunk)[-40:]))
    lines = [line for thread in discussion.threads for line in _proposed(thread.hunk)]
    title = title_of(discussion.title)
    refers = _mentions(f"{told}\n{says}")
    shares = contributions("failed_approach", title, body, why, refers, (), 1)
    return Memory(
        id=discussion_memory_id(discussion.project, discussion.type, discussion.number, ""),
        kind="failed_approach",
        title=title,
        body=shorten(body, MAX_BODY),
        why=why,
        source=Source(
            type="discussion",
            author=discussion.author,
            time=discussion.closed or discussion.updated,
            discussion=_part(discussion, "", ""),
        ),
        anchors=tuple(Anchor(path) for path in _paths(discussion, f"{says}\n{told}", known)),
        added=identifiers(proposed),
        added_lines=tuple(sorted(line_keys(lines)))[:MAX_LINE_KEYS],
        references=refers,
        numbers=(discussion.number,),
        evidence=round(sum(shares.values()), 3),
        informative=round(informativeness(title, body), 3),
        noise=_why_not_given_up(discussion, told),
    )


def closing_reason(discussion: Discussion) -> Comment | None:
    """Return the comment that says why a pull request was closed, None if none does.

    That is what was said by who closed it at that time, or else the last comment that gives a reason, rather by
    somebody else than the author.
    """
    said = [c for c in discussion.comments if not c.bot and not is_courtesy(spoken(c.body))]
    at_closing = [
        c
        for c in said
        if c.author == discussion.closed_by and discussion.closed and abs(c.time - discussion.closed) <= SOON
        if _says_why(c)
    ]
    reasons = [c for c in said if has_rationale(prose(spoken(c.body)))]
    others = [c for c in reasons if c.author != discussion.author]
    return next((group[-1] for group in (at_closing, others, reasons) if group), None)


def _says_why(comment: Comment) -> bool:
    """Whether a comment at the closing says more than that: "Okay, closing here for now" does not."""
    text = prose(spoken(comment.body))
    return has_rationale(text) or len(text.split()) >= LEAST_WORDS or bool(_SUPERSEDED.search(text))


def _why_not_given_up(discussion: Discussion, told: str) -> str:
    """Return why a closed pull request is no failed approach, "" if it is one."""
    if discussion.bot:
        return "bot"
    if not told:
        return "closed without a reason"
    return "superseded" if _SUPERSEDED.search(told) and not rejects(told) else ""


def _paths(discussion: Discussion, text: str, known: Collection[str]) -> list[str]:
    """Return the paths of a pull request's threads, and those that it names."""
    named = [name for name in _FILE_NAME.findall(text) if name in known]
    return list(dict.fromkeys([*(thread.path for thread in discussion.threads if thread.path), *named]))[:MAX_PATHS]


def _proposed(hunk: str) -> list[str]:
    """Return the lines that a hunk added."""
    return [line[1:] for line in hunk.replace("\r\n", "\n").split("\n") if line.startswith("+")]


def _part(discussion: Discussion, key: str, anchor: str) -> DiscussionPart:
    return DiscussionPart(discussion.type, discussion.number, discussion.state, key, anchor, discussion.project)


def _kind(title: str, why: str, *, rejected: bool) -> Kind:
    """Return the kind of a thread. What a reviewer asks for ("should", "please") is no convention yet."""
    kind = text_kind(f"{title}\n{why}")
    if kind in ("convention", "anti_pattern", "note"):
        return "decision" if rejected else "note"
    return kind


def _mentions(text: str) -> tuple[Reference, ...]:
    """Return the references of a talk, which only mention what they name: a talk reverts and fixes nothing."""
    return tuple(dict.fromkeys(Reference("mention", one.target) for one in references(text)))
