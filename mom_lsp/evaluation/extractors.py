"""Every extractor as a function of one text."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import partial

from mom_lsp.annotations.agents import agents_of
from mom_lsp.annotations.entire import checkpoints_of
from mom_lsp.annotations.reading import said
from mom_lsp.discussions.json_stream import objects
from mom_lsp.evaluation.adversarial_texts import DOCUMENTS, LANGUAGES
from mom_lsp.extract.body import cleaned
from mom_lsp.extract.boilerplate import imports
from mom_lsp.extract.code import file_keys, identifiers
from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.decision_trailers import decisions
from mom_lsp.extract.documents import document_memories
from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.extract.front_matter import front_matter
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import commit_kind, entry_kind, text_kind
from mom_lsp.extract.message import prose, rationale, sentences, split_message, title_of
from mom_lsp.extract.noise import merge_title
from mom_lsp.extract.placement import MergedFile, place_of, suggested_lines
from mom_lsp.extract.prompts import telling
from mom_lsp.extract.quote import is_informative, place_words, quote
from mom_lsp.extract.references import aliases, own_numbers, references
from mom_lsp.extract.remarks import speaker, written
from mom_lsp.extract.repetition import repeats
from mom_lsp.extract.reverts import announces, of_clause, reverts
from mom_lsp.extract.spoken import description, empty_talk, is_courtesy, shared_lines, spoken
from mom_lsp.extract.symbols import enclosing_symbol, symbol_of_header
from mom_lsp.extract.telling import rejects, telling_sentence, why_silent
from mom_lsp.git import Commit, FileChange, Hunk
from mom_lsp.redact import Redactor, clean

Extractor = Callable[[str], object]


def _same(text: str) -> str:
    return text


def _commit(message: str, lines: str = "") -> Commit:
    changed = tuple(lines.split("\n")) if lines else ()
    hunk = Hunk(
        lines[:80].partition("\n")[0], 1, len(changed), 1, len(changed), changed, tuple(f"{one} " for one in changed)
    )
    files = (FileChange("a.c", None, "M", (hunk,)), FileChange("b.md", None, "M", (hunk,))) if lines else ()
    return Commit("1" * 40, ("2" * 40,), "Ada", "ada@example.org", 1, 1, message, files)


def _of_message(text: str) -> object:
    return commit_memory(_commit(f"fix: {text}\n\nBecause {text}\n\nWhy: {text}"), sanitize=_same)


def _of_diff(text: str) -> object:
    return commit_memory(_commit("fix: it", text), sanitize=_same)


def _of_document(path: str, text: str) -> object:
    return document_memories(path, "1" * 40, f"# Why\n\nbecause you must\n{text}\n\n## b\n{text}", sanitize=_same)


def _of_comments(extension: str, text: str) -> object:
    return comment_memories(
        f"x.{extension}",
        "1" * 40,
        f"{text}\n# TODO because must\n// TODO because it must be so\n{text}",
        sanitize=_same,
    )


def _symbol(extension: str, text: str) -> object:
    lines = f"{text}\n}}\n{text}".split("\n")
    return [enclosing_symbol(lines, line, f"x.{extension}") for line in (1, len(lines))]


def _place(text: str) -> object:
    lines = [*text.split("\n"), "the line that was written here"]
    changes = [Hunk("", 1, 1, 1, len(lines), (text,), tuple(lines))]
    return place_of(f"@@ -1 +1 @@\n+{text}\n+{text} a", [text], MergedFile(lines, changes))


def extractors() -> Iterator[tuple[str, Extractor]]:
    """Yield the name and the function of each extractor."""
    yield "commit_memory of a message", _of_message
    yield "commit_memory of a diff", _of_diff
    yield "split_message", split_message.__wrapped__
    yield "title_of", title_of.__wrapped__
    yield "own_numbers", own_numbers.__wrapped__
    yield "aliases", aliases
    yield "references", references
    yield "rationale", lambda text: rationale(f"because {text}")
    yield "sentences", lambda text: sentences(prose(text))
    yield "cleaned", lambda text: cleaned(text, text)
    yield "commit_kind", lambda text: commit_kind(text, text, ())
    yield "text_kind", text_kind
    yield "entry_kind", entry_kind
    yield "merge_title", lambda text: merge_title(f"Merge branch 'a'\n\n{text}")
    yield "says_nothing", says_nothing
    yield "decisions", lambda text: decisions((("Why", text),))
    yield "informativeness", lambda text: informativeness(text, text)
    yield "quote", lambda text: quote(text, text, place_words([text]))
    yield "is_informative", is_informative
    yield "reverts", lambda text: reverts(text, text, frozenset())
    yield "announces", announces
    yield "of_clause", lambda text: of_clause(text[-100:])
    yield "repeats", lambda text: repeats(text, text)
    yield "spoken", spoken
    yield "description", lambda text: description("a", text)
    yield "is_courtesy", is_courtesy
    yield "empty_talk", lambda text: empty_talk([spoken(text)])
    yield "shared_lines", lambda text: shared_lines([text] * 3)
    yield "telling_sentence", lambda text: telling_sentence([spoken(text)])
    yield "why_silent", lambda text: why_silent([spoken(text)], 1.0)
    yield "rejects", rejects
    yield "place_of", _place
    yield "suggested_lines", suggested_lines
    yield "prompts", lambda text: telling([text], "a title of it")
    yield "notes", written
    yield "speaker", lambda text: speaker(text, text)
    yield "said", lambda text: said([("", text.encode()), ("", json.dumps({"a": text}).encode())])
    yield "agents_of", lambda text: agents_of(text, text, (("Co-authored-by", text), ("Assisted-by", text)), text)
    yield "checkpoints_of", checkpoints_of
    yield "json objects", lambda text: list(objects(io.BytesIO(text.encode("utf-8", "replace")), lambda _: None))
    yield "front_matter", lambda text: front_matter(f"---\nglobs: {text}\ndescription: {text}\n---\n{text}")
    yield "symbol_of_header", symbol_of_header.__wrapped__
    yield "imports", lambda text: list(imports(text.split("\n")))
    yield "identifiers", identifiers
    yield "file_keys", lambda text: file_keys(text.split("\n"))
    yield "clean", clean
    yield "mask", lambda text: Redactor().mask(text)
    for path in DOCUMENTS:
        yield f"document {path}", partial(_of_document, path)
    for extension in LANGUAGES:
        yield f"comments .{extension}", partial(_of_comments, extension)
        yield f"symbol .{extension}", partial(_symbol, extension)
