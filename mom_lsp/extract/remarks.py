"""What was said about a commit outside its message, as a part of its memory's body: git notes, prompts, summaries.

Each part begins with a line that says what it is ("Git note:"), so that a quote from it can be shown as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mom_lsp import phrases
from mom_lsp.annotations.values import Said
from mom_lsp.extract.body import cleaned
from mom_lsp.extract.language import words_of_letters
from mom_lsp.extract.message import prose, sentences, shorten
from mom_lsp.extract.prompts import is_prose, telling
from mom_lsp.extract.quote import is_informative

MAX_NOTES, MAX_SUMMARIES = 3, 1  # of a commit
MAX_READ = 20  # notes of a commit
MAX_TEXT = 600  # characters of each
MAX_LINE = 2000  # characters of a line that people write
STARTS_WITH = 60  # characters of a quote by which it is found

_LABEL = re.compile(r"^(Git note|(?:Prompt to|Summary by) [^\n:]{1,60}):$", re.MULTILINE)
_RECORD = re.compile(r"[A-Za-z][\w.-]*(?P<hyphen>-[\w.]+|[+]\d+)?[ \t]*+[:=][ \t]*+(?P<value>.*)")
_WORD = re.compile(r"(?<![\w@./:=-])[^\W\d_]{2,}(?![\w@/:=])")


def remarks_text(said: Said, title: str, sanitize: Callable[[str], str]) -> str:
    """Return what was said about a commit, "" if it tells nothing.

    Args:
        said: as it was recorded.
        title: of the commit.
        sanitize: called on each text; only sanitized text is returned.
    """
    agent = said.agents[0].name if len(said.agents) == 1 else ""
    texts: dict[str, list[str]] = {"note": [], "prompt": [], "summary": []}
    for remark in said.remarks:
        texts[remark.kind].append(remark.text)
    found = {
        "note": [text for note in texts["note"][:MAX_READ] if (text := written(sanitize(note)))][:MAX_NOTES],
        "prompt": map(sanitize, telling(texts["prompt"], title)),
        "summary": map(sanitize, texts["summary"][:MAX_SUMMARIES]),
    }
    parts = []
    for kind, some in found.items():
        # Cut last, and written() after masking: a part of a secret is not recognised.
        shown = "\n\n".join(shorten(text.strip(), MAX_TEXT) for text in some)
        if shown.strip():
            parts.append(f"{_label(kind, agent)}:\n\n{shown}")
    return "\n\n".join(parts)


def written(note: str) -> str:
    """Return what a person wrote in a note, without the records of programs, "" if nothing."""
    text = cleaned("", "\n\n".join(_paragraphs(note)))
    return text if any(map(is_informative, sentences(prose(text)))) else ""


def speaker(body: str, quoted: str) -> str:
    """Return what a quote of a body is from ("git note", "prompt to Codex"), "" if from the commit's own message."""
    _, *parts = _LABEL.split(body)
    start = quoted[:STARTS_WITH].rstrip("…")
    for label, text in zip(parts[::2], parts[1::2], strict=True):
        if start and start in " ".join(text.split()):
            return label[:1].lower() + label[1:]
    return ""


def _label(kind: str, agent: str) -> str:
    name = phrases.speaker(kind, agent)
    return name[:1].upper() + name[1:]


def _paragraphs(note: str) -> Iterator[str]:
    for paragraph in re.split(r"\n[ \t]*\n", note):
        lines = [line for line in paragraph.split("\n") if len(line) <= MAX_LINE and not _is_record(line)]
        if is_prose(text := "\n".join(lines)):
            yield text


def _is_record(line: str) -> bool:
    """Whether a line is a field of a record ("Message-Id: <…>", "Verified+1: CI") rather than "Reason: because …"."""
    found = _RECORD.fullmatch(line.strip())
    return found is not None and (
        bool(found["hyphen"]) or words_of_letters(" ".join(_WORD.findall(found["value"]))) < 3
    )
