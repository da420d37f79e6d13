"""The kind of memory that a text is, by its wording.

A commit is given a kind only if its subject says what it does: a conventional type, or the verb that a clause begins
with and its object. A word further on often belongs to something else ("add a test for the crash"), as does one in the
body, and "Fixes #12" closes wishes too. `python -m mom_lsp.evaluation.kind_accuracy` measures it. A pattern looks only
a bounded distance ahead, so the time is linear in the length of a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.language import Language, languages_of, spoken
from mom_lsp.extract.reverts import reverts
from mom_lsp.memory import Kind, Reference

MAX_SUBJECT = 300  # characters of a subject that are read


def _words(*patterns: str) -> re.Pattern[str]:
    """Compile patterns for lower-case text, which is twice as fast as ignoring case."""
    return re.compile("|".join(patterns))


# Conventional types, as in "fix(scope)!: …"
_TYPE = re.compile(r"(?:\[[^\]]{1,40}\] ?)?(?P<type>[a-z]{2,13}) ?(?:\([^()]{0,100}\))?!?: ?")
_FIXING = frozenset({"fix", "bugfix", "hotfix", "bug"})
_CHANGING = frozenset({"feat", "feature", "perf", "refactor", "build"})  # whatever else they say, they fix nothing
_ROUTINE = frozenset(
    {"docs", "doc", "documentation", "style", "typo", "readme", "changelog", "release", "deps", "chore", "i18n", "lint"}
)
_DEPENDENCY = re.compile(r"\w+\(deps?(?:-dev)?\)")

# A clause begins at the start, after a scope or a tag, or after a conjunction.
_CLAUSE = r"(?:^|[:;,)\]/] ?|\band |& |- )(?:try to |attempt to |temporarily |now |also |always )?"
_ROUTINE_OBJECT = (  # repairing one of these changes no behaviour
    r"\b(?:typos?|mis-?spel\w+|spell?ings?|grammar|wording|docs?|documentation|doc-?strings?|java-?doc|js-?doc|comments?"
    r"|read-?me|change-?log|release notes|links?|white-?space|indent(?:ation|ing)?|formatting|cod(?:e|ing) style"
    r"|lint\w*|warnings?|clippy|flake8|ruff|eslint|mypy|pylint|pyright|rubocop|checksrc|rustfmt|copyright|licen[sc]es?"
    r"|man ?pages?|capitali[sz]ation|punctuation|casing|naming|nits?|todos?|duplicated? words?|conventions?|headings?"
    r"|merge conflicts?|descriptions?)\b"
)
_CAUSE = (  # root causes that recur elsewhere
    r"\b(?:rac(?:es?|y)\b|data race|use[- ]after[- ]free|uaf\b|double[- ]frees?|off[- ]by[- ]one|(?:dead|live)-?lock"
    r"|null(?:ptr)?[- ](?:pointer|ptr|deref)|segfault|(?:integer|buffer|stack|heap|signed|int) (?:over|under)(?:flow"
    r"|read|run|write)|over-?(?:read|run)s?\b|out[- ]of[- ]bounds?|uninitiali[sz]ed (?:\w+ )?(?:variable|memory"
    r"|value|buffer|read)|(?:mem(?:ory)?[- ]?)?leak(?:s|ed|ing|age)?\b(?! (?:test|check|track|detect))"
    r"|dangling (?:pointer|reference)|toctou"
    r"|infinite (?:loop|recursion)|undefined behaviou?r)"
)
_FAULT = rf"(?:{_CAUSE}|\b(?:crash(?:es|ing)?|panics?|hangs?|hanging|regressions?)\b)"
_FIXES = (
    rf"(?:bug-?|hot-?)?fix(?:e[sd]|ing)?\b(?![- ]?ups?\b)(?![^:;,]{{0,30}}{_ROUTINE_OBJECT})"
    r"(?! (?:it|this|that|me|tests?|things|stuff|ci|build)?\W*$)"
)
_FIX = _words(
    rf"^{_FIXES}",
    rf"{_CLAUSE}{_FIXES}(?! (?:issues? ?)?(?:\S{{0,30}}#|[a-z]?)\d)",  # "a new option - fixes #12"
    rf"{_CLAUSE}(?:correct|repair|mend)(?:s|ed|ing)? (?![^:;,]{{0,30}}{_ROUTINE_OBJECT})",
    rf"{_CLAUSE}(?:avoid|prevent|plug|resolve|eliminate|stop)(?:s|d|ed|ing)? [^:;,]{{0,40}}{_FAULT}",
    rf"\bto (?:avoid|prevent) (?:an? |the |possible |potential )*{_FAULT}",
    rf"{_CLAUSE}(?:don'?t|do not|never|no longer) (?:crash|leak|hang|panic|segfault|deadlock)\b",
    rf"{_CLAUSE}bug(?:/\w+)?: ",
)
_WRONG = re.compile(r"\b(?:correctly|incorrect|properly|wrong|(?:the|ensure|use) correct\b)")
_NO_REPAIR = re.compile(  # of a subject with one of these words
    rf"{_ROUTINE_OBJECT}|{_CLAUSE}(?:add|implement|introduc|support|allow|test|docs?\b|document|explain|renam|refactor"
    r"|clarif|mention|describ|improv|enabl|updat|clean|verif|merge|releas|bump|show|print|warn|detect|note|tighten|simplif)"
)
_ROUTINE_FIX = re.compile(rf": (?:\w+ ){{0,2}}{_ROUTINE_OBJECT}")
_CAUSE_NAMED = re.compile(_CAUSE)

_WORKAROUND = _words(r"\bwork(?:s|ed|ing)?[- ]?a?round\b(?! (?:is|was) no)", r"\bkludge", r"\bquirks? for\b")
_OF_WORKAROUND = re.compile(
    r"\b(?:remov|drop|delet|revert|get rid|rid of|no longer|not\b|without|old\b|obsolete|unneeded|unnecessary|document"
    r"|test\b|docs?\b|changelog|mention|simplif|refactor|clean).{0,60}\b(?:work[- ]?a?round|kludge|quirk)"
)
_OPTIMISATION = _words(
    rf"{_CLAUSE}(?:micro-?)?optimi[sz](?:e[sd]?|ing)\b(?! (?:for|out|away|(?:\w+ )?imports|dependencies)\b)",
    rf"{_CLAUSE}speed(?:s|ing)?[- ]?up\b|{_CLAUSE}make .{{1,40}}\bfaster\b",
    rf"{_CLAUSE}(?:improve|increase|boost|enhance)[sd]? .{{0,40}}\b(?:perf|performance|speed|throughput|latency)\b",
    rf"{_CLAUSE}(?:reduc|minimi[sz]|sav)(?:es?|ed|ing) .{{0,40}}\b(?:alloc|memory|copies|copying|overhead|latency"
    r"|syscall)",
    rf"{_CLAUSE}(?:don'?t|do not) (?:(?:\w+ly )?(?:re-?)?(?:allocate|compute)\b|(?:parse|read) .{{0,40}}\btwice\b)",
    rf"{_CLAUSE}(?:avoid|eliminate|skip|save)(?:s|ing)? .{{0,40}}(?:\balloc(?:s\b|ati)|\bquadratic|\bre-?comput"
    r"|\bre-?pars|\b(?:unneeded|unnecessary|redundant|needless(?:ly)?|extra|double) (?:\w+ )?(?:calls?|work|lookups?"
    r"|rounds?|emit|pass(?:es)?|traversals?|scans?|reads?|copy|copies)\b)",
    rf"{_CLAUSE}cach(?:e|es|ing) .{{0,40}}\b(?:results?|lookups?|computations?)\b",
    r"\bslow to\b",
)
_MEASURES = re.compile(r"\b(?:benchmarks?|benches)\b|\badd .{0,40}\btests?\b")
_DEPRECATION = _words(
    rf"{_CLAUSE}(?:(?:soft|hard)-?)?deprecat(?:es?|ing) (?!warning|notice|message|doc|test|label)",
    rf"^deprecated (?!warning|notice|message|doc|test|label|for\b|since\b)|{_CLAUSE}never (?:use|call)\b",
)
_CONVENTION = _words(
    rf"{_CLAUSE}(?:enable|enforce|activate|adopt|turn on)[sd]? .{{0,60}}\b(?:lints?|linting|lint(?:er|ing)? rules?"
    r"|eslint|clippy|flake8|pylint|checkstyle|clang-tidy|(?:coding|code) style|style guide|naming convention)\b",
    r"\bcoding ?(?:guideline|standard|convention|style (?:guide|rule))",
    r"^contributing(?:\.\w+)?: (?:require|ask|do not|don'?t|use|always|never)\b",
    r"^checksrc: (?:warn|ban|check|verify|detect|complain)",
    rf"{_CLAUSE}(?:fix|rename|change|convert)\w* .{{0,60}}\bto (?:follow|match) the .{{0,30}}\bconventions?\b",
)
_KNOWN_ISSUE = _words(
    r"^known[_ ]?(?:bug|issue|breakage)s?\b|^xfail\b",
    rf"{_CLAUSE}(?:add|mark|document)\w* .{{0,60}}\b(?:xfail|known (?:bug|breakage))",
    rf"{_CLAUSE}(?:skip|disable|ignore|quarantine|mark|mute)(?:s|d|ped|ing)?\b.{{0,60}}(?<!non-)\b(?:flak(?:y|es|iness)"
    r"|(?:broken|failing|hanging) (?:\w+ )?tests?)\b",
    rf"{_CLAUSE}(?:temporary (?:skip|disable|ignore)\b|(?<=temporarily )(?:skip|disable|ignore)\b).{{0,60}}\btests?\b",
    rf"{_CLAUSE}(?:skip|disable|ignore)\w*\b.{{0,60}}\btests?\b.{{0,40}}\b(?:temporarily|for now)\b",
)
_CLAUSE_END = re.compile(r"[.,;:] |[\u3002\uff0c\uff1b\uff1a]")
_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("known_issue", _KNOWN_ISSUE),
    ("anti_pattern", _DEPRECATION),
    ("convention", _CONVENTION),
)
_PROSE = re.compile(
    r"(?:^|/)(?:docs?|documentation|changelog|man)/|(?:^|/)(?:read-?me|change-?log|changes|news|contributing)(?:\.txt)?$"
    r"|\.(?:md|rst|r?doc|adoc|asciidoc|texi|pod)$",
    re.IGNORECASE,
)


def is_prose(path: str) -> bool:
    """Whether a path is a text for people rather than code."""
    return bool(_PROSE.search(path))


def commit_kind(subject: str, body: str, references: tuple[Reference, ...], paths: Sequence[str] = ()) -> Kind:
    """Return the kind of a commit's memory: what its subject says it does, "note" if that is none of the kinds.

    Args:
        subject: of the message.
        body: of the message; with the references, it tells a revert.
        references: of the message.
        paths: of the changed files; a commit that only changes documents mends nothing.
    """
    if reverts(subject, body, frozenset(reference.relation for reference in references)):
        return "failed_approach"
    message, subject = subject, subject[:MAX_SUBJECT].lower()
    typed = _TYPE.match(subject)
    kind = typed["type"] if typed else ""
    routine = kind in _ROUTINE or bool(_DEPENDENCY.match(subject))
    if routine or (paths and all(map(is_prose, paths))):
        return _first(_RULES, subject)
    languages = languages_of(message, body)
    if _is_workaround(subject):
        return "workaround"
    if _KNOWN_ISSUE.search(subject):
        return "known_issue"
    if _is_fix(subject, kind) and not any(one.says("routine", subject) for one in languages):
        return "bug_pattern" if _CAUSE_NAMED.search(subject) else "fix"
    if (kind == "perf" or _OPTIMISATION.search(subject)) and not _MEASURES.search(subject):
        return "optimisation"
    found = _first(_RULES, subject)
    return _in_others(languages, subject, may_fix=kind not in _CHANGING) if found == "note" else found


def _mends(language: Language, clause: str) -> bool:
    return language.says("fix", clause) and not language.says("dull_object", clause)


def _in_others(languages: Sequence[Language], text: str, *, may_fix: bool = True) -> Kind:
    """Return the kind that a subject or an entry in lower case states in other languages than English."""
    for one in languages:
        if one.says("workaround", text):
            return "note" if one.says("workaround_ended", text) else "workaround"
        if may_fix and any(_mends(one, clause) for clause in _CLAUSE_END.split(text)):
            return "bug_pattern" if one.says("cause", text) else "fix"
        if one.says("optimisation", text):
            return "optimisation"
        if one.says("deprecation", text):
            return "anti_pattern"
    return "note"


def _is_workaround(text: str) -> bool:
    """Whether a text in lower case says that something is worked around, and not that this has an end."""
    return bool(_WORKAROUND.search(text)) and not _OF_WORKAROUND.search(text)


def _is_fix(subject: str, kind: str) -> bool:
    """Whether a subject in lower case says that its commit repairs something; `kind` is its conventional type or ""."""
    if kind in _FIXING:
        return not _ROUTINE_FIX.search(subject)
    if kind in _CHANGING:
        return False
    return bool(_FIX.search(subject) or (_WRONG.search(subject) and not _NO_REPAIR.search(subject)))


def _first(rules: tuple[tuple[Kind, re.Pattern[str]], ...], text: str) -> Kind:
    return next((kind for kind, pattern in rules if pattern.search(text)), "note")


# Comments and documents, the strongest rule first. "BUG" is a marker only in capitals.
_WORKAROUND_COMMENT = _words(r"\bwork[- ]?a?rounds?\b|\bwork(?:s|ing)? around\b|\bhack\b|\bkludge|\bquirk")
_OPEN = re.compile(
    r"\b(?:TODO|FIXME|XXX|BUG|CAVEAT|KNOWN ISSUE|KNOWN BUG)\b|\b[Kk]nown (?:issue|bug|limitation|problem|risk)"
)
TEXT_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "anti_pattern",  # what the reader must not do, not what the code does not
        _words(
            r"\bmust(?: not|n't)\b|\bshould(?: not|n't) be \w+ed\b|\bdeprecated\b",
            r"(?:^|[.,;:!(*-] ?|\n|\bplease |\byou |\bso |\band |\bto )(?:do not|don'?t|never|avoid) (?:ever )?(?:use"
            r"|using|call|rely|relying|assum|depend|chang|edit|modif|touch|remov|renam|reorder|add|mov|copy|pass|return|set"
            r"|put|writ|read|access|mix|store|free|hold|block|allocat|inlin|import|includ|log|raise|throw|catch)",
        ),
    ),
    (
        "decision",
        _words(
            r"\bbecause\b|\bwhy:|\bon purpose\b|\bintentional|\bdeliberate|\bhistorical\b|\bby design\b|\bdecided\b"
            r"|\bdecision\b|\binstead of\b|\brather than\b|\bin favou?r of\b|\bso that\b"
        ),
    ),
    (
        "convention",
        _words(
            r"\bmust\b|\balways\b|\bshould\b|\bplease\b|\bmake sure\b|\bensure\b|\brequired?\b|\bconvention|\bsafety\b"
        ),
    ),
    ("optimisation", _words(r"\bfaster\b|\bperformance\b|\boptimi[sz]|\bslow\b|\bspeed")),
)


def text_kind(text: str) -> Kind:
    """Return the kind of a comment or a section of a document."""
    lowered = text.lower()
    if _WORKAROUND_COMMENT.search(lowered):
        return "workaround"
    if _OPEN.search(text):
        return "known_issue"
    found = _first(TEXT_RULES, lowered)
    return found if found != "note" else _of_text(lowered)


_TEXT_KINDS: tuple[tuple[Kind, str], ...] = (
    ("workaround", "workaround"),
    ("known_issue", "open_end"),
    ("anti_pattern", "warning"),
    ("decision", "reason"),
    ("convention", "rule"),
    ("optimisation", "optimisation"),
)


def _of_text(lowered: str) -> Kind:
    """Return the kind of a text in lower case by the words of another language than English."""
    languages = spoken(lowered)
    return next((kind for kind, words in _TEXT_KINDS if any(one.says(words, lowered) for one in languages)), "note")


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
    if _is_workaround(text):
        return "workaround"
    if _ENTRY_FIX.search(text):
        return "bug_pattern" if _CAUSE_NAMED.search(text) else "fix"
    if _ENTRY_DECISION.search(text):
        return "decision"
    return "optimisation" if _OPTIMISATION.search(text) else _in_others(spoken(text), text)
