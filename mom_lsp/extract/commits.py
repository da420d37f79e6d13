"""The memory that a commit becomes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from mom_lsp.extract.code import changed_names
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import commit_kind
from mom_lsp.extract.message import MAX_BODY, rationale, shorten, title_of
from mom_lsp.extract.noise import commit_noise, is_generated, is_vendored, message_of
from mom_lsp.extract.references import aliases, own_numbers, references
from mom_lsp.extract.renames import packed
from mom_lsp.extract.significance import contributions
from mom_lsp.memory import Anchor, Memory, Source, commit_memory_id

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
) -> Memory:
    """Return the memory of a commit, also of noise: the index knows by them which commits it has read.

    Args:
        commit: with its diff.
        sanitize: called once on the message and once on the changed lines; only sanitized text is stored.
        generated: whether a path is no anchor, unless all changed paths are like that.
        home: "owner/name" of the repository's remotes, so that links to its own issues are recognised.
    """
    text = sanitize(commit.message)
    message = message_of(text, merge=len(commit.parents) > 1)
    why = rationale(message.body)
    refers = references(text, subject=message.subject, home=home)
    kind = commit_kind(message.subject, message.written, refers, [file.path for file in commit.files])
    files = _anchored(commit.files, generated)
    code = changed_names(files, sanitize)
    shares = contributions(kind, message.subject, message.body, why, refers, message.trailers, len(commit.files))
    return Memory(
        id=commit_memory_id(commit.email, commit.author_time, commit.message.strip().partition("\n")[0]),
        kind=kind,
        title=title_of(message.subject),
        body=shorten(message.body, MAX_BODY),
        why=why,
        source=Source(
            type="commit",
            commit=commit.sha,
            author=_sanitized(sanitize, commit.author),
            email=_sanitized(sanitize, commit.email),
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
        references=refers,
        numbers=own_numbers(text),
        aliases=(*aliases(text), *_merged_as(text, message.subject)),
        renames=packed((file.old_path, file.path) for file in commit.files if file.old_path and file.status == "R"),
        trailers=message.trailers,
        evidence=round(sum(shares.values()), 3),
        informative=round(informativeness(title_of(message.subject), message.body), 3),
        noise=commit_noise(commit),
    )


def _merged_as(text: str, subject: str) -> tuple[str, ...]:
    """Return the merge commit's own title, as a revert quotes it, if the memory is named after what was merged."""
    first = text.strip().partition("\n")[0].strip()
    return () if first == subject else (f'"{title_of(first)}"',)


def _anchored(files: tuple[FileChange, ...], generated: Callable[[str], bool]) -> tuple[FileChange, ...]:
    written = tuple(file for file in files if not generated(file.path))
    return (written or files)[:MAX_FILES]


@lru_cache(maxsize=20_000)
def _sanitized(sanitize: Sanitize, text: str) -> str:
    return sanitize(text)
