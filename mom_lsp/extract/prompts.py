"""What a person asked a coding agent for, without what the agent's tool wrote and without words that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.extract.language import character_pairs, words_of_letters
from mom_lsp.extract.message import has_rationale, prose

MAX_PROMPTS = 2  # of a commit that are kept
MAX_READ = 8_000  # characters of a prompt
MAX_CANDIDATES = 50
PROSE = 0.65  # share of the characters of a paragraph that are letters, in prose
LEAST_WORDS = 3  # besides those of `ROUTINE`
SHARED, MAX_SHARED, REASON = 2, 3, 1  # what a word counts that the title has, how many count, and a word of reasoning
ROUTINE = """
yes yeah yep no ok okay sure please perfect great good nice thanks thank you looks lgtm sounds done continue go on
ahead proceed do does did it its this that them these those the an all any both each of and or then so to into in for
from with at by up out off as is are be was were we me my us our let lets want need should would can could will may
might just now again also too more still yet not here there new old next first last latest before after back over fix
fixed fixes fixing change changed changes update updated implement implemented proposed propose suggest suggested
suggestion suggestions apply address review reviews reviewed comment comments feedback issue issues error errors bug
bugs problem problems fail fails failed failing failure failures broken work works working test tests testing lint ci
job jobs check checks step steps build run rerun retry try commit commits committed push pushed pull merge merged
rebase rebased squash checkout switch branch branches main master create open make pr prs request git github gh
message save write finish start plan mode approach option everything something what how why already same way thing
things code file files see look get got set comprehensively exactly properly publish release version bump deploy
summary summarize compact stop wait hold undo revert ve ll don re
"""  # words of prompts that steer a session and tell nothing about the code

_TAG = re.compile(r"<([a-z][\w-]{1,40})(?: [^<>]{0,200})?>")
_ARGUMENTS = re.compile(r"^ARGUMENTS: (.+)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
# How a prompt begins that a tool wrote: of a skill, of a session that goes on, of a role.
_OF_TOOL = re.compile(
    r"\W*(?:base directory for this skill|this session is being continued|caveat: the messages below|you are an? "
    r"|request interrupted|stop hook|unknown skill|your task is to create a detailed summary"
    r"|read the output file to retrieve|the file \S+ has been updated|running \d+ tests|<)",
    re.IGNORECASE,
)
_PLAN = re.compile(r"implement the following plan:\s*", re.IGNORECASE)
_ROUTINE = frozenset(ROUTINE.split())
_NO_TEXT = re.compile(  # a heading, and a line of code with its number
    r"^#{1,6}[ \t].*$|^\*\*[^*\n]{1,60}\*\*:?[ \t]*$|^[ \t]*\d+(?:\u2192|[ \t]*\|).*$", re.MULTILINE
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_OUTPUT = ("{", "[{", "error:", "error[", "warning:", "warning[", "Traceback(")  # without white space
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"[\w.+-]++(?P<host>@[\w-]+(?:\.[\w-]+)+)?")  # a word without a host stays
_HOME = re.compile(r"(?:/Users|/home|[A-Z]:\\Users)[/\\][^/\\\s:\"'`]+")


def telling(prompts: Iterable[str], title: str) -> list[str]:
    """Return the prompts that say the most about a change, in their order.

    A session has prompts about other things, too: one that gives no reason has to share a word with the title, and of
    those that say as much the later ones are closer to the commit.

    Args:
        prompts: as they were recorded.
        title: of the change.
    """
    asked_for = dict.fromkeys(text for prompt in islice(prompts, MAX_CANDIDATES) if (text := asked(prompt)))
    named = set() if says_nothing(title) else _words(title) - _ROUTINE

    def worth(text: str) -> int:
        return SHARED * min(MAX_SHARED, len(_words(text) & named)) + REASON * has_rationale(prose(text))

    found = [text for text in asked_for if worth(text) or not named or not _words(text)]
    best = sorted(range(len(found)), key=lambda at: (-worth(found[at]), -at))[:MAX_PROMPTS]
    return [found[at] for at in sorted(best)]


def asked(prompt: str) -> str:
    """Return what a person asked for, "" if it is nothing that tells something about the code."""
    text = _arguments(prompt[:MAX_READ].replace("\r\n", "\n"))
    text = _FENCE.sub("", _untagged(text)).strip()
    text = _PLAN.sub("", text, count=1) if _PLAN.match(text) else text
    if _OF_TOOL.match(text):
        return ""
    text = "\n\n".join(part for part in _PARAGRAPHS.split(_NO_TEXT.sub("", text)) if is_prose(part))
    if words_of_letters(" ".join(word for word in _WORD.findall(text) if word.lower() not in _ROUTINE)) < LEAST_WORDS:
        return ""
    return _HOME.sub("~", _ADDRESS.sub(lambda found: "[address]" if found["host"] else found[0], text)).strip()


def _arguments(text: str) -> str:
    """Return what was given to a command, the whole text if there is none."""
    inside, closed, _ = text.partition("<command-args>")[2].partition("</command-args>")
    if closed:
        return inside
    given = _ARGUMENTS.search(text)
    return given[1] if given else text


def is_prose(text: str) -> bool:
    """Whether a paragraph is written in words, rather than code, output or numbers."""
    bare = "".join(text.split())
    return not bare.startswith(_OUTPUT) and len(_LETTER.findall(bare)) >= PROSE * len(bare) > 0


def _untagged(text: str) -> str:
    """Return text without what stands in tags, by which tools add to a prompt; a tag that is not closed stays."""
    kept, at, unclosed = [], 0, set[str]()
    for opened in _TAG.finditer(text):
        tag = opened[1]
        if opened.start() < at or tag in unclosed:
            continue
        closed = text.find(f"</{tag}>", opened.end())
        if closed < 0:
            unclosed.add(tag)
            continue
        kept.append(text[at : opened.start()])
        at = closed + len(tag) + 3
    return "".join([*kept, text[at:]])


def _words(text: str) -> set[str]:
    words = (word for word in _WORD.findall(text) if len(word) > 3)
    return {word.lower().removesuffix("s") for word in words} | character_pairs(text)
