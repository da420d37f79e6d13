"""How unusual a commit is: a sum of small named contributions.

The number is meaningful only within its repository: its quintile there is the memory's surprise.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from mom_lsp.extract.language import others_say, word_count
from mom_lsp.memory import Kind, Reference

_LINK = re.compile(r"https?://|(?<![\w/])#\d+|\b(?:CVE|CWE)-\d+")
_REVIEW = re.compile(r"(?:reviewed|acked|tested|reported|suggested|approved|bisected)(?:[-_ ]by|-on)", re.IGNORECASE)
_TELLING: frozenset[Kind] = frozenset(
    {"fix", "bug_pattern", "workaround", "optimisation", "anti_pattern", "known_issue"}
)
# Subjects that announce routine: by a conventional type, by the first word after a scope, by an object.
_ROUTINE = re.compile(
    r"(?:wip|chore|refactor|style|docs?|tests?|ci|build|types?|release|deps|lint|workflow|typos?)"
    r" ?(?:\([^()]{0,100}\))?!?:"
    r"|(?:[^\s:]{1,40}: )?(?:minor|small|trivial|cosmetic|misc\w*|oops|wip|polish\w*|tid(?:y|ied|ying)"
    r"|clean(?:s|ed|ing)?[- ]?up|re-?format\w*|re-?indent\w*|renam(?:e[sd]?|ing)|bump(?:s|ed|ing)?|upgrad(?:e[sd]?|ing)"
    r"|merge[sd]?|sync(?:s|ed)?|synchroni[sz]e[sd]?|lint|refactor(?:s|ed|ing)?)\b(?![-:(])"
    r"|.{0,200}?\b(?:typos?|spelling|white-?spaces?|indentation|cosmetic|copyright|clean-?ups?|read-?me|change-?log"
    r"|code style|(?:fix|add|update|remove|improve|clarify)\w* (?:\w+ )?(?:comments?|docs?|docstrings?|warnings?))\b",
    re.IGNORECASE,
)


class SignWeights(NamedTuple):
    """The weight of each sign, set by hand."""

    rationale: float = 2.0  # the text gives a reason
    body: float = 0.5  # per doubling of the words of the body beyond eight, at most 3
    revert: float = 3.0
    names_earlier: float = 1.5  # per earlier commit or issue that it reverts, fixes or follows, at most 3
    mention: float = 0.5  # per one that it only mentions, at most 1
    discussion: float = 0.4  # per link or issue number, at most 1.6
    people: float = 0.3  # per reviewer, tester or reporter, at most 1.2
    kind: float = 2.0  # it mends, works around, speeds up or forbids something, or leaves a fault
    many_files: float = -0.5  # per doubling of the files beyond eight: sweeping changes are mechanical
    routine: float = -2.0  # a subject that announces it


WEIGHTS = SignWeights()


def contributions(
    kind: Kind,
    subject: str,
    body: str,
    why: str,
    references: tuple[Reference, ...],
    trailers: tuple[tuple[str, str], ...],
    files: int,
) -> dict[str, float]:
    """Return the contribution of each sign; their sum is the evidence."""
    words = word_count(body)
    named = [reference for reference in references if not reference.target.startswith('"')] or references  # each once
    strong = sum(reference.relation != "mention" for reference in named)
    links = len(_LINK.findall(body)) + sum(bool(_LINK.search(value)) for _, value in trailers)
    people = sum(bool(_REVIEW.match(key)) for key, _ in trailers)
    shares = {
        "rationale": WEIGHTS.rationale if why else 0.0,
        "body": min(3.0, WEIGHTS.body * math.log2(words / 8)) if words > 8 else 0.0,
        "revert": WEIGHTS.revert if kind == "failed_approach" else 0.0,
        "names_earlier": min(3.0, WEIGHTS.names_earlier * strong),
        "mention": min(1.0, WEIGHTS.mention * (len(named) - strong)),
        "discussion": min(1.6, WEIGHTS.discussion * links),
        "people": min(1.2, WEIGHTS.people * people),
        "kind": WEIGHTS.kind if kind in _TELLING else 0.0,
        "many_files": WEIGHTS.many_files * math.log2(files / 8) if files > 8 else 0.0,
        "routine": WEIGHTS.routine if _announces_routine(subject) else 0.0,
    }
    return {name: share for name, share in shares.items() if share}


def _announces_routine(subject: str) -> bool:
    return bool(_ROUTINE.match(subject)) or others_say("routine", subject.lower())
