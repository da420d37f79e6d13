"""Which sentence of a talk tells a reader the most, and whether any of it tells enough to be suggested."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.message import has_rationale, prose, sentences
from mom_lsp.extract.quote import is_informative
from mom_lsp.extract.spoken import empty_talk, is_courtesy

MAX_SENTENCES = 30  # of a comment that are read
REASON, REJECTED, NAMES = 1.0, 0.5, 0.25  # what speaks for a sentence
QUESTION, PROCESS, CHAT, LATER = 0.6, 0.6, 0.3, 0.02  # what speaks against it, the last for each sentence before
LEAST_TOLD = 0.02  # the least that the most telling sentence scores: for a reason, or something that it names

_REJECTED = re.compile(
    r"\b(?:(?:we|i|i've|we've|have) (?:also )?(?:tried|considered|experimented|thought about|looked (?:at|into))\b"
    r"|(?:does|did|would|will|could|can)(?: not|n't)\b.{0,40}\b"
    r"(?:work|help|compile|be (?:enough|possible|safe|correct))"
    r"|would (?:break|fail|be (?:slower|wrong|unsafe|incorrect|confusing|overkill))"
    r"|not worth\b|instead of\b|rather than\b|turn(?:s|ed) out\b"
    r"|the (?:problem|issue|downside|drawback|disadvantage|trouble) (?:with|is|of|here)\b"
    r"|on purpose\b|intentional|deliberate|by design\b|(?:decided|opted|chose) (?:to|not|against|for)\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*(?:(?:super |micro |tiny |style )?(?:nits?|nit-?pick)|suggestion|question|note|minor)\b[:,.]? ?",
    re.IGNORECASE,
)
_ACTION = re.compile(  # what was done about a remark, or will be
    r"(?:ok\w*|yes|yeah|sure|right|good \w+|thanks|ah|oh|great \w+|makes sense|agreed)?\W*+"
    r"(?:done|fixed|added|updated|removed|changed|renamed|rebased|pushed|will (?:do|fix|add|change|update|remove)"
    r"|(?:i'?ll|i will|i'?ve|i have|i|we'?ll|let me) (?:just )?"
    r"(?:try|see|look|check|do|fix|add|change|update|remove|rename|open|push|rebase|make|rework|take|put"
    r"|(?:go|going) (?:ahead|to)|fixed|added|changed|updated|removed|pushed|made|did))\b",
    re.IGNORECASE,
)
_PROCESS = re.compile(  # about the work, not about the code
    r"\b(?:(?:this|separate|another|different|follow-?up|other|next|new|own|that|my|your|the)"
    r" (?:prs?|pull requests?|commits?)\b"
    r"|out of scope|orthogonal|re-?bas|commit message|review(?:ers?|ing)?\b|force-?push|squash|touch this again"
    r"|not your (?:change|fault)|let me know|what do you think|no strong opinion|up to you|i'?m fine|either way)",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"(?:sorry|apolog|thanks|thank you|ah|oh|hm+|haha?|btw|fwiw|well|yes|yeah|no|nope|wow|nice|great|good|cool)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"`[^`]+`|\b\w+_\w+|\b[a-z]+[A-Z]\w+|\w\(\)")
_REQUEST = re.compile(
    r"\b(?:should|could|can (?:you|we)|maybe|perhaps|would (?:be|prefer|make|suggest|rather)|needs?\b|please|let'?s"
    r"|prefer|how about|why not|missing|suggest|consider|instead|want to|might be (?:nice|good|better|worth)|better)\b"
    r"|^[^\w\n]*+(?:also|add|use|move|remove|rename|make|change|same|s/|drop|put|mention|there'?s also)\b",
    re.IGNORECASE | re.MULTILINE,
)


def rejects(text: str) -> bool:
    """Whether a text speaks of an alternative that was not taken, or of something that is so on purpose."""
    return bool(_REJECTED.search(text))


def telling_sentence(said: Sequence[str]) -> tuple[str, float]:
    """Return the sentence that tells the most, and how much: one that gives a reason, rather an answer than a question.

    Below LEAST_TOLD, it is a question, about the work, or gives neither a reason nor a name. ("", -1) if there is none.
    """
    best, most = "", -1.0
    for at, text in enumerate(said):
        for number, raw in enumerate(sentences(prose(text))[:MAX_SENTENCES]):
            sentence = _LABEL.sub("", raw).strip()
            if sentence.endswith((":", ",")) or is_courtesy(sentence) or not is_informative(sentence):
                continue
            score = _score(sentence) - LATER * min(10, 2 * at + number)
            if score > most:
                best, most = sentence, score
    return best[:1].upper() + best[1:], most


def why_silent(texts: Sequence[str], told: float) -> str:
    """Return why a thread is never suggested, "" if it may be.

    Args:
        texts: what was spoken in it.
        told: how much its most telling sentence tells.
    """
    if found := empty_talk(texts):
        return found
    said = [text for text in texts if not is_courtesy(text)]
    if len(said) == 1 and not has_rationale(prose(said[0])) and _REQUEST.search(said[0]):
        return "request"  # one that was followed is in the code, and one that was not has no reason
    return "says nothing" if told < LEAST_TOLD else ""


def _score(sentence: str) -> float:
    reason = has_rationale(sentence)
    asks = sentence.rstrip("`) ").endswith("?") or (not reason and bool(_ACTION.match(sentence)))
    return (
        REASON * reason
        + REJECTED * rejects(sentence)
        + NAMES * bool(_NAMED.search(sentence))
        - QUESTION * asks
        - PROCESS * bool(_PROCESS.search(sentence))
        - CHAT * bool(_CHAT.match(sentence))
    )
