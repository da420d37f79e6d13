"""The kind of memory that a text is, by its wording: the first matching rule wins."""

from __future__ import annotations

import re
from typing import NamedTuple

from mom_lsp.extract.reverts import reverts
from mom_lsp.memory import Kind, Reference


class KindRule(NamedTuple):
    """A kind and the patterns that indicate it in a subject or a body; None matches nothing."""

    kind: Kind
    subject: re.Pattern[str] | None
    body: re.Pattern[str] | None = None


def _words(*patterns: str) -> re.Pattern[str]:
    """Compile patterns for lower-case text, which is twice as fast as ignoring case."""
    return re.compile("|".join(patterns))


_FIX = _words(
    r"\b(?:fix(?:e[sd]|ing|up)?\b|bug(?:fix)?\b|regression|crash|leak|mem-?leak|segfault|follow-?up\b"
    r"|correct(?:s|ly|ed)?\b|repair|broken?\b|hang(?:s|ing)?\b|dead-?lock|(?:over|under)flow|race\b|uaf\b"
    r"|use[- ]after[- ]free|double[- ]free|null[- ](?:pointer|deref)|out[- ]of[- ]bounds|off[- ]by[- ]one"
    r"|infinite (?:loop|recursion)|uninitiali[sz]ed|vulnerab|cve-\d|assert(?:ion)? fail|false (?:positive|negative)s?"
    r"|don't (?:crash|leak|fail)|resolves?\b (?:#|issue|bug)|prevent\b"
    r"|handle\b.{0,40}\b(?:error|fail|missing|empty|null))"
)
# Root causes that recur elsewhere, each with its usual spellings.
_BUG_PATTERN = _words(
    r"\b(?:rac(?:e condition|es?|y)\b(?! to)|data race|use[- ]after[- ]free|uaf\b|double[- ]free|off[- ]by[- ]one"
    r"|dead-?lock|live-?lock|re-?entran|null(?:ptr)?[- ](?:pointer|ptr|deref)"
    r"|(?:integer|buffer|stack|heap|signed|int) (?:over|under)(?:flow|read|run|write)|over-?(?:read|run)s?\b"
    r"|out[- ]of[- ](?:bounds|range)|oob\b|uninitiali[sz]ed (?:\w+ )?(?:variable|memory|value|buffer|read)"
    r"|use of uninit|mem(?:ory)?[- ]?leak|leak(?:s|ed|ing)?\b|dangling|stale (?:pointer|cache|reference|state)|toctou"
    r"|wrap(?:s|ped)?[- ]around|truncat(?:ed|ion)\b|infinite (?:loop|recursion)|unbounded|sign[- ]extension"
    r"|byte[- ]order|endian|eintr\b|eagain\b|path traversal|injection\b|undefined behaviou?r|ubsan\b)"
)
_WORKAROUND = _words(
    r"\bwork(?:s|ed|ing)?[- ]?a?round\b|\bhack\b|\bkludge|\bquirk|\bstop-?gap|\btemporar(?:y|ily)\b|\bband-?aid"
)

COMMIT_RULES: tuple[KindRule, ...] = (
    KindRule(
        "workaround",
        _WORKAROUND,
        _words(r"\bwork(?:s|ed|ing)?[- ]?a?round\b(?! (?:is|was) (?:removed|dropped|no longer))|\bkludge|\bugly hack"),
    ),
)
LATER_RULES: tuple[KindRule, ...] = (
    KindRule(
        "anti_pattern",
        _words(
            r"^(?:[\w./() -]+: )?(?:do not|don'?t|never|avoid|stop|forbid|disallow|prohibit|ban|refuse|reject"
            r"|discourage)\b|\bbanned?\b|\bharmful\b"
        ),
        _words(
            r"\b(?:must|should) (?:not|never)\b|\bnever (?:use|call|do|assume|rely)\b"
            r"|\bdo not (?:use|call|assume|rely)\b"
        ),
    ),
    KindRule(
        "optimisation",
        _words(
            r"\boptimi[sz]|\bspeed(?:s|ing)?[- ]?up\b|\bfaster\b|\bperf(?:ormance)?\b|\bslow\b"
            r"|\bcach(?:e|es|ing)\b.{0,30}\b(?:result|lookup)"
            r"|\breduce.{0,40}\b(?:alloc|memory|time|copies|calls|size|overhead)|\ballocless\b|\bshave|\blatency\b"
            r"|\bavoid.{0,20}\b(?:alloc|cop(?:y|ies)|strlen)"
        ),
        _words(
            r"\b\d+(?:\.\d+)?(?:%|x) (?:faster|speed|less|improvement|reduction)|\bspeed-?up of\b"
            r"|\bbenchmark(?:s|ed)?\b.{0,60}\bfaster"
        ),
    ),
    KindRule(
        "convention",
        _words(
            r"\b(?:coding|code) (?:style|conventions?|guidelines?)|\bstyle ?guide|\bnaming\b|\bconventions?\b"
            r"|\blint(?:er|ing)?\b|\bchecksrc\b|\bclang-tidy\b|\bruff\b|\bflake8\b|\beslint\b|\bpre-commit\b"
            r"|^(?:contributing|hacking|code.?style|style)\b|\bconsistent(?:ly)?\b|\brename\b.{0,60}\bto match"
        ),
    ),
)
_DECISION = _words(
    r"\b(?:switch(?:es|ed)?|migrat\w+|mov(?:e|es|ing)|convert(?:s|ed)?|transition) .{0,60}\b(?:to|from|into|over)\b"
    r"|\breplac(?:e|es|ed|ing)\b|\bdrop(?:s|ped|ping)?\b|\bdeprecat|\binstead\b|\brequire[sd]?\b"
    r"|\bremov(?:e|es|ed|ing)\b|\bdelet(?:e|es|ed)\b|\bdisabl(?:e|es|ed)\b|\benabl(?:e|es|ed)\b.{0,30}\bby default"
    r"|\bby default\b|\bprefer\b|\badopt|\bintroduc(?:e|es|ing)\b|\brefactor|\bsplit\b|\bmerge\b|\bunify|\brestructur"
    r"|\bredesign|\brework|\brewrit|\buse\b|\bmake\b|\bchange\b|\ballow\b|\bsupport\b"
)
_DECIDED = _words(
    r"\bwe (?:decided|chose|agreed|now|no longer|want)\b|\bdecision\b|\bthe decision|\bbetter to\b|\bin favou?r of\b"
    r"|\btrade-?off"
)
_KNOWN_ISSUE = _words(
    r"\bknown (?:bug|issue|problem|limitation)s?\b|^known_bugs|^todo\b|\bxfail\b|\bflak(?:y|iness)\b"
    r"|\bskip(?:s|ped)?\b.{0,30}\btest"
)


