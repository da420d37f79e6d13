"""What the user kept, found useful and sent away, for a view of memories: the journal's view of them, not a ranking."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from mom_lsp import phrases
from mom_lsp.journal import Event
from mom_lsp.workspace.answers.contract import iso
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.review import forgotten
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.ranker import Ranker

MOST = 50  # of each


def memories_view(
    presenter: Presenter, ranker: Ranker, state: State, promoted: list[dict[str, Any]], events: Iterable[Event]
) -> dict[str, list[dict[str, Any]]]:
    """Return the pinned memories, those promoted and those accepted lately, and what is known of the forgotten ones.

    A forgotten memory has no text any more: it is told as {"id", "time", "commit", "path", "phrases"}, newest first.
    """
    life, promoted = state.snapshot.life, promoted[:MOST]
    elsewhere = life.pinned | life.forgotten | {one["id"] for one in promoted}
    accepted = {memory: u.last_used for memory, u in life.usage.items() if u.uses and memory not in elsewhere}
    lately = sorted(accepted, key=lambda memory: -accepted[memory])
    return {
        "pinned": presenter.named(sorted(life.pinned)[:MOST], ranker, state),
        "promoted": promoted,
        "useful": presenter.named(lately[:MOST], ranker, state),
        "forgotten": _forgotten(state, events),
    }


def _forgotten(state: State, events: Iterable[Event]) -> list[dict[str, Any]]:
    life = state.snapshot.life
    newest = forgotten(events, life)[:MOST]
    known = state.get([memory for _, memory in newest])
    found, now = [], time.time()
    for when, memory in newest:
        tombstone, note = known.get(memory), life.notes.get(memory)
        commit = tombstone.source.commit if tombstone else None
        path = note.path if note else next(iter(tombstone.paths), None) if tombstone else None
        one = {"id": memory, "time": iso(when), "commit": commit, "path": path}
        found.append(one | {"phrases": phrases.of_forgotten(one, now)})
    return found
