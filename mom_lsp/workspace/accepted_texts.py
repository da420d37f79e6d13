"""Accepted texts with the memories that they are based on: the training data of the local model's attention.

There are two kinds, both known from the journal and the history alone, so that no unsaved text is stored: an answer of
the model that the user saved, and the message of a commit to the same file and on the same HEAD where the user had
accepted a memory or inserted its text.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.journal import Event
from mom_lsp.lm.prompts import commit_messages, told, why_messages
from mom_lsp.lm.trace_learning import Accepted
from mom_lsp.lm.traces import cue_of
from mom_lsp.memory import ChatMessage, Memory
from mom_lsp.tiers.undo import undone_events
from mom_lsp.tiers.usage import ACCEPTED
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.workspace import Workspace

MEMORIES = 3  # in a prompt


@dataclass(frozen=True, slots=True)
class Text:
    """An accepted text with its prompt."""

    source: str  # the id of the note, or of the commit's memory
    accepted: Accepted


def accepted_texts(workspace: Workspace, known: Container[str]) -> Iterator[Text]:
    """Yield the accepted texts of a workspace that are not among the known sources."""
    snapshot = workspace.library.snapshot()
    for source, event in snapshot.life.notes.items():
        if source not in known and (one := _answer(workspace, event)):
            yield Text(source, one)
    for row, head, path, used in _commits(workspace, snapshot):
        source = snapshot.catalog.ids[row]
        if source not in known and (one := _commit(workspace, source, head, path, used)):
            yield Text(source, one)


def followed(workspace: Workspace) -> dict[str, list[str]]:
    """Return the memories that each accepted text of a workspace is based on, by its source."""
    snapshot = workspace.library.snapshot()
    answers = {source: list(map(str, _cited(event))) for source, event in snapshot.life.notes.items()}
    return answers | {snapshot.catalog.ids[row]: used for row, _, _, used in _commits(workspace, snapshot)}


def _cited(event: Event) -> list[Any]:
    cites = event.data.get("cites")  # an imported event may have any data
    return cites if isinstance(cites, list) else []


def _answer(workspace: Workspace, event: Event) -> Accepted | None:
    """Return a saved answer, with the prompt as it would be today."""
    cites, line = _cited(event), event.data.get("line")
    if not cites:
        return None
    memories = workspace.memories.some(list(map(str, cites)))
    lines = workspace.worktree.text(event.path) if event.path in workspace.worktree.head().tree else []
    code = lines[line - 1] if isinstance(line, int) and 1 <= line <= len(lines) else ""
    messages = why_messages(memories, event.path, event.symbol, code)
    return _accepted([event.path], messages, str(event.data.get("text", "")), memories, str(cites[0]))


def _commits(workspace: Workspace, snapshot: Snapshot) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield (row of a commit, the HEAD before, a path of it, the memories that were accepted at that path and HEAD)."""
    log = list(workspace.library.journal.events())
    (undone, _), used = undone_events(log), dict[tuple[str, str], list[Event]]()
    for event in log:
        if event.type in ACCEPTED and event.path and event.head and event.seq not in undone:
            used.setdefault((event.head, event.path), []).append(event)
    head_now = workspace.worktree.head()
    view, parents, catalog = workspace.worktree.view(snapshot.catalog, head_now), head_now.ancestors, snapshot.catalog
    for (head, path), events in used.items():
        for row in catalog.rows_touching([path]).tolist() if head in parents else ():
            commit = view.commit_of.get(row, "")
            before = [event.memory for event in events if event.time <= catalog.time[row]]
            if before and head in parents.get(commit, ()):
                yield row, head, path, list(dict.fromkeys(before))


def _commit(workspace: Workspace, source: str, head: str, path: str, used: list[str]) -> Accepted | None:
    """Return a commit's message, with the memories that were used for it and others that rank high."""
    exists = path in workspace.worktree.head(head).tree
    ranked = _ids(workspace.suggest(path, 0, 0, rev=head, k=MEMORIES)) if exists else []
    others = [memory for memory in ranked if memory not in used][: max(0, MEMORIES - len(used))]
    kept = [memory for memory in ranked if memory in used or memory in others]
    memories = workspace.memories.some([*kept, *(memory for memory in used if memory not in ranked)][:MEMORIES])
    text = next(iter(workspace.memories.some([source])), None)
    if text is None:
        return None
    first = ranked[0] if ranked else ""
    return _accepted(text.paths, commit_messages(memories, text.paths), told(text), memories, first)


def _ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["suggestions"]]


def _accepted(
    paths: Sequence[str], messages: Sequence[ChatMessage], text: str, memories: Sequence[Memory], first: str
) -> Accepted | None:
    if not memories or not text.strip():
        return None
    included = any(memory.id == first for memory in memories)
    return Accepted(cue_of(paths), tuple(messages), text, first if included else "")
