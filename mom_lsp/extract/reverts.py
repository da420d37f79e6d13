"""Recognises reverts and reapplies, as git, forges and people word them.

This is the only place that does; kinds, references, failures and answers all use it. Every pattern is matched at one
position or in a short window, so the time is linear in the length of a message.

Wordings come from git-revert(1), the revert buttons of GitHub, GitLab and Gerrit, Mozilla's "Backed out changeset",
and the histories that `python -m mom_lsp.evaluation.revert_links` measures.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mom_lsp.extract.language import others_say
from mom_lsp.extract.message import title_of
from mom_lsp.limits import MAX_SENTENCE, MAX_SUBJECT
from mom_lsp.memory import Relation

REVERTS: frozenset[Relation] = frozenset({"revert", "partial_revert"})
VERDICTS: frozenset[Relation] = REVERTS | {"reapply"}
MAX_STATEMENTS = 40  # lines of a body that are read


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_REVERT = r"revert(?:s|ed|ing)?|back(?:s|ed|ing)?[ -]?out"
_UNDO = r"undo(?:es|ne|ing)?|undid|roll(?:s|ed|ing)?[ -]?back"  # programs also do this to their data
_REAPPLY = r"re-?appl(?:y|ies|ied|ying)|re-?land(?:s|ed|ing)?|un-?revert(?:s|ed|ing)?"
_PARTLY = r"partial(?:ly)?|partly|mostly"
_VERB = rf"(?:(?P<reapply>{_REAPPLY})|(?P<undo>{_UNDO})|{_REVERT})"
WORDS = rf"{_REVERT}|{_UNDO}|{_REAPPLY}"  # the verbs as a pattern

# Subjects
_TYPE = re.compile(r"(?P<verb>revert|re-?apply|re-?land)(?:\([^()]*\))?!?: +", re.IGNORECASE)
_SCOPE = re.compile(r"\[[^\]]*\] ?|'(?=re)|[^\s:\"'“\[]{1,60}(?:,? \S{1,20})?!?: +", re.IGNORECASE)  # "[ty] ", "url: "
_ACT = re.compile(
    rf"(?:(?P<part>{_PARTLY}) |(?!accident)\w{{1,12}}ly )?{_VERB}(?:\^(?P<power>\d{{1,2}}))?(?=[\s:\"“,]|$)[ :]*",
    re.IGNORECASE,
)
_AFTER_TITLE = re.compile(r"\((?P<verb>revert(?:ed)?|reapply|reapplied|reland)\)(?: \(#\d+\))*$", re.IGNORECASE)
_CONVENTIONAL = re.compile(r"[a-z]+(?:\([^()]*\))?!?: ")
_QUOTES = {'"': '"', "“": "”", "'": "'"}
_CUT = re.compile(r"(?:(?<!\s)|(?=\S))\s*+(?:\(#?\d*)?(?:…|\.{3})$")
# What follows is no commit: another noun ("revert button", "revert --abort"), or a state ("revert to 1.2").
_NO_OBJECT = re.compile(
    r"-|/|(?:back |again )?to\b|from\b"
    r"|(?:button|command|dialog|menu|handl(?:er|ing)|icon|hunk|endpoint|popup|shortcut)s?\b",
    re.IGNORECASE,
)
_PART = re.compile(rf"\b(?:parts?|most|some|half|hunks?|portions?|bits?|pieces?|{_PARTLY})\b", re.IGNORECASE)
_PARTLY_LAST = re.compile(rf"\b(?:{_PARTLY})$", re.IGNORECASE)

# Clauses: the verb before the name of a commit, the three words before the verb, and the text between verb and name.
_CLAUSE_ACT = re.compile(rf"(?<![\w.-]){_VERB}(?![\w-])", re.IGNORECASE)
_ADDS_BACK = re.compile(r"\b(?:add(?:s|ing)?|br(?:ing(?:s|ing)?|ought)) back\W+(?:commit\W+)?$", re.IGNORECASE)
_REVERT_OF_REVERT = re.compile(r"\brevert(?:s|ed|ing)?(?: the| a| of)* revert", re.IGNORECASE)
_PAST = re.compile(r"[\w-]*ed\b|undone$|undid$", re.IGNORECASE)
_HEDGES = _words(
    "to can could may might should would will shall must cannot if once until till when whenever unless not never"
    " without before after than how why whether which that who already later previously of"
)
_PASSIVE = _words("was were been be being is are gets got")
_ARTICLES = _words("the this that a an any each every our my his her their its previous last")
_SPEAKERS = _words("i we also have i've we've so therefore hence")
_OTHER_VERB = re.compile(r"\b(?:fixe[sd]|fixing|clos(?:es|ed|ing)|resolv|follow)", re.IGNORECASE)
_ASIDE = re.compile(
    r"\b(?:since|because|see|refs?|cf|after|before|until|due to|as|like|than|by|per|for|once|when|while|with|via"
    r"|reversing|back to)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(  # between a verb and a name: it was done there, or it is a state
    r"\s*(?:(?:back |again )?to\b|in (?:the )?(?:(?:commit|pr|mr|(?:pull|merge) request) )?[\s\"'`(:]*(?:https?://)?$)",
    re.IGNORECASE,
)
_OBJECT_END = re.compile(rf"[:;]|{_ASIDE.pattern}", re.IGNORECASE)
_NEAR = 60  # characters between "undo" and the name

# Bodies
_NAME = r"(?:[0-9a-f]{7,64}\b|(?:[\w.-]+/[\w.-]+)?[#!]\d|gh-\d|r\d+\b|I[0-9a-f]{40}\b|https?://|[\"“])"
_STATEMENT = re.compile(
    r"(?:(?:this|it)(?: commit| change| patch| pr| pull request| merge request)? )?(?:(?!part|most)\w+ly )?"
    r"(?:reverts?|backs? ?out|backed out|rolls? ?back|undo(?:es)?)"
    r"(?: (?:the|this|my|our|commits?|changes?|changesets?|patch|prs?|mr|pull|merge|requests?|of|from|in|by|\d)){0,5}"
    rf"[ :(`]+{_NAME}",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"[*+-] ")

# Announcements: sentences of these words and names only
_TITLE = re.compile(  # quoted, or as git's format "reference" has it
    r"\"[^\"\n]*\"|“[^”\n]*”|(?<=[0-9a-f]{7} )\([^\n]{0,200}, \d{4}-\d\d-\d\d\)"
)
_POINTS = re.compile(r"\d|://|\b[a-f]{7,}\b")  # a word that is a hash, a number or a URL
_ANNOUNCING = _words(
    "this that it these the a an of in to from and or my our commit commits change changes changeset changesets patch"
    " patches pr prs pull merge request requests mr svn revision revisions reversing made part parts most partial"
    " partially partly mostly effectively essentially gh"
)
_VERBS = re.compile(rf"\b(?:{WORDS})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


class Subject(NamedTuple):
    """What a subject says the commit does to an earlier one."""

    relation: Relation | None = None  # None: it neither reverts nor reapplies
    title: str = ""  # of the earlier commit as `title_of` gives it, with "…" if it is cut; "" if none is quoted
    tag: str = ""  # in brackets before the verb; it may belong to the title
    undoes: bool = False  # it "undoes" something: a revert only if the message also names a commit

    @property
    def titles(self) -> tuple[str, ...]:
        """The possible titles: in `[ty] Revert "T"` the tag may have been moved from T to the front."""
        moved = (f"{self.tag} {self.title}",) if self.tag and not self.title.startswith("[") else ()
        return (*moved, self.title)

    @property
    def of_revert(self) -> bool:
        """Whether it reverts a revert, which reapplies the original."""
        return self.relation in REVERTS and of_subject(self.title).relation in REVERTS


def of_subject(subject: str) -> Subject:
    """Return what a subject says its commit does."""
    subject = subject[:MAX_SUBJECT].strip()
    at, tag = 0, ""
    while True:
        if typed := _TYPE.match(subject, at):
            return _of_type(typed["verb"], subject[typed.end() :])
        if act := _ACT.match(subject, at):
            return _of_act(act, subject[act.end() :])._replace(tag=tag)
        if not (scope := _SCOPE.match(subject, at)):
            break
        at = scope.end()
        tag = scope[0].strip() if scope[0][0] == "[" else tag
    if after := _AFTER_TITLE.search(subject):
        relation: Relation = "revert" if after["verb"].lower().startswith("revert") else "reapply"
        return Subject(relation, _key(subject[: after.start()]))
    return Subject()


def _of_type(verb: str, rest: str) -> Subject:
    """Parse "revert: T". In lower case it may name a part of the program, as in git's own history."""
    if act := _ACT.match(rest):
        return _of_act(act, rest[act.end() :])
    title = _quoted(rest)
    if title or verb[0].isupper() or _CONVENTIONAL.match(rest) or re.match(_NAME, rest):
        partly = not title and _PARTLY_LAST.search(rest)
        relation: Relation = "partial_revert" if partly else "revert"
        return Subject(relation if verb.lower() == "revert" else "reapply", title or _key(rest))
    return Subject()


