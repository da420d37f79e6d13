"""What a status bar shows of a repository while it is read, and afterwards."""

from __future__ import annotations

from repositories import Mom, Repo, Start, fill

from mom_lsp.store import Store, writer_lease


def shown(mom: Mom) -> tuple[bool, int, str]:
    mom.service.library.reload()
    state = mom.call("state")
    return state["indexed"], state["memories"], state["working"]


def test_an_index_without_rows_yet_is_being_built(project: Repo, moms: Start) -> None:
    fill(project, 3)
    mom = moms(project)
    with writer_lease(project.location.data):
        Store(project.location.data, create=True)
    assert shown(mom) == (False, 0, "Reading history")
    mom.index()
    assert shown(mom) == (True, 6, "")


def test_a_history_without_any_memory_is_read_once(project: Repo, moms: Start) -> None:
    project.commit("wip", {"a.py": "x = 1\n"})
    mom = moms(project)
    mom.index()
    assert shown(mom) == (True, 0, "")
