"""Lists of memories that answer no question: what `mom review` walks through, and what the editor's view shows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from mom_lsp import phrases
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository
from mom_lsp.journal import Event
from mom_lsp.workspace.answers import review
from mom_lsp.workspace.answers.contract import iso
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.ranker import Ranker

MOST = 50  # of each list in the view


def review_lists(
    presenter: Presenter, ranker: Ranker, state: State, events: Iterable[Event], now: float, threshold: float
) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of `mom review`, each memory with its "reason"; of forgotten ones, newest first, only the id."""
    view, life = state.view, state.snapshot.life
    drifted = presenter.picked(review.to_keep_fresh(view, life), ranker, state)
    return {
        "fading": presenter.picked(review.fading(view, life, ranker.tiers, threshold), ranker, state),
        "promoted": promoted(presenter, ranker, state, now),
        "drifted": [one for one in drifted if one["freshness"] in ("drifted", "gone")],
        "archived": presenter.picked(review.archived(view, life), ranker, state),
        "forgotten": [{"id": memory, "time": iso(when)} for when, memory in review.forgotten(events, life)],
    }


def promoted(presenter: Presenter, ranker: Ranker, state: State, now: float) -> list[dict[str, Any]]:
    """Return the memories that were validated or promoted lately, each with its "reason"."""
    picks = review.promoted(state.view, state.snapshot.life, state.head.ancestors, now)
    return presenter.picked(picks, ranker, state)


def memories_view(
    presenter: Presenter,
    ranker: Ranker,
    state: State,
    events: Iterable[Event],
    now: float,
    repository: Repository | None,
) -> dict[str, list[dict[str, Any]]]:
    """Return the memories that are pinned, promoted lately, accepted lately, and forgotten.

    A forgotten memory has no text any more: it is {"id", "time", "commit", "path", "phrases"}, newest first. The title
    in its phrases is read from `repository` now.
    """
    life, lately = state.snapshot.life, promoted(presenter, ranker, state, now)[:MOST]
    elsewhere = life.pinned | life.forgotten | {one["id"] for one in lately}
    last_used = {memory: u.last_used for memory, u in life.usage.items() if u.uses and memory not in elsewhere}
    useful = sorted(last_used, key=lambda memory: -last_used[memory])
    return {
        "pinned": presenter.named(sorted(life.pinned)[:MOST], ranker, state),
        "promoted": lately,
        "useful": presenter.named(useful[:MOST], ranker, state),
        "forgotten": _forgotten(state, events, repository),
    }


def _forgotten(state: State, events: Iterable[Event], repository: Repository | None) -> list[dict[str, Any]]:
    life = state.snapshot.life
    newest = review.forgotten(events, life)[:MOST]
    known = state.get([memory for _, memory in newest])
    title_of = titles(repository, [one.source.commit for one in known.values() if one.source.commit])
    found, now = [], time.time()
    for when, memory in newest:
        tombstone, note = known.get(memory), life.notes.get(memory)
        commit = tombstone.source.commit if tombstone else None
        path = note.path if note else next(iter(tombstone.paths), None) if tombstone else None
        one = {"id": memory, "time": iso(when), "commit": commit, "path": path}
        found.append(one | {"phrases": phrases.of_forgotten(one, title_of.get(commit or "", ""), now)})
    return found


def titles(repository: Repository | None, commits: Sequence[str]) -> dict[str, str]:
    """Return the titles of commits, with secrets masked; none if git no longer has one of them."""
    if repository is None or not commits:
        return {}
    from mom_lsp.redact import sanitize  # here, like all that hints do not need

    try:
        found = list(repository.messages(commits))
    except RepositoryError:
        return {}
    return {one.sha: sanitize(one.message.partition("\n")[0]) for one in found}