def _of_act(act: re.Match[str], rest: str) -> Subject:
    """Parse what follows a verb at the start of a subject."""
    title = _quoted(rest)
    if not title and (act["undo"] or _NO_OBJECT.match(rest)):
        return Subject(undoes=bool(act["undo"]))
    sign, inner = _sign(act), title
    while (nested := _ACT.match(inner)) and (within := _quoted(inner[nested.end() :])):
        sign, inner = sign * _sign(nested), within
    if sign > 0:
        return Subject("reapply", title or (_key(rest) if ":" in act[0] else ""))
    if not title and ":" in act[0]:
        title = _key(rest)
    of_part = _PART.search(_OBJECT_END.split(rest[:40], maxsplit=1)[0]) or _PARTLY_LAST.search(rest)
    partly = act["part"] or (not inner and of_part)
    return Subject("partial_revert" if partly else "revert", inner if act["reapply"] else title)


def _sign(act: re.Match[str]) -> int:
    """Return 1 for reapplying a change, -1 for reverting it. Gerrit counts: "Revert^2"."""
    return 1 if act["reapply"] else (-1) ** int(act["power"] or 1)


def _quoted(text: str) -> str:
    """Return the quoted title that a text starts with, up to the last quotation mark: a title may contain some."""
    closing = _QUOTES.get(text[:1])
    if closing is None:
        return ""
    end = text.rfind(closing, 1)
    return _key(text[1:end] if end > 0 else text[1:])


