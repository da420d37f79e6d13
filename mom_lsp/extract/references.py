"""Which earlier commits a message names, and what it says about them.

A reference stays text ("1a2b3c4" or "#123"): whether a commit answers to it is decided when it is read.
A "#123" is answered by the commit that owns the number (`own_numbers`); if none does it is just an issue.

The relation is that of the strongest word of the clause around the name. `reapply` names either the
original ("Relands 1a2b3c4") or the revert that is undone (`Reapply "x"` + "This reverts commit 1a2b3c4").
"""

from __future__ import annotations

import re

from mom_lsp.memory import Reference, Relation


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_NAME = re.compile(
    r"(?<![\w.@=+#&{$%~-])(?:rG)?(?P<sha>[0-9a-f]{7,64})(?![\w@-]|\.[\w])"  # a hash by itself
    r"|(?<![\w/&#{;-])(?:#|GH-|gh-)(?P<number>[1-9]\d{0,6})\b(?![-.]\d)"  # "#123", "GH-123"
    r"|github\.com/(?P<home>[\w.-]+/[\w.-]+)/(?:pull|issues)/(?P<linked>[1-9]\d{0,6})\b"
)
_COMMIT_URL = re.compile(r"(?:/commits?/|/\+/|[?;&](?:id|h)=)$")
# Lines that hold the same change elsewhere, a quoted message, or a transcript: no reference.
_SKIP_LINE = _words(
    r"cherry[- ]?pick",
    r"upstream commit\b",
    r"\bcommit [0-9a-f]{7,64} upstream",
    r"^[ \t]*(?:>|\$ |index [0-9a-f]+\.\.)",
    r"^[ \t]*(?:git-svn-id|change-id|message-id|signed-off-by|co-authored-by|cr-(?:original-)?commit-position):",
)
_CHECKSUM = _words(r"\b(?:md5|sha-?(?:1|256|384|512)(?:sum)?|digest|checksum|colou?rs?|rgb|uuid|guid)\b[^\n\"]{0,20}$")
_CLAUSE_START = re.compile(
    r"\n[ \t]*\n|[.;!?]\s+(?=[A-Z(])|\n[ \t]*[-*] |\n(?=[ \t]*(?:Follow|Fix|Clos|Ref|Bug|See|Revert|Resolve|PR"
    r"|Re-?(?:apply|land)|[A-Z][\w-]+:))"
)
_TAG = r"(?:\[[^\]]*\] ?)*"  # "[lldb] "
_SUBJECT_RELATION: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    (
        "reapply",
        _words(
            _TAG
            + r"(?:re-?appl(?:y|ies)|re-?lands?|un-?revert"
            + r"|revert\W{1,3}(?:revert\W{1,3}revert\W{1,3})*revert)\b(?!\W{1,3}revert)"
        ),
    ),
    (
        "revert",
        _words(_TAG + r"(?:[\w./-]+: )?(?:partial(?:ly)? )?(?:revert|back(?:ed)? ?out)\b", r".*\(revert\)"),
    ),
)
_RELATIONS: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    (
        "reapply",
        _words(
            r"\bre-?appl(?:y|ies|ied)",
            r"\bre-?land(?:s|ed)?\b",
            r"\bun-?revert",
            r"\brevert(?:s|ed|ing)?(?: the| of)* revert",
            r"\b(?:add(?:s|ing)?|br(?:ing(?:s|ing)?|ought)) back\W+(?:commit\W+)?$",
        ),
    ),
    ("revert", _words(r"\brevert", r"\bback(?:s|ed|ing)? ?out\b", r"\bundo(?:es|ne)?\b", r"\bundid\b")),
    (
        "followup",
        _words(
            r"follow(?:s|ed|ing)?[- ]?(?:on|up)",
            r"\bfixe?s? ?up|\bamend|addendum|complement|supplement|continu(?:ation|es|ing)|\bcomplet(?:es|ing)",
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
# Before a name: something was taken back or fixed there, or somebody else took it back. The message only tells of that.
_TOLD = _words(
    r"\b(?:revert(?:ed)?|reversed|undone|backed out|fixed|resolved|solved)(?:\s+by\s[^,;.]{1,40}?)?\s+(?:in|by|with)\W+"
    r"(?:(?:the )?commit\W+)?$",
    r"(?:\bwhich|\bthat|\b[0-9a-f]{7,}|#\d+)(?: \w+){0,2} (?:reverted|undid|backed out)\b[^.]*$",
    r"\brevert.*\bsince\W+(?:commit\W+)?$",
)
_LISTED = re.compile(r"(?:^|\n)[ \t]*(?:[-*] )?$")  # before a name that stands with its title in a list of others
_TITLE = re.compile(r" +(?:#\d+ +)?\w+: ")
_DISCUSSION = re.compile(r"(?:/files)?#(?:issuecomment|discussion|pullrequestreview|r\d)")
_STRENGTH: dict[Relation, int] = {"mention": 0, "fixes": 1, "followup": 2, "revert": 3, "reapply": 4}

_TRAILING = re.compile(r"\((?:#|GH-|gh-)(\d{1,7})\)\s*$")
_MERGED = re.compile(r"(?:Merge (?:pull request |PR |pr )?|Auto merge of |Merged PR |Merge branch .* \()#?(\d{1,7})\b")
_OWN = r"(?:#|GH-)\d{1,7}"
_OWN_LINE = re.compile(
    r"^[ \t]*(?:PR-URL|Pull-Request|PR|Closes:?|Cloes|Closed:?|Closing)[: \t]+[ \t]*"
    rf"((?:{_OWN}|https?://github\.com/[\w.-]+/[\w.-]+/(?:pull|issues)/\d{{1,7}})"
    rf"(?:(?:, ?| and | |, and )(?:closes )?{_OWN})*)",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:#|GH-|/)(\d{1,7})\b", re.IGNORECASE)
_PULL_LINE = re.compile(r"^[ \t]*(?:PR-URL|Pull-Request):[ \t]+", re.MULTILINE | re.IGNORECASE)


def own_numbers(message: str) -> tuple[int, ...]:
    """Return the pull request (or issue) numbers that mean this very commit, in the order of the message.

    A number at the end of the subject is the commit's; only without one are "Closes #123" lines taken,
    which in projects that merge by hand are all that ties a commit to its pull request.
    """
    subject = message.lstrip().partition("\n")[0]
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


def references(message: str, *, home: str = "") -> tuple[Reference, ...]:
    """Return the earlier commits that a message names, each once, in its order, with the strongest relation.

    `home` ("owner/name") leaves out links to the issues of other repositories; without it all links count.
    """
    own = set(own_numbers(message))
    found: dict[str, Relation] = {}
    for match in _NAME.finditer(message):
        if match["sha"]:
            target = match["sha"] if _is_sha(message, match) else ""
        else:
            number = int(match["number"] or match["linked"])
            foreign = match["home"] and home and match["home"].lower() != home.lower()
            target = "" if foreign or number in own else f"#{number}"
        if not target or _SKIP_LINE.search(_line_of(message, match)):
            continue
        relation = _relation(message, match)
        if target not in found or _STRENGTH[relation] > _STRENGTH[found[target]]:
            found[target] = relation
    return tuple(Reference(relation, target) for target, relation in found.items())


def _line_of(message: str, match: re.Match[str]) -> str:
    start = message.rfind("\n", 0, match.start()) + 1
    end = message.find("\n", match.end())
    return message[start : end if end >= 0 else len(message)]


def _is_sha(message: str, match: re.Match[str]) -> bool:
    """Tell a commit's name from other hexadecimal words, which are numbers, colours, checksums and English."""
    sha, start = match["sha"], match.start()
    before = message[max(0, start - 90) : start]
    if before.endswith("/"):
        return bool(_COMMIT_URL.search(before))
    if _CHECKSUM.search(before):
        return False
    if sha.isdigit() or sha.isalpha():
        return bool(re.search(r"\b(?:[Cc]ommit|[Rr]everts)\s+[\"'`(]?$", before))
    # Demanding a word such as "commit" or "since" before a short hash was measured: it loses one true
    # reference in two hundred and spares hardly a false one, and a false one is answered by no commit.
    return len(sha) <= 40 or len(sha) == 64


def _relation(message: str, match: re.Match[str]) -> Relation:
    """Find the strongest word of the clause that a name stands in."""
    start = match.start()
    before = _CLAUSE_START.split(message[max(0, start - 100) : start])[-1]
    after = message[match.end() : match.end() + 40].partition("\n")[0]
    discussed = _DISCUSSION.match(after)
    entry = _TITLE.match(after) and _LISTED.search(message[:start])
    after = "" if entry or after.lstrip().startswith(("(", '"')) else re.split(r"[.;]\s", after)[0]
    if _TOLD.search(before):
        return "mention"
    relation = _worded(message, start, before, after)
    return "mention" if discussed and relation in ("revert", "reapply") else relation


def _worded(message: str, start: int, before: str, after: str) -> Relation:
    """Return the relation that the subject or the words around a name say it has."""
    subject = message.lstrip().partition("\n")[0]
    if start < len(subject) or re.search(r"\brevert", before, re.IGNORECASE):
        for relation, words in _SUBJECT_RELATION:
            if words.match(subject):
                return relation
    for relation, words in _RELATIONS:
        if words.search(before) or (relation != "revert" and words.search(f"{before} {after}")):
            return relation  # what follows a name tells who else took it back
    return "mention"
