"""The episode that each memory of an answer is part of, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mom_lsp.git.ancestors import Ancestors
from mom_lsp.memory import Grouped, Memory, Scored
from mom_lsp.route.episodes import Episode, Episodes
from mom_lsp.route.view import View
from mom_lsp.workspace.ranking.candidates import TextReader

# Merges that update a branch from the main line rather than end it.
_UPDATE = re.compile(
    r"merge (?:remote[- ]tracking )?branch '?(?:origin/|upstream/)?(?:master|main|trunk|develop)\b"
    r"|merge (?:https?:|git@|ssh:|git:)",
    re.IGNORECASE,
)


class EpisodeAnnotator:
    """Adds the episodes of one HEAD to suggestions."""

    def __init__(self, texts: TextReader, view: View, history: Ancestors) -> None:
        self._texts, self._view = texts, view
        self._episodes = Episodes(view, history)

    def annotated(self, found: Sequence[Scored]) -> list[Scored]:
        """Return suggestions with the episode of each, if it has one."""
        return [replace(one, episode=self.of(one.memory)) for one in found]

    def of(self, memory: Memory) -> Grouped | None:
        """Return the most certain episode of a memory, None if it has none."""
        ids = self._view.catalog.ids
        row = self._view.catalog.row_of.get(memory.id)
        named = [ref.target for ref in memory.references if ref.relation != "mention" and ref.target.startswith("#")]
        issues = dict.fromkeys([*(f"#{number}" for number in memory.numbers), *named])
        part, commit = memory.source.discussion, memory.source.commit or ""
        issues |= {f"#{part.number}": None} if part is not None else {}
        for episode in self._episodes.of(row, issues, commit) if row is not None else ():
            title = self._title(episode, memory)
            if title:
                return Grouped(episode.kind, title, tuple(ids[member] for member in episode.rows))
        return None

    def _title(self, episode: Episode, memory: Memory) -> str:
        """Return the title of an episode, "" if its merge ended no branch."""
        if episode.kind != "branch" or episode.name.startswith("#"):
            return episode.name or f"by {memory.source.author}"
        row = self._view.catalog.row_of_commit.get(episode.name)
        merges = self._texts.get([self._view.catalog.ids[row]]) if row is not None else {}
        title = next((merge.title for merge in merges.values()), "")
        return "" if _UPDATE.match(title) else title
