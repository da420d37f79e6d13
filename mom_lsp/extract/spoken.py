"""What a comment or a description says: its Markdown without quotes of others, suggested code, images and templates.

Courtesies ("done", "good catch", "LGTM") say nothing about code. They are recognised as a whole: a sentence with one
more word is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from mom_lsp.extract.body import cleaned
from mom_lsp.extract.language import words_of_letters
from mom_lsp.extract.message import has_rationale, prose
from mom_lsp.limits import MAX_TALK

# What is not closed is matched to the end and kept, so that nothing is scanned twice.
SUGGESTION = re.compile(
    r"^[ \t]*+(`{3,}+|~{3,}+)suggestion[^\n]*+\n(?P<lines>.*?)(?:(?P<closed>^[ \t]*\1[ \t]*$)|\Z)",
    re.MULTILINE | re.DOTALL,
)
MAX_COURTESY = 160  # characters
LEAST_WORDS = 6  # of a thread that gives no reason
LEAST_SHARING, SHARE = 3, 0.05  # descriptions, and the share of all, with the same line: it is of a template

_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FOLDED = re.compile(r"<details\b[^>]*+(?:>(?:.*?(?P<closed></details>)|.*+))?", re.DOTALL | re.IGNORECASE)
_IMAGE = re.compile(
    r"!\[[^\]\n]*+(?:\](?P<closed>\([^()\n]*+\))?)?|<(?:img|video|picture|source)\b[^>]*+(?P<tag>>)?", re.IGNORECASE
)
_LINK = re.compile(r"\[(?P<text>[^\]\n]++)(?:\](?P<closed>\((?:https?://|/|#)[^()\s]*+\))?)?")
_TAG = re.compile(r"</?(?:a|b|br|code|div|em|h\d|hr|i|kbd|li|ol|p|pre|span|strong|sub|summary|sup|ul)\b[^<>\n]*>", re.I)
_QUOTED = re.compile(r"^[ \t]{0,3}>.*(?:\n|\Z)", re.MULTILINE)
_AT_COMMIT = re.compile(  # "In 1a2b3c4 "title":", which names what was reviewed
    r"^[ \t]*+(?:(?:in|re:?|at)[ \t]*+)?(?:commit )?(?:https?://(?:(?!/commits?/)\S)++/commits?/[^\s\"“(]++|[0-9a-f]{7,40})"
    r"(?: ?[\"“(][^\n]{0,120})?:?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_ABOUT_COMMIT = re.compile(r"\A\W*(?:commit )?[0-9a-f]{7,40}:\s+", re.IGNORECASE)  # "1a2b3c4: this is wrong"
_TABLE = re.compile(r"^[ \t]*\|.*(?:\n|\Z)|^[^\n|]*\|[^\n|]+\|[^\n]*(?:\n|\Z)", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*+(`{3,}+|~{3,}+)[^\n]*+\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_GENERATED = re.compile(
    r"^[^\w\n]*(?:generated (?:with|by|using)\b|summary by (?:coderabbit|sourcery|copilot|cursor)"
    r"|co-?authored by copilot|this (?:pull request|pr|issue|comment) (?:was|is|has been)"
    r" (?:automatically|auto-?)?\s?generated\b).*\Z",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_ACKS = re.compile(
    r"^[ \t*_]*(?:(?:un-?tested |tested |code[- ]review |concept |approach |re-?|cr-?|t|ut|st)*(?:ack|nack)s?\b.*"
    r"|top commit has no acks.*|tree-sha512:.*|acks for top commit:.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")
_DIGITS = 0.15  # share of digits in a block of code that is a measurement
_WORD = re.compile(r"[^\W\d_]{2,}")
_COURTESY = re.compile(  # possessive: nothing is tried twice
    r"(?:https?://\S+|@[\w-]+|\b[0-9a-f]{7,40}\b|\W|_|\d|\b(?:done|fix(?:e[sd])?|thanks?|thx|ty|you|good|nice|great|neat|cool"
    r"|catch|point|idea|call|spot|find|suggestions?|lgtm|ack|nack|utack|concept|approach|agreed?|yes|yep|yup|yeah|no|nope"
    r"|ok(?:ay)?|sure|right|true|correct|ah|oh|ha|hm+|indeed|absolutely|definitely|same|here|there|ditto|too|also|as|well|will"
    r"|do|did|updated?|address(?:ed)?|resolved?|removed?|changed?|added|applied|pushed|rebased|squashed|taken|renamed|reverted"
    r"|dropped|adopted|implemented|in|see|this|that|it|its|is|was|now|and|all|both|i|i'?ve|i'?ll|we|have|has|been|be|a|an|the"
    r"|of|for|to|with|on|at|by|your|my|bad|oops|sorry|makes?|sense|sounds|looks|commits?|comments?|above|below|again|already"
    r"|just|should|ed|nits?|picks?|typos?|style|like|me|so|very|much|latest|push|version|pr|branch|force|new|missed|let"
    r"|duh|whoops|please|pls|up|still|one|more|another|what|mean[st]?|never ?mind|nvm)\b)*+",
    re.IGNORECASE,
)
_NIT = re.compile(
    r"\W*+(?:(?:[\w-]+ )?(?:nits?|nit-?picks?)\b|(?:minor|tiny) (?:style|thing|nit)|style\b"
    r"|(?:trailing |extra )?(?:white ?space|newline|spaces?|semicolon|comma)\b|typos?\b|spelling\b|grammar\b|wording\b"
    r"|indent(?:ation)?\b|s/\w)",
    re.IGNORECASE,
)


def spoken(text: str) -> str:
    """Return what the author of a comment wrote, as Markdown."""
    text = _HTML_COMMENT.sub("", text[:MAX_TALK].replace("\r\n", "\n").replace("\r", "\n"))
    text = _IMAGE.sub(_unless_closed, SUGGESTION.sub(_unless_closed, text))
    for pattern in (_QUOTED, _AT_COMMIT, _ACKS):
        text = pattern.sub("", text)
    text = _LINK.sub(lambda found: found["text"] if found["closed"] else found[0], text)
    text = _ABOUT_COMMIT.sub("", _TAG.sub("", text))
    return _BLANKS.sub("\n\n", text).strip()


def is_courtesy(text: str) -> bool:
    """Whether a spoken text says nothing about the code: "done", "good catch, thanks", "" ."""
    return len(text) <= MAX_COURTESY and bool(_COURTESY.fullmatch(text))


def empty_talk(texts: Iterable[str]) -> str:
    """Return why some spoken texts of a thread tell a reader nothing, "" if they do.

    That is "nit" for remarks on layout and wording, "question" for what was asked and not answered, and "says nothing".
    """
    said = [text for text in texts if not is_courtesy(text)]
    if any(has_rationale(prose(text)) for text in said):
        return "nit" if _NIT.match(said[0]) and len(said) == 1 and words_of_letters(said[0]) < 2 * LEAST_WORDS else ""
    if not said or sum(words_of_letters(prose(text)) for text in said) < LEAST_WORDS:
        return "says nothing"
    if _NIT.match(said[0]):
        return "nit"
    return "question" if all(text.rstrip(" .)`\n").endswith("?") for text in said) else ""


def description(title: str, text: str, template: Collection[str] = ()) -> str:
    """Return what the description of a pull request says about it.

    That is without what is of a template, measurements, folded parts, generated summaries and what `cleaned` drops.

    Args:
        title: of the pull request.
        text: its description.
        template: normalized lines that are no word of the author's, as `shared_lines` returns them.
    """
    text = _FOLDED.sub(_unless_closed, _HTML_COMMENT.sub("", text[:MAX_TALK].replace("\r\n", "\n")))
    text = _GENERATED.sub("", _TABLE.sub("", _FENCE.sub(_unless_measured, text)))
    lines = [line for line in spoken(text).split("\n") if not line.strip() or normalized_line(line) not in template]
    return _BLANKS.sub("\n\n", cleaned(title, "\n".join(lines))).strip()


def shared_lines(texts: Iterable[str]) -> frozenset[str]:
    """Return the normalized lines that many descriptions share: those of their template."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        total += 1
        counts.update({normalized_line(line) for line in _HTML_COMMENT.sub("", text[:MAX_TALK]).splitlines()})
    least = max(LEAST_SHARING, SHARE * total)
    return frozenset(line for line, count in counts.items() if line and count >= least)


def normalized_line(line: str) -> str:
    """Return the words of a line in lower case, without numbers and what a check box is filled with."""
    return " ".join(_WORD.findall(re.sub(r"^[ \t]*[-*+] \[[ xX]?\]", "", line).lower()))


def _unless_closed(found: re.Match[str]) -> str:
    """Return markup that is not closed; the rest goes."""
    return "" if any(found.groupdict().get(end) for end in ("closed", "tag")) else found[0]


def _unless_measured(block: re.Match[str]) -> str:
    """Return a block of code unless it is a table of numbers."""
    inner = block[2]
    return "" if sum(map(str.isdigit, inner)) > _DIGITS * max(1, len(inner)) else block[0]
