"""The memory that a commit becomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mom_lsp.annotations.agents import agents_of, merged
from mom_lsp.annotations.values import NOTHING, Said
from mom_lsp.extract.code import changed_names
from mom_lsp.extract.decision_trailers import decisions, stated_reason, trailer_kind
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import commit_kind
from mom_lsp.extract.message import MAX_BODY, MAX_WHY, rationale, shorten, title_of
from mom_lsp.extract.noise import EMPTY_TITLE, commit_noise, is_generated, is_vendored, message_of
from mom_lsp.extract.references import aliases, own_numbers, references
from mom_lsp.extract.remarks import remarks_text
from mom_lsp.extract.renames import packed
from mom_lsp.extract.significance import contributions
from mom_lsp.limits import MAX_MESSAGE
from mom_lsp.memory import AGENT, Anchor, Memory, Reference, Source, commit_memory_id
from mom_lsp.textcache import text_cache

if TYPE_CHECKING:
    from mom_lsp.git import Commit, FileChange

Sanitize = Callable[[str], str]

MAX_FILES = 100
MAX_SPANS = 50


def _vendored_or_generated(path: str) -> bool:
    return is_vendored(path) or is_generated(path)


def commit_memory(
    commit: Commit,
    *,
    sanitize: Sanitize,
    generated: Callable[[str], bool] = _vendored_or_generated,
    home: Collection[str] = (),
    said: Said = NOTHING,
    known: Collection[str] = frozenset(),
    tree: Callable[[], Iterable[str]] = tuple,
) -> Memory:
    """Return the memory of a commit, also of noise: the index knows by them which commits it has read.

    Args:
        commit: with its diff.
        sanitize: called on the message, on what else was said and on the changed lines; only sanitized text is stored.
        generated: whether a path is no anchor, unless all changed paths are like that.
        home: "owner/name" of the repository's remotes, so that links to its own issues are recognised.
        said: about the commit outside its message. It adds to the text and changes neither the kind nor what the
            commit reverts or fixes.
        known: ids of memories with feedback; see `commit_memory_id`.
        tree: as `packed` takes it.
    """
    first_line = commit.message.strip().partition("\n")[0]
    if len(commit.message) > MAX_MESSAGE:
        commit = replace(commit, message=commit.message[:MAX_MESSAGE])
    text = sanitize(commit.message)
    message = message_of(text, merge=len(commit.parents) > 1)
    title = title_of(message.subject)
    remarks = remarks_text(said, title, sanitize) if said.remarks else ""
    written = "\n\n".join(filter(None, (message.body, *decisions(message.trailers))))
    body = "\n\n".join(filter(None, (shorten(written, MAX_BODY), remarks)))
    why = shorten(stated_reason(message.trailers), MAX_WHY) or rationale(written) or rationale(remarks)
    refers = references(text, subject=message.subject, home=home)
    kind = commit_kind(message.subject, message.written, refers, [file.path for file in commit.files])
    if kind == "note":
        kind = trailer_kind(message.trailers) or kind
    files = _anchored(commit.files, generated)
    code = changed_names(files, sanitize)
    refers = (*refers, *_mentions(remarks, refers))
    shares = contributions(kind, message.subject, body, why, refers, message.trailers, len(commit.files))
    agents = merged((*said.agents, *agents_of(commit.author, commit.email, message.trailers, text)))
    noise = commit_noise(commit)
    return Memory(
        id=commit_memory_id(commit.emails, commit.author_time, first_line, known),
        kind=kind,
        title=title,
        body=body,
        why=why,
        source=Source(
            type="commit",
            commit=commit.sha,
            author=_sanitized(sanitize, commit.author),
            email="@".join(_sanitized(sanitize, part) for part in commit.email.split("@")),
            time=commit.author_time,
        ),
        commits=(commit.sha,),
        anchors=tuple(
            Anchor(file.path, names, tuple((hunk.new_start, hunk.new_count) for hunk in file.hunks[:MAX_SPANS]))
            for file, names in zip(files, code.symbols, strict=True)
        ),
        added=code.added,
        removed=code.removed,
        added_lines=code.added_lines,
        removed_lines=code.removed_lines,
        added_normalized=code.added_normalized,
        references=refers,
        numbers=own_numbers(text),
        aliases=(*aliases(text), *_merged_as(text, message.subject)),
        renames=packed(((one.old_path, one.path) for one in commit.files if one.old_path and one.status == "R"), tree),
        trailers=(*message.trailers, *((AGENT, str(agent)) for agent in agents)),
        evidence=round(sum(shares.values()), 3),
        informative=round(informativeness(title, body), 3),
        noise="" if noise == EMPTY_TITLE and rationale(remarks) else noise,
    )


def _mentions(remarks: str, known: Collection[Reference]) -> Iterator[Reference]:
    """Yield what remarks name: they only mention, since only a commit reverts or fixes."""
    if not remarks:
        return
    targets = {reference.target for reference in known}
    for target in dict.fromkeys(reference.target for reference in references(remarks)):
        if target not in targets:
            yield Reference("mention", target)


def _merged_as(text: str, subject: str) -> tuple[str, ...]:
    """Return the merge commit's own title, as a revert quotes it, if the memory is named after what was merged."""
    first = text.strip().partition("\n")[0].strip()
    return () if first == subject else (f'"{title_of(first)}"',)


def _anchored(files: tuple[FileChange, ...], generated: Callable[[str], bool]) -> tuple[FileChange, ...]:
    written = tuple(file for file in files if not generated(file.path))
    return (written or files)[:MAX_FILES]


@text_cache(20_000)
def _sanitized(sanitize: Sanitize, text: str) -> str:
    return sanitize(text)
