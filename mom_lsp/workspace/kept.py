"""What the user kept, found useful and sent away, for a view of memories: the journal's view of them, not a ranking."""

from __future__ import annotations

import time
from typing import Any

from mom_lsp import phrases
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.workspace.present import iso
from mom_lsp.workspace.review import forgotten
from mom_lsp.workspace.workspace import Workspace

MOST = 50  # of each


def kept(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """Return the pinned memories, those promoted and those accepted lately, and what is known of the forgotten ones.

    A forgotten memory has no text any more: it is told as {"id", "time", "commit", "path", "phrases"}, newest first.
    """
    life = workspace.library.snapshot().life
    promoted = workspace.promoted()[:MOST]
    elsewhere = life.pinned | life.forgotten | {one["id"] for one in promoted}
    accepted = {memory: u.last_used for memory, u in life.usage.items() if u.uses and memory not in elsewhere}
    return {
        "pinned": workspace.told(sorted(life.pinned)[:MOST]),
        "promoted": promoted,
        "useful": workspace.told(sorted(accepted, key=lambda memory: -accepted[memory])[:MOST]),
        "forgotten": _forgotten(workspace, life),
    }


def _forgotten(workspace: Workspace, life: Life) -> list[dict[str, Any]]:
    newest = forgotten(workspace.library.journal.events(), life)[:MOST]
    known = workspace.library.get([memory for _, memory in newest])
    found, now = [], time.time()
    for when, memory in newest:
        tombstone, note = known.get(memory), life.notes.get(memory)
        commit = tombstone.source.commit if tombstone else None
        path = note.path if note else next(iter(tombstone.paths), None) if tombstone else None
        one = {"id": memory, "time": iso(when), "commit": commit, "path": path}
        found.append(one | {"phrases": phrases.of_forgotten(one, now)})
    return found
