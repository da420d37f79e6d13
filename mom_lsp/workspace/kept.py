"""What the user kept, found useful and sent away, for a view of memories: the journal's view of them, not a ranking."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mom_lsp.workspace.present import iso
from mom_lsp.workspace.workspace import Workspace

MOST = 50  # of each


def kept(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """Return the pinned memories, those promoted and those accepted lately, and what is known of the forgotten ones.

    A forgotten memory has no text any more: it is told as {"id", "time", "commit", "path"}, newest first.
    """
    life = workspace.library.snapshot().life
    promoted = workspace.promoted()[:MOST]
    elsewhere = life.pinned | life.forgotten | {one["id"] for one in promoted}
    accepted = {memory: u.last_used for memory, u in life.usage.items() if u.uses and memory not in elsewhere}
    return {
        "pinned": workspace.told(sorted(life.pinned)[:MOST]),
        "promoted": promoted,
        "useful": workspace.told(_newest(accepted)),
        "forgotten": _forgotten(workspace, life.forgotten),
    }


def _newest(times: Mapping[str, float]) -> list[str]:
    return sorted(times, key=lambda memory: -times[memory])[:MOST]


def _forgotten(workspace: Workspace, forgotten: Collection[str]) -> list[dict[str, Any]]:
    since = {e.memory: e.time for e in workspace.library.journal.events() if e.type == "forget"}
    newest = _newest({memory: since.get(memory, 0.0) for memory in forgotten})
    known, notes = workspace.library.get(newest), workspace.library.snapshot().life.notes
    found = []
    for memory in newest:
        tombstone, note = known.get(memory), notes.get(memory)
        commit = tombstone.source.commit if tombstone else None
        path = note.path if note else next(iter(tombstone.paths), None) if tombstone else None
        found.append({"id": memory, "time": iso(since.get(memory, 0.0)), "commit": commit, "path": path})
    return found