def commit_kind(subject: str, body: str, references: tuple[Reference, ...], *, rationale: bool) -> Kind:
    """Return the kind of a commit's memory: reverts and workarounds first, then fixes by cause, then decisions."""
    relations = frozenset(reference.relation for reference in references)
    if reverts(subject, body, relations):
        return "failed_approach"
    subject, head = subject.lower(), body[:1500].lower()
    if kind := _first(COMMIT_RULES, subject, head):
        return kind
    if relations & {"fixes", "followup"} or _FIX.search(subject):
        return "bug_pattern" if _BUG_PATTERN.search(subject) or _BUG_PATTERN.search(head) else "fix"
    if kind := _first(LATER_RULES, subject, head):
        return kind
    if (rationale and _DECISION.search(subject)) or _DECIDED.search(head):
        return "decision"
    return "known_issue" if _KNOWN_ISSUE.search(subject) else "note"


def _first(rules: tuple[KindRule, ...], subject: str, body: str) -> Kind | None:
    for rule in rules:
        if (rule.subject and rule.subject.search(subject)) or (rule.body and rule.body.search(body)):
            return rule.kind
    return None


# Comments and documents, the strongest rule first. "BUG" is a marker only in capitals.
_WORKAROUND_COMMENT = _words(r"\bwork[- ]?a?rounds?\b|\bwork(?:s|ing)? around\b|\bhack\b|\bkludge|\bquirk")
_OPEN = re.compile(r"\b(?:TODO|FIXME|XXX|BUG|KNOWN ISSUE|KNOWN BUG)\b|\b[Kk]nown (?:issue|bug|limitation|problem)")
TEXT_RULES: tuple[KindRule, ...] = (
    KindRule(
        "anti_pattern",
        _words(
            r"\bdo(?:es)? not\b|\bdon'?t\b|\bnever\b|\bmust(?: not|n't)\b|\bshould(?: not|n't)\b|\bavoid\b"
            r"|\bdeprecated\b"
        ),
    ),
    KindRule(
        "decision",
        _words(
            r"\bbecause\b|\bwhy:|\bon purpose\b|\bintentional|\bdeliberate|\bhistorical\b|\bby design\b|\bdecided\b"
            r"|\bdecision\b|\binstead of\b|\brather than\b|\bin favou?r of\b|\bso that\b"
        ),
    ),
    KindRule(
        "convention",
        _words(
            r"\bmust\b|\balways\b|\bshould\b|\bplease\b|\bmake sure\b|\bensure\b|\brequired?\b|\bconvention|\bsafety\b"
        ),
    ),
    KindRule("optimisation", _words(r"\bfaster\b|\bperformance\b|\boptimi[sz]|\bslow\b|\bspeed")),
)


def text_kind(text: str) -> Kind:
    """Return the kind of a comment or a section of a document."""
    lowered = text.lower()
    if _WORKAROUND_COMMENT.search(lowered):
        return "workaround"
    return "known_issue" if _OPEN.search(text) else _first(TEXT_RULES, lowered, "") or "note"


_ENTRY_FIX = _words(r"\bfix(?:e[sd]|ing)?\b|\bbug\b|\bcrash|\bleak|\bregression\b|\bcorrect")
_ENTRY_DECISION = _words(
    r"\bremoved?\b|\bdrop(?:s|ped)?\b|\bdeprecat|\brequires?\b|\breplaced?\b|\bbreaking\b|\bno longer\b"
    r"|\bby default\b|\bswitch"
)


def entry_kind(text: str) -> Kind:
    """Return the kind of a changelog entry."""
    if reverts(text, "", frozenset()):
        return "failed_approach"
    text = text.lower()
    if kind := _first(COMMIT_RULES, text, ""):
        return kind
    if _ENTRY_FIX.search(text):
        return "bug_pattern" if _BUG_PATTERN.search(text) else "fix"
    if _ENTRY_DECISION.search(text):
        return "decision"
    return _first(LATER_RULES[1:2], text, "") or "note"
