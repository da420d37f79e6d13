"""The quote: the sentences of a memory to show at a place, and how strongly they speak of it.

A message speaks of several things, and its first sentence is rarely about the line asked about. The sentence that
shares the rarest names with the line is, and of these one that gives a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, takewhile
from types import MappingProxyType
from typing import NamedTuple

from mom_lsp.extract.language import IDEOGRAPHS, begins, character_pairs, ideographs, spoken
from mom_lsp.extract.message import MAX_WHY, has_rationale, marked_sentences, prose, shorten
from mom_lsp.extract.reverts import WORDS, announces
from mom_lsp.textcache import text_cache

LEAST_WORDS = 3  # of an informative sentence: not "Also:"
REPEATED, MORE = 0.8, 1.5  # share of the title's words in its repetition, and how many times as many it may have
LEAST_BEFORE_CODE = 8  # words of a sentence that says something without the code or output that it introduces
LEAST_ALONE = 8  # words of a sentence that goes on from one that cannot be shown: not "But this is incorrect."
INSTEAD = " …"  # of code within a sentence
MOST_NUMBERS = 0.4  # share of the words of a sentence; with more it is output
LONG = 2 * MAX_WHY // 3  # characters of a sentence that leaves room for another
MOST_AFTER = 3  # sentences that may be shown after the quote
MAX_SENTENCES = 60  # of a body that are read
NAME, PART = 0.5, 0.12  # how much a shared name says about the place, and a shared part of one
PAIR = 0.06  # two adjacent characters of a Chinese, Japanese or Korean word
STEM = 6  # letters of a word of another language that its forms share
AROUND = 0.4  # what a name next to the lines counts, beside one in them
REASON = 0.1  # for a reason, in a sentence about the place; elsewhere a word of reasoning chooses worse than the order
ITEM, LATER = 0.1, 0.02  # against an item of a list, and against each sentence before
LACKING = 1.0  # against a sentence that lacks something: any other one is better
NOWHERE: Mapping[str, float] = MappingProxyType({})

_WORD = re.compile(rf"[{IDEOGRAPHS}]|[^\W\d{IDEOGRAPHS}][^\W{IDEOGRAPHS}]+")  # of any language
_LETTERS = r"A-Za-z_\u00c0-\u024f\u0370-\u052f"
_NAME = re.compile(rf"[{_LETTERS}][0-9{_LETTERS}]{{2,60}}")
_HUMP = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}(?![a-z])")
_REFERENCE = re.compile(r"https?://\S+|#\d+|\b(?:GHSA|CVE)-[\w-]+|\b[0-9a-f]{7,40}\b")
_POINTER = re.compile(  # only a reference: "This reverts commit 1a2b3c4", "Follow-up to pull request #12"
    rf"(?:(?:{WORDS}|th(?:is|ese|at)|it|is|was|were|an?|the|of|in|to|by|from|for|and|also|with|after|both|several|similar|part"
    r"|made|will|should|commit|change|patch|pr|pull|request|github|issues?|bug|missed|introduced|landed|regressions?|fix(?:e[sd])?"
    r"|follow\w*|ups?|clos(?:es|ed?)|re-?open(?:s|ed)?|resolves?|refs?|see|continuation|addresses|related|inspired"
    r"|together|discussions?|threads?|details?|more|info(?:rmation)?|at|here|on)\b|\W|\d)*",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:(?:signed|reported|reviewed|suggested|spotted|found|noticed|tested|acked|approved|assisted|pointed out|thanks"
    r"|co-?authored|co-?developed)[- ](?:off[- ])?(?:by|to)\b|(?:cc|ref|bug|link|url|closes|thanks)\s*:"
    r"|\(cherry picked|--HG--|\[[\w.+-]+@[\w.-]+[:\]]"  # "[ada@example.org: renamed]"
    r")",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"(?:will be )?more to (?:come|follow)\b|(?:steps |how )?to reproduce\b"
    r"|(?:but |and )?(?:it )?works (?:fine )?for me(?: anyway)?\W*$",
    re.IGNORECASE,
)
_NAME_OF_PERSON = r"(?-i:[A-Z\u00c0-\u00de])(?!\w*(?-i:[A-Z]{2}))[\w'-]*(?: (?-i:[A-Z]){2,20}\b)?"
_THANKED = re.compile(r"\b(?:by|from|via|ok|thanks|thank)\b", re.IGNORECASE)
_ONLY_THANKS = re.compile(  # people, and what they gave: "Problem spotted by Ada Byron, issue 12.", "ok ada grace@"
    r"(?:ok(?: (?!(?:to|if|when|with|for|since|as|the|a|in|but|and|so|because)\b)[\w@-]{1,20}){1,5}\W*$"
    r"|(?:reported|requested|suggested|prompted|spotted|found|noticed|seen|written|tested|reminded)(?: out)? by"
    r" (?!(?:the|an?|this|that|all|any|its?|one)\b|\w+ing\b)(?-i:[a-z])[\w.-]{1,30}"
    r"(?=[.!,;]?(?:$| (?:and|on|in|via|from|with)\b))"
    r"|(?:from|by) [\"']{1,2}[\w .-]{1,40}[\"']{1,2}|on #[a-z]\w*"
    r"|[\w.+-]{1,40}(?: dot \w{1,20}){0,3} at [\w-]{1,40}(?:(?: dot |\.)\w{1,20}){1,4}|[\w.+-]{0,40}@[\w.+-]{0,40}"
    r"|(?:reported|requested|suggested|prompted|spotted|found|noticed|seen|pointed|out|mentioned|reminded|tested|reviewed"
    r"|agree(?:d|ment)|written|originally|based|inspired|adapted|tweak(?:ed|s)|discuss(?:ed|ion)|tracked|down|extended|completed"
    r"|ideas?|inputs?|help|guidance|requests?|reports?|reviews?|diffs?|patch(?:es)?|fix(?:e[sd])?|changes?|code|work|commits?"
    r"|solution|e?-?mails?|explanations?|informative|helpful|detailed|different|similar|problems?|issues?|bugs?|crash(?:es)?|leaks?|typos?|github|sf|pr|pull|thanks?|ok|many|much"
    r"|who (?:did not|didn't|never) (?:bother|care)\b[^,.;]*"
    r"|by|from|via|for|on|in|of|to|with|and|also|both|then|too|an?|the|this|that|was|were|last|previous(?:ly)?|another|other"
    r"|mostly|most|some|minor|small|little|few|couple|several|first|earlier|later|very|ages|ago|while|back|long|months?|years?|me|my"
    r"|people|users?|somebody|someone|whose|name|i(?:'ve)?|have|forgotten|van|der|den|von|de|la|le|du|da|di|dos)\b"
    rf"|{_NAME_OF_PERSON}|\W|\d)*+",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:[-*•+]|\d{1,2}[.)]) ")
_HEADING = re.compile(r"^#{1,6} [^?]{0,80}\? (?=\S)")  # of a template: "## What does this change? It …"
_NO_PROSE = re.compile(r"#{1,6} |\$ |>>> ")  # how a heading or a line of a terminal begins
_UNMARKED_ITEM = re.compile(r"\S (?:--?|[-=]+>) \S")
_NAME_ALONE = re.compile(r"`?[^\W_]*_\w*`?(?: \([^()]*\))?")
_IDENTIFIER = re.compile(r"\b(?:[A-Z][A-Z\d_]{2,}|\w+_\w+)\b")
_OPEN_END = re.compile(  # of a title that goes on in the body, and of a sentence that goes on in code
    r"\b(?:and|or|not|for|to|of|in|by|with|as|at|on|from|an?|the|that|which|when|if|because|since|is|are|was|were|be|but)$"
)
_ENDS = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][)\]\"'`\u00bb\u201d]{0,3}$")
_SUBJECT = re.compile(r"(?:\A|\n\n)\* [^\n]+(?=\n\n|\s*\Z)")  # of a commit, in the list that a squash makes
_CODE = "\0"  # stands for code between sentences
_BLANK = ("", " ", "\t")  # how a line begins that is empty or indented
_LISTED = re.compile(r"[ \t]*+(?:[-*•+]|\d{1,2}[.)]) ")
_CONTINUES = re.compile(r"(?:where|which|whose|of|an?)\b")  # in lower case
_NO_BRACKET = re.compile(
    r"`[^`]*`|[:;]-?[()]|(?:^|\s)(?:\d{1,2}|[a-z])\)|\[[^\s\]]*\)|[\[(]\S{0,9}, ?\S{0,9}[)\]]"
)  # smileys, "1)", intervals
_START = " .…"  # "Refuse it ... since the server counts": a title may continue in the text
COMMON = """
add added all and any are args arg array assert back base been bool boolean bug but call called can case change
changes char check class code commit const could data def default did does don done each else end error even false
file files fix fixed fixes for found from func function get give given had has have here how import int into
issue its just key let like line lines list make makes map may method more most much must name need new nil none
not now null number object off old one only other our out over own pass path private public remove return returns
run same see self set should show since size some static still str string struct such support test tests than
that the them then there these they this those through time too true try two type types under update use used
user uses using value values var very void was way were what when where which while will with without work would
you your
"""  # words of code that any sentence may have
_COMMON = frozenset(COMMON.split())


class Quote(NamedTuple):
    """What a memory says about a place."""

    text: str = ""  # one line of at most 300 characters, "" if the memory has nothing but a title
    gives_reason: bool = False  # whether it has a word that introduces a reason
    overlap: float = 0.0  # in [0, 1): how strongly it speaks of the place, by the names that it shares with it
    item: bool = False  # whether it is an item of a list, one of several things that were done
    after: tuple[str, ...] = ()  # the sentences that follow, to show where there is room


class _Sentence(NamedTuple):
    text: str
    goes_on: bool  # it needs the sentence before it
    item: bool  # of a list
    gives_reason: bool
    words: frozenset[str]
    usable: bool  # it may be shown


def place_words(lines: Iterable[str], around: Iterable[str] = ()) -> dict[str, float]:
    """Return the words that tell a sentence about a place from others, each with its weight in (0, 1].

    A name of several words (`read_timeout`, `readTimeout`) is hardly ever in a sentence by chance. Its parts and plain
    words count less, common ones not at all.

    Args:
        lines: asked about, and the name of their function.
        around: the other lines in view.
    """
    words: dict[str, float] = {}
    for texts, weight in ((lines, 1.0), (around, AROUND)):
        text = "\n".join(texts)
        for name in _NAME.findall(text):
            for word, value in _weights(name):
                words[word] = max(words.get(word, 0.0), weight * value)
        for pair in character_pairs(text):
            words[pair] = max(words.get(pair, 0.0), weight * PAIR)
    return words


def quote(title: str, body: str, place: Mapping[str, float] = NOWHERE) -> Quote:
    """Return the sentences of a memory that say the most about a place, or about the change itself.

    They share names with the place and give a reason, or share names, or come first, in this order. A sentence that
    goes on from the one before ("Otherwise …") is shown with it. Code, credits, references and the title are no
    sentences to show.

    Args:
        title: of the memory, which is shown anyway; "" if it is not.
        body: of the memory.
        place: as `place_words` returns it; empty for the quote that fits any place.
    """
    read = _read(title, body)
    usable = [at for at, one in enumerate(read) if one.usable]
    if not usable:
        return Quote()
    scores = {at: _score(read[at], at, place) - LACKING * _lacks_something(read, at) for at in usable}
    best = max(scores, key=lambda at: scores[at])
    shown = [read[best]]
    if best and shown[0].goes_on and not shown[0].item and not read[best - 1].item:
        shown.insert(0, read[best - 1])
    elif best + 1 in scores and not shown[0].gives_reason and read[best + 1].goes_on and read[best + 1].gives_reason:
        shown.append(read[best + 1])
    text = " ".join(one.text for one in shown)
    begins = shown[0] is read[best] and len(shown[0].text) <= LONG  # then enough of the reason behind it is shown
    if (len(text) > MAX_WHY and not begins) or not all(one.usable for one in shown):
        text, shown = read[best].text, [read[best]]
    overlap = _overlap(frozenset().union(*(one.words for one in shown)), place)
    last = best if shown[-1] is read[best] else best + 1
    following = read[last + 1 :] if not read[best].item else ()
    after = tuple(one.text for one in takewhile(lambda one: one.usable and not one.item, following))[:MOST_AFTER]
    return Quote(shorten(text, MAX_WHY), any(one.gives_reason for one in shown), overlap, read[best].item, after)


def _lacks_something(read: Sequence[_Sentence], at: int) -> bool:
    """Whether a sentence says little without what cannot be shown: the code after it, or the sentence before it."""
    one = read[at]
    short = one.goes_on and not one.item and len(one.text.split()) < LEAST_ALONE
    return one.text.endswith(INSTEAD) or bool(short and at and not read[at - 1].usable)


def is_informative(sentence: str) -> bool:
    """Whether a sentence is more than a reference to a commit or issue, a credit, a promise, or "works for me"."""
    words = len(_WORD.findall(sentence)) - ideographs(sentence) / 2
    if words < LEAST_WORDS or _CREDIT.match(sentence) or _EMPTY.match(sentence) or _only_thanks(sentence):
        return False
    return not (announces(sentence) or is_pointer(sentence))


def _only_thanks(sentence: str) -> bool:
    """Whether a sentence only says whom a change is from, and who helped."""
    return bool(_THANKED.search(sentence) and _ONLY_THANKS.fullmatch(_REFERENCE.sub(" ", sentence)))


def is_pointer(sentence: str) -> bool:
    """Whether a sentence only refers to another commit or issue, or to what was said elsewhere."""
    return bool(_POINTER.fullmatch(_REFERENCE.sub(" ", sentence)))


@text_cache(512)  # the hints of a file and the hovers of its lines read the same texts
def _read(title: str, body: str) -> tuple[_Sentence, ...]:
    known = _words_of(title)
    found, languages = [], spoken(body.lower())
    squashed = len(_SUBJECT.findall(body)) > 1
    raws = marked_sentences(prose(_deeper(body), _CODE))[: 2 * MAX_SENTENCES]
    said = _around_code([one for one, _ in groupby(raws)])[:MAX_SENTENCES]  # code once, however many lines it has
    for at, (before, raw, after) in enumerate(zip(["", *said], said, [*said[1:], ""], strict=False)):
        item = bool(_ITEM.match(raw))
        text = _HEADING.sub("", (_ITEM.sub("", raw, count=1) if item else raw).lstrip(_START), count=1)
        rest_of_title = not at and text[:1].islower() and _OPEN_END.search(title)
        half = (after == _CODE and not _ENDS.search(text)) or (before == _CODE and text[:1].islower())
        broken = (
            half or _NO_PROSE.match(text) or rest_of_title or _is_list(text) or _is_fragment(text) or _is_output(text)
        )
        reason = has_rationale(text, languages)
        broken = broken or (squashed and raw.startswith("* ") and not reason)
        usable = not broken and not _repeats(_words_of(text), known) and is_informative(text)
        names = frozenset(word for name in _NAME.findall(text) for word in _name_words(name)) | character_pairs(text)
        needs_one_before = begins("goes_on", text.lower(), languages)
        found.append(_Sentence(text, needs_one_before, item, reason, names, usable))
    return tuple(found)


def _around_code(said: Sequence[str]) -> list[str]:
    """Return sentences with those whole that code interrupts or ends, marked by an ellipsis."""
    found: list[str] = []
    for one, after in zip(said, [*said[1:], ""], strict=False):
        before = found[-2] if found[-1:] == [_CODE] and len(found) > 1 else ""
        if before and one[:1].islower() and not (_ENDS.search(before.removesuffix(INSTEAD)) or _ITEM.match(before)):
            found[-2:] = [f"{before.removesuffix(INSTEAD)}{INSTEAD} {one}"]
        elif after == _CODE and one.endswith(":") and len(one.split()) >= LEAST_BEFORE_CODE:
            found.append(one + INSTEAD)
        else:
            found.append(one)
    return found


def _deeper(text: str) -> str:
    """Indent the paragraphs that stand apart like code: indented and in no list, where the text itself is not."""
    lines = text.split("\n")
    if all(line[:1] in _BLANK for line in lines[1:]):  # the first line may have lost its indentation
        return text
    listed = False
    for blank, numbers in groupby(range(len(lines)), lambda at: not lines[at].strip()):
        paragraph = () if blank else tuple(numbers)
        indented = all(lines[at][0] in _BLANK for at in paragraph)
        listed = any(_LISTED.match(lines[at]) for at in paragraph) or (listed and indented)
        if indented and not listed:
            for at in paragraph:
                lines[at] = "    " + lines[at]
    return "\n".join(lines)


def _repeats(words: str, title: str) -> bool:
    """Whether the words of a sentence are those of the title, or its beginning, or little else in another order."""
    if not title or not words:
        return False
    known, said = ({_stem(word) for word in text.split()} for text in (title, words))
    again = len(known) >= LEAST_WORDS and len(known & said) >= REPEATED * len(known) and len(said) <= MORE * len(known)
    return again or words.startswith(title) or title.startswith(words)


def _is_list(text: str) -> bool:
    """Whether a text announces a list, or is one without marks: "Adds: this - that, other - another", names alone."""
    names = len(_IDENTIFIER.findall(text))
    unmarked = len(_UNMARKED_ITEM.findall(text.partition(": ")[2])) > 1 or (names > 2 and 2 * names > len(text.split()))
    return bool(text.endswith(":") or unmarked or _NAME_ALONE.fullmatch(text))


def _is_output(text: str) -> bool:
    """Whether a text is mostly numbers, as in a table or a calendar."""
    words = text.split()
    return len(words) > LEAST_WORDS and sum(map(str.isdigit, words)) > MOST_NUMBERS * len(words)


def _is_fragment(text: str) -> bool:
    """Whether a text is one part of a sentence, as before or after code in its middle, or one side of a bracket."""
    bare = _NO_BRACKET.sub("", text)
    return bool(_CONTINUES.match(text) or _OPEN_END.search(text)) or any(
        bare.count(one) != bare.count(other) for one, other in (("(", ")"), ("[", "]"))
    )


def _score(sentence: _Sentence, at: int, place: Mapping[str, float]) -> float:
    overlap = _overlap(sentence.words, place)
    return overlap + REASON * (sentence.gives_reason and overlap > 0) - ITEM * sentence.item - LATER * min(at, 20)


def _overlap(words: frozenset[str], place: Mapping[str, float]) -> float:
    """Return 1 minus the chance that no shared word means the place, as if they were independent."""
    left = 1.0
    for word in words & place.keys():
        left *= 1.0 - place[word]
    return 1.0 - left


@text_cache(20_000)
def _weights(name: str) -> tuple[tuple[str, float], ...]:
    """Return a name and its parts with their weights, in lower case."""
    inner = name.strip("_")
    whole, *parts = _name_words(name)
    if "_" in inner or not (inner.islower() or inner.isupper() or inner[1:].islower()):
        return ((whole, NAME), *((part, PART) for part in parts))
    return () if whole in _COMMON else ((_stem(whole), PART if len(whole) < 6 else 2 * PART),)


@text_cache(20_000)
def _name_words(name: str) -> tuple[str, ...]:
    """Return a name, and its words that are not common, without a plural's ending, all in lower case."""
    whole = name.strip("_").lower()
    if not name.isascii():
        return whole, _stem(whole)
    words = (part.lower() for part in _HUMP.findall(name))
    return whole, *(_stem(word) for word in words if word not in _COMMON)


def _stem(word: str) -> str:
    if not word.isascii():
        return word[:STEM]
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _words_of(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
