"""The earlier commits that a message refers to, and how.

References are stored as text and resolved to commits when they are read. The forms are a hash, "#123" and
"!123" (a pull or merge request), "owner/repo#123", "r123" (Subversion), a Change-Id, and a title in quotation marks.
A number resolves to the commit that owns it (`own_numbers`), or else it is just an issue.

The relation is that of the strongest word in the clause around the name. `reapply` names either the
original ("Relands 1a2b3c4") or the revert that is undone (`Reapply "x"` + "This reverts commit 1a2b3c4").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from mom_lsp.extract.message import SQUASHED, title_of, unsquashed
from mom_lsp.extract.reverts import REVERTS, VERDICTS, Subject, of_clause, of_object, of_subject
from mom_lsp.memory import Reference, Relation
from mom_lsp.textcache import text_cache


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_NAME = re.compile(
    r"(?<![\w.@=+#&{$%~-])(?:rG)?(?P<sha>[0-9a-f]{7,64})(?![\w@-]|\.[\w])"  # a hash by itself
    r"|(?<![\w/&#{;-])(?:#|GH-|gh-)(?P<number>[1-9]\d{0,6})\b(?![-.]\d)"  # "#123", "GH-123"
    r"|github\.com/(?P<linked>[\w.-]+/[\w.-]+)/(?:pull|issues)/(?P<link>[1-9]\d{0,6})\b"
    r"|(?<![\w./-])(?P<project>[\w.-]+(?:/[\w.-]+)+)(?P<far>[#!][1-9]\d{0,6})\b"  # "owner/repo#123"
    r"|(?<![\w/!])(?P<only>![1-9]\d{0,6}\b|r[1-9]\d{0,7}\b(?!\.\d)|I[0-9a-f]{40}\b)"  # only if it is reverted
)
_KINDS = bytes(
    48 if chr(c) in "0123456789" else 97 if chr(c) in "abcdef" else 10 if c == 10 else 32 for c in range(256)
)
_LETTERS, _DIGITS = b"a" * 7, b"0" * 7  # a hash may have no digit
_COMMIT_URL = re.compile(r"(?:/commits?/|/\+/|[?;&](?:id|h)=)$")
# Lines about the same change elsewhere, quoted messages and transcripts: no references.
_SKIP_LINE = _words(
    r"cherry[- ]?pick",
    r"upstream commit\b",
    r"\bcommit [0-9a-f]{7,64} upstream",
    r"^[ \t]*(?:>|\$ |index [0-9a-f]+\.\.)",
    r"^[ \t=\d|]*#\d{1,3} (?: *0x[0-9a-f]| [\w:~<>]{1,100} ?\()",  # a frame of a stack
    r"^[ \t]*(?:git-svn-id|change-id|message-id|signed-off-by|co-authored-by|cr-(?:original-)?commit-position):",
)
_CHECKSUM = _words(r"\b(?:md5|sha-?(?:1|256|384|512)(?:sum)?|digest|checksum|colou?rs?|rgb|uuid|guid)\b[^\n\"]{0,20}$")
_CLAUSE_START = re.compile(
    r"\n[ \t]*\n|[.;!?]\s+(?=[A-Z(])|\n[ \t]*[-*] |\n(?=[ \t]*(?:Follow|Fix|Clos|Ref|Bug|See|Revert|Resolve|PR"
    r"|Re-?(?:apply|land)|[A-Z][\w-]+:))"
)
_RELATIONS: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    (
        "followup",
        _words(
            r"follow(?:s|ed|ing)?[- ]?(?:on|up)",
            r"\bfixe?s? ?up|\bamend|addendum|complement|supplement|continu(?:ation|es|ing)|\bcomplet(?:es|ing)",
            r"\bsupersed(?:es|ing)\b",
            r"\bbuilds? on\b|\bextends\b|\bcarr(?:y|ies|ying) on\b|\b(?:another|second|new) (?:take|try|attempt)\b",
        ),
    ),
    (
        "fixes",
        _words(
            r"introduc|regress|\bbr(?:oke|oken|eak)|\bcaus(?:ed|es|ing)\b|\bbugs?\b|\bfix|\bresolv|\bclos(?:es|ed)\b",
            r"mistake|oversight|\bforgot|\bmiss(?:ed|ing)\b|\bwrong|\baccident",
            r"\bfail(?:s|ed|ing|ure)?\b|\bcrash|\bleak",
        ),
    ),
)
_FIXED_ELSEWHERE = _words(  # before a name: it fixed something, and the message only mentions it
    r"\b(?:reversed|fixed|resolved|solved)(?:\s+by\s[^,;.]{1,40}?)?\s+(?:in|by|with)\W+(?:(?:the )?commit\W+)?$"
)
_SUPERSEDES = re.compile(r"^Supersedes:[ \t]+(?P<what>\S.*)$", re.MULTILINE)
_QUOTATION = " \t\r\"“”'`."
_LISTED = re.compile(r"(?:^|\n)[ \t]*(?:[-*] )?$")  # before a name that is listed with its title
_TITLE = re.compile(r" +(?:#\d+ +)?\w+: ")
# What follows was done on a squashed branch.
_SQUASHED = re.compile(rf"^(?:\* (?:\[[^\]\n]*\] ?)?(?:Revert|Reapply|Reland)\b|{SQUASHED}$)", re.MULTILINE)
_DISCUSSION = re.compile(r"(?:/files)?#(?:issuecomment|discussion|pullrequestreview|r\d)")
_STRENGTH: dict[Relation, int] = {
    "mention": 0,
    "fixes": 1,
    "followup": 2,
    "partial_revert": 3,
    "revert": 4,
    "reapply": 5,
}
MAX_NAMES = 500  # read per message; one with more is a list
_BEFORE, _AFTER = 100, 40  # characters around a name that may belong to its clause
_LINE = 200  # characters of a line that are read on either side

_TRAILING = re.compile(r"\((?:#|GH-|gh-)(\d{1,7})\)\s*$")
_MERGED = re.compile(
    r"(?:Merge (?:pull request |PR |pr )?|(?:Auto|[Rr]ollup) merge of |Merged PR |Merge branch .* \("
    r"|Merged in \S+ \(pull request )#?(\d{1,7})\b"
)
_OWN = r"(?:#|GH-)\d{1,7}"
_OWN_LINE = re.compile(
    r"^[ \t]*(?:PR-URL|Pull-Request|PR|Closes:?|Cloes|Closed:?|Closing)[: \t]++"
    rf"((?:{_OWN}|https?://github\.com/[\w.-]+/[\w.-]+/(?:pull|issues)/\d{{1,7}})"
    rf"(?:(?:, ?| and | |, and )(?:closes )?{_OWN})*)",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:#|GH-|/)(\d{1,7})\b", re.IGNORECASE)
_REQUEST = re.compile(r"^See merge request (?:[\w./-]+)?(![1-9]\d{0,6})\s*$", re.MULTILINE)
_CHANGE_ID = re.compile(r"^Change-Id: (I[0-9a-f]{40})\s*$", re.MULTILINE)
_SVN_ID = re.compile(r"^git-svn-id: \S+@([1-9]\d{0,7}) ", re.MULTILINE)
_PULL_LINE = re.compile(r"^[ \t]*(?:PR-URL|Pull-Request):[ \t]+", re.MULTILINE | re.IGNORECASE)


@text_cache(2)  # asked for twice about each message
def own_numbers(message: str) -> tuple[int, ...]:
    """Return the pull request (or issue) numbers of this commit itself, in message order.

    A number at the end of the subject is the commit's. Without one, "Closes #123" lines count:
    in projects that merge by hand only they tie a commit to its pull request.
    """
    subject = _first_line(message)
    found: list[int] = []
    if trailing := _TRAILING.search(subject):
        found.append(int(trailing[1]))
    elif merged := _MERGED.match(subject):
        found.append(int(merged[1]))
    in_subject = bool(found)
    for line in _OWN_LINE.finditer(message):
        if not in_subject or _PULL_LINE.match(line[0]):
            found += [int(number) for number in _NUMBER.findall(line[1])]
    return tuple(dict.fromkeys(number for number in found if number))


def aliases(message: str) -> tuple[str, ...]:
    """Return other names of this commit: a merge request, a Change-Id or a Subversion revision."""
    found = [*_REQUEST.findall(message), *_CHANGE_ID.findall(message)]
    return tuple(dict.fromkeys([*found, *(f"r{number}" for number in _SVN_ID.findall(message))]))


def references(message: str, *, subject: str = "", home: Collection[str] = ()) -> tuple[Reference, ...]:
    """Return the earlier commits that a message names, each once with its strongest relation, in message order.

    A quoted title comes last: it is looked up only if the reverted commit has no other known name.

    Args:
        message: as committed.
        subject: the title of the memory, if that is not the first line.
        home: "owner/name" of the repository on its forges. Links to issues of other projects are skipped, except of
            forks, which have the same name. Without it all links count, except those to what is reverted.
    """
    message = unsquashed(message)
    first = _first_line(message)
    claim, own = of_subject(subject or first), set(own_numbers(message))
    squashed = None if claim.relation else _SQUASHED.search(message)
    found: dict[str, Relation] = {}
    for match in islice(_names(message), MAX_NAMES):
        if (match["sha"] and not _is_sha(message, match)) or _SKIP_LINE.search(_line_of(message, match)):
            continue
        relation = _relation(message, match, claim, first)
        if squashed and match.start() > squashed.start() and relation in VERDICTS:
            relation = "mention"
        target = _target(match, relation, own, home)
        if target and (target not in found or _STRENGTH[relation] > _STRENGTH[found[target]]):
            found[target] = relation
    if claim.relation and claim.title:
        found |= {f'"{title}"': claim.relation for title in claim.titles}
    for line in _SUPERSEDES.finditer(message):
        if not _NAME.search(line["what"]):
            found.setdefault(f'"{title_of(line["what"].strip(_QUOTATION))}"', "followup")
    return tuple(Reference(relation, target) for target, relation in found.items())


def _names(message: str) -> Iterator[re.Match[str]]:
    """Yield the names in a message; searched are only lines with a digit, or with letters that may be a hash."""
    kinds = message.encode("ascii", "replace").translate(_KINDS).replace(_LETTERS, _DIGITS)
    at = kinds.find(b"0")
    while at >= 0:
        end = kinds.find(b"\n", at)
        end = len(kinds) if end < 0 else end
        yield from _NAME.finditer(message, kinds.rfind(b"\n", 0, at) + 1, end)
        at = kinds.find(b"0", end)


def _first_line(message: str) -> str:
    """Return the subject, with the rest that GitHub moves into the body where it truncates one."""
    first, _, rest = message.lstrip().partition("\n")
    more = rest.lstrip()
    return (
        first.rstrip()[:-1] + more[1:].partition("\n")[0] if first.rstrip().endswith("…") and more[:1] == "…" else first
    )


def _target(match: re.Match[str], relation: Relation, own: set[int], home: Collection[str]) -> str:
    """Return the target of a reference, "" if it is not in this repository."""
    if match["sha"]:
        return match["sha"]
    if match["only"]:
        return match["only"] if relation in VERDICTS else ""
    project, number = match["linked"] or match["project"], match["number"] or match["link"]
    name = f"#{number}" if number else match["far"]
    ours = project and _repository(project) in {_repository(one) for one in home}
    if match["project"] and not ours:
        # The project is part of the name: the history may show that it is this one.
        return f"{project.lower()}{name}" if relation in VERDICTS else ""
    if match["linked"] and not home and relation in VERDICTS:
        return f"{project.lower()}{name}"
    if (match["linked"] and home and not ours) or (name[0] == "#" and int(name[1:]) in own):
        return ""
    return name


def _repository(project: str) -> str:
    return project.rpartition("/")[2].lower()


def _line_of(message: str, match: re.Match[str]) -> str:
    before = message[max(0, match.start() - _LINE) : match.start()].rpartition("\n")[2]
    return before + message[match.start() : match.end() + _LINE].partition("\n")[0]


def _is_sha(message: str, match: re.Match[str]) -> bool:
    """Whether a hexadecimal word is a commit, and not a number, colour, checksum or English word."""
    sha, start = match["sha"], match.start()
    before = message[max(0, start - 90) : start]
    if before.endswith("/"):
        return bool(_COMMIT_URL.search(before))
    if _CHECKSUM.search(before):
        return False
    if sha.isdigit() or sha.isalpha():
        return bool(re.search(r"\b(?:[Cc]ommit|[Rr]everts)\s+[\"'`(]?$", before))
    # Requiring a word such as "commit" or "since" before a short hash was measured: it loses one true reference
    # in two hundred and avoids hardly any false one, which would resolve to no commit anyway.
    return len(sha) <= 40 or len(sha) == 64


def _relation(message: str, match: re.Match[str], claim: Subject, first: str) -> Relation:
    """Return the relation by the strongest word in the clause around a name."""
    start = match.start()
    before = message[max(0, start - _BEFORE) : start]
    listed = _LISTED.search(before)
    before = _CLAUSE_START.split(before)[-1]
    after = message[match.end() : match.end() + _AFTER].partition("\n")[0]
    discussed = _DISCUSSION.match(after)
    entry = _TITLE.match(after) and listed
    after = "" if entry or after.lstrip().startswith(("(", '"')) else re.split(r"[.;]\s", after)[0]
    if _FIXED_ELSEWHERE.search(before):
        return "mention"
    if start < len(first) and claim.relation:
        stated = _of_subject(claim, claim.relation, first, start)
    else:
        stated = _of_body(claim, before)
    relation = stated or _worded(before, after)
    return "mention" if discussed and relation in VERDICTS else relation


def _of_subject(claim: Subject, relation: Relation, first: str, start: int) -> Relation | None:
    """Return the relation that the subject states to a name in it, unless the name is only an aside."""
    end = max(first.rfind('"'), first.rfind("”")) + 1  # of a title
    if claim.title and (start < end or not end):
        return "reapply" if claim.of_revert else relation
    return of_object(relation, first[max(end, start - _BEFORE) : start])


def _of_body(claim: Subject, before: str) -> Relation | None:
    """Return the relation that a clause states; where the subject reapplies, "This reverts" names the revert."""
    stated = of_clause(before)
    if stated in REVERTS and claim.relation == "reapply":
        return "reapply"
    return "partial_revert" if stated == "revert" and claim.relation == "partial_revert" else stated


def _worded(before: str, after: str) -> Relation:
    """Return the relation that the words around a name indicate."""
    for relation, words in _RELATIONS:
        if words.search(f"{before} {after}"):
            return relation
    return "mention"