def _key(title: str) -> str:
    """Return a title in the form of memory titles, for comparison."""
    cut = _CUT.search(title)
    whole = title_of(title[: cut.start()] if cut else title)
    return " ".join(whole.split()) + ("…" if cut else "")


def changed_title(title: str) -> str:
    """Return the title of the change that a chain of reverts and reapplications is about, "" for any other title."""
    found = ""
    while inner := of_subject(title).title:
        found = title = inner
    return found


def of_clause(before: str) -> Relation | None:
    """Return what a clause says is done to the commit named after it, None if it is about something else.

    "mention" if another commit did it ("was reverted in"), or if the name only gives the cause ("reverts it since").

    Args:
        before: the clause up to the name, cut by the caller to about a hundred characters so that time stays linear.
    """
    if _ADDS_BACK.search(before) or _REVERT_OF_REVERT.search(before):
        return "reapply"
    acts = list(_CLAUSE_ACT.finditer(before))
    if not acts:
        return None
    act, between = acts[-1], before[acts[-1].end() :]
    words = [word.strip("(,*`\"'") for word in before[: act.start()].lower().split()[-4:]]
    partly = bool(_PART.search(between))
    while words and (words[-1].endswith("ly") or words[-1] == "partial"):
        partly |= bool(_PARTLY_LAST.search(words.pop()))
    if not _is_own_act(act, words, between):
        return "mention" if (words and words[-1] in _PASSIVE) or _PAST.match(act[0]) else None
    relation: Relation = "reapply" if act["reapply"] else "partial_revert" if partly else "revert"
    return "mention" if _ELSEWHERE.match(between) else of_object(relation, between)


def of_object(relation: Relation, between: str) -> Relation | None:
    """Return the relation, unless the words between its verb and a name show that the name is not the verb's object."""
    if _OTHER_VERB.search(between):
        return None
    return "mention" if _ASIDE.search(between) else relation


def _is_own_act(act: re.Match[str], words: list[str], between: str) -> bool:
    """Whether a verb says what the commit itself does, judged by the words before it and up to the name."""
    if words and act[0][0].isupper():  # the title of another commit
        return False
    words = [word for word in words if word]  # a quotation mark before the verb is none
    last = words[-1] if words else ""
    if act["undo"] and (len(between) > _NEAR or re.search(r"[,;:]", between)):
        return False
    if last in _PASSIVE or any(word in _HEDGES or word.endswith("n't") for word in words[-2:]):
        return False
    if _PAST.match(act[0]):
        return not last or last in _SPEAKERS
    if act[0].lower() in ("revert", "undo", "reland", "rollback"):  # a noun, as in "the revert"
        return last not in _ARTICLES or (last == "a" and between.lower().startswith(" of"))
    return True


def reverts(subject: str, body: str, named: frozenset[Relation]) -> bool:
    """Whether a message says that its commit reverts an earlier one, in part or in full.

    Args:
        subject: of the message.
        body: of the message.
        named: the relations to the commits that it names.
    """
    claim = of_subject(subject)
    if claim.relation:
        return claim.relation in REVERTS and not claim.of_revert
    if claim.undoes and named & REVERTS:
        return True
    if others_say("revert", subject[:MAX_SUBJECT].lower()):
        return True
    return "reapply" not in named and _states_revert(body)


def _states_revert(body: str) -> bool:
    """Whether a line of the body starts with "This reverts commit …", before any list of squashed commits."""
    paragraph_start = True
    for line in body.split("\n", MAX_STATEMENTS)[:MAX_STATEMENTS]:
        text = line.strip()
        if _LIST_ITEM.match(text):
            return False
        if (paragraph_start or text[:1].isupper()) and _STATEMENT.match(text):
            return True
        paragraph_start = not text
    return False


def announces(sentence: str) -> bool:
    """Whether a sentence says only that something is reverted, and gives no reason."""
    subject = of_subject(sentence)
    if subject.title and sentence.rstrip(" .").endswith(('"', "”", "'")):
        return True
    words = " ".join(word for word in _TITLE.sub(" ", sentence[:MAX_SENTENCE]).split() if not _POINTS.search(word))
    left = _VERBS.sub(" ", words)
    return left != words and _ANNOUNCING.issuperset(_WORD.findall(left.lower()))
