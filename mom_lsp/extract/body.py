"""What the body of a commit message says, without what says nothing: references alone, the title again, routine steps.

A body is read block by block (a paragraph line, a list item with its continuation, a fence), each matched once from its
start, and nothing is tried twice: the time is linear in the length of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mom_lsp.extract.language import says_nothing_else, spoken
from mom_lsp.extract.markup import without_comments

MAX_ROUTINE = 90  # characters of a routine step; a longer one says something
MAX_PREFIX = 3  # words of a title that its repetition may lack: "fix(router): "
MAX_TITLE = 300  # characters of a text that may be the title again
MIN_TITLE = 2  # words of a title that is recognised with or without its prefix

TEXT = 8  # below headings of levels 1 to 6, and bold ones

_ITEM = re.compile(r"[ \t]*(?:(?:[-*•+]|\d{1,2}[.)])[ \t]+|\d{1,2}(?:、|[.)\uff0e](?=[\u3040-\u9fff])))")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)|\*\*[^*\n]{1,60}\*\*:?[ \t]*$")
_OPENING = re.compile(
    r"#{1,6}[ \t]+(?:summary|description|overview|pull request|what(?: does this pr do\??)?)[ \t:]*$", re.I
)
_SEPARATOR = re.compile(r"[ \t]*(?:[-_*=~]{3,}|\.{3})[ \t]*$")
_TAG = re.compile(r"[ \t]*<(?!https?:)/?[a-z][^<>]*+>[ \t]*$")
_CHECKBOX = re.compile(r"[ \t]*[-*+][ \t]+\[[ xX]?\]")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\((?:close[sd]?|fix(?:e[sd])?)? ?(?:#|GH-|gh-)\d+\)")

_BETWEEN = re.compile(r"[\s,;()\[\]<>\"]+")
_REFERENCE = re.compile(
    r"(?:\w+:)?(?:[\w.-]++/[\w.-]++)?[#!]\d++|(?:gh|bpo|lp|rfe|bug|issue)[-#]\d++|[0-9a-f]{7,40}|#issuecomment-\d++"
    r"|https?://[^\s/]++/\S*?(?:issues?|pulls?|merge_requests|commit|discussions?|bugs?|browse|tickets?|show_bug)[/.?=]\S++",
    re.IGNORECASE,
)
VERBS = """
fix fixes fixed fixing refix re-fix close closes closed closing resolve resolves resolved ref refs reference references
see cf part relate related relates relevant address addresses addressed toward towards follow follows followup follow-up
up continue continues depends revert reverts reverted reapply reapplies
"""  # that say what a commit has to do with an issue or another commit
FILLERS = """
also and or of to on for in by with from the this that it is partially partly hopefully commit commits issue issues bug
bugs ticket tickets pr prs pull request merge
"""  # words of a bare reference besides
_VERBS = frozenset(VERBS.split())
_FILLERS = _VERBS | frozenset(FILLERS.split())
_NUMBERED = frozenset({"bug", "bugs", "issue", "issues", "pr", "ticket", "request"})
_SENTENCE_END = ".!?:;)\u3002"
_OPEN_END = re.compile(
    r"(?:,|\b(?:and|or|for|to|of|in|by|with|as|at|on|the|a|that|which|because|since|is|was|but))[ \t]*$"
)

_THINGS = (
    r"(?:lint(?:s|er|ing)?|typos?|nits?|spelling|grammar|tests?|unit tests?|test ?cases?|ci|builds?|flake8|mypy|pylint"
    r"|ruff|black|isort|eslint|clippy|rustfmt|fmt|prettier|format(?:ting)?|styles?|snapshots?|warnings?|errors?|types?"
    r"|typing|docs?|documentation|comments?|docstrings?|imports?|whitespaces?|indent(?:ation)?|change-?log|changes?(?:\.md)?"
    r"|news|release notes?|readme|code|review|pr|feedback|suggestions?|conflicts?|merge conflicts?|version|deps"
    r"|dependencies|names?|naming|message|title|fixtures?|changelog_unreleased|it)"
)
_ROUTINE = re.compile(
    r"(?:squashed commit of the following:"
    r"|\[pre-commit\.ci\].*|for more information, see https?://pre-commit\.ci.*|autofix: .*|pre-commit.{0,20}"
    r"|merge (?:remote-tracking )?(?:branch|branches|main|master|upstream|origin|pull request|remote|with|from|in)\b.*"
    r"|apply (?:the |some |\w+ )?(?:suggest\w+|review|changes|feedback)\b.*|(?:code )?review(?: \w+){0,2}"
    r"|address(?:ed|es|ing)?\b.*\b(?:review|comments?|feedback|suggestions?|nits?|concerns?|pr|requests?)\b.*"
    r"|address .{0,12}"
    r"|(?:(?:and|also|try to|attempt to|actually|properly|more|another|some|minor|small|re-?)[ -])*"
    r"(?:add(?:ed|s|ing)?|updated?|updating|fix(?:e[sd]|ing)?|fixup|edit|move|improve|correct|tweak|change|remove|run|rerun"
    r"|resolve|restore|clean(?: ?up)?|simplify|rename|refactor|regenerate|rebase|format|bump|sort|more|rewrite)"
    rf"(?: (?:(?:the|an?|some|more|missing|failing|new|my|all|up|of|for|to|in|on|and|unit|broken|additional)|{_THINGS}"
    r"|(?:entry|entries|files?|numbers?|links?|section|job|run|issues?|failures?|problems?|stuff|things|again))\b)*+"
    r"(?: \(?#\d+\)?)?"
    r"|(?:add|update|fix|also add)\w*\b.{0,12} change-?log\b.*"
    r"|(?:updated?|create|delete|rename|edit|fix) `?[\w./-]+\.[\w.]{1,8}`?(?: \.\.\.)?"
    r"|(?:wip|oops|nits?|typos?|lint(?:ing)?|fmt|format(?:ted|ting)?|rustfmt|prettier|eslint|black|tweaks?|clean-?up|polish"
    r"|minor|misc|feedback|comments?|simplify|tests?|docs?|change-?log|rebase|squash|fixup|fix|update|done|test|style|ci"
    r"|reword(?:ing)?|spell-?check|regenerate(?: \w+)?|apply automated changes|commit history before merge:?|more"
    r"|release notes?|news|dummy commit|empty commit|trigger ci|add|remove unused)"
    r"(?: (?:fix(?:es)?|changes?|pass))?)[.! ]*",
    re.IGNORECASE,
)


def cleaned(subject: str, body: str) -> str:
    """Return a body without blocks that say nothing.

    Those are references alone ("close #12, fix #13"), the subject again, routine steps of a squashed branch ("* Add
    changelog entry", "* Merge branch 'main'"), separators, HTML comments, check boxes, and headings of a template with
    nothing below them.

    Args:
        subject: of the same message.
        body: without trailers and credits.
    """
    kept: list[list[str]] = []
    title = _words(subject[:MAX_TITLE])
    introduced = False  # whether a list follows that something was said about
    for block in _blocks(without_comments(body)):
        if block and not _is_code(block):
            block = _spoken(block)
            text = " ".join(" ".join(block).split())
            mark = _ITEM.match(text)
            said = text[mark.end() :] if mark else text
            listed = bool(mark) and introduced
            if not text or is_routine(said) or _repeats(said, title) or (not listed and only_references(said)):
                continue
            introduced = text.endswith(":") or listed
        kept.append(block or [""])
    return "\n".join(line for block in _without_empty_sections(kept) for line in block).strip("\n")


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield paragraphs, list items, headings and fences as lines; [] for a blank line."""
    block: list[str] = []
    fence = ""
    for line in text.split("\n"):
        bare = line.strip()
        if fence:
            block.append(line)
            fence = "" if bare == fence else fence
            continue
        opens = bare[:3] if bare.startswith(("```", "~~~")) else ""
        if not bare or opens or _ITEM.match(line) or _HEADING.match(line):
            if block:
                yield block
            block, fence = [], opens
            if not bare:
                yield []
                continue
        elif block and (_is_code(block) or _HEADING.match(block[0])):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_code(block: Sequence[str]) -> bool:
    first = block[0]
    return first.lstrip().startswith(("```", "~~~")) or (first.startswith(("    ", "\t")) and not _ITEM.match(first))


def _spoken(block: Sequence[str]) -> list[str]:
    """Return the lines of a block that are more than a separator, a tag, a check box or a reference."""
    kept: list[str] = []
    for line in block:
        if _SEPARATOR.match(line) or _TAG.match(line) or _CHECKBOX.match(line):
            continue
        begins = not kept or kept[-1].rstrip()[-1:] in _SENTENCE_END or line.lstrip()[:1].isupper()
        if begins and _first_word(line) in _VERBS and only_references(line) and not _OPEN_END.search(line):
            continue
        kept.append(line)
    return kept


def only_references(text: str) -> bool:
    """Whether a text only names issues, pull requests or commits."""
    named, before = False, ""
    for token in _BETWEEN.split(text):
        word = token.strip(".:!?*_`'-+").lower()
        if _REFERENCE.fullmatch(word) or (word.isdecimal() and before in _NUMBERED):
            named = True
        elif word and word not in _FILLERS:
            return False
        before = word
    return named


def _first_word(line: str) -> str:
    words = line.split(None, 2)[:2]
    return next((word for one in words if (word := one.strip("-*([:").lower())), "")


def is_routine(text: str) -> bool:
    """Whether a text names a step of any branch: tests, lint, review, a merge."""
    if len(text) > MAX_ROUTINE:
        return False
    lowered = text.lower()
    return bool(_ROUTINE.fullmatch(text)) or (says_nothing_else(lowered) and bool(spoken(lowered)))


def _repeats(text: str, title: Sequence[str]) -> bool:
    """Whether a text has the words of the title, perhaps without those of its prefix."""
    if len(text) > MAX_TITLE:
        return False
    said = _words(text)
    lacks = len(title) - len(said)
    return bool(said) and 0 <= lacks <= MAX_PREFIX * (len(said) >= MIN_TITLE) and title[lacks:] == said


def _words(text: str) -> list[str]:
    """Return the words of a text without numbers of issues."""
    return _WORD.findall(_NUMBER.sub("", text).lower())


def _without_empty_sections(blocks: Sequence[list[str]]) -> list[list[str]]:
    """Return blocks without headings that have nothing below, and without the heading that opens a template."""
    kept: list[list[str]] = []
    below = 0  # the level of what comes next: 0 for nothing, else that of a heading, or TEXT
    for block in reversed(blocks):
        heading = _HEADING.match(block[0])
        level = len(block[0]) - len(block[0].lstrip("#")) or TEXT - 1 if heading else TEXT * bool(block[0].strip())
        if not heading or below > level:
            kept.append(block)
            below = level or below
    while kept and (not kept[-1][0].strip() or _OPENING.match(kept[-1][0])):
        kept.pop()
    return kept[::-1]
