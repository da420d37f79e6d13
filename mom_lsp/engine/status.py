"""`mom status`, and what an editor's status bar shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mom_lsp.encode import choose
from mom_lsp.engine import status_phrases
from mom_lsp.engine.model import resident
from mom_lsp.engine.service import Service
from mom_lsp.errors import EncoderError, MomError
from mom_lsp.indexing.marker import load_marker
from mom_lsp.process.address import read_record
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.answers.variety import variety
from mom_lsp.workspace.library.state import State

NAMED = 3  # problems that are named


def opened(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return what an editor needs when it opens a folder, and erase notes that were forgotten long ago."""
    if not service.library.journal.read_only:
        service.actions(workspace).erase_expired_notes()
    return {
        "root": str(workspace.location.root),
        "data": str(service.data),
        "git": workspace.location.git,
        "unwritable": service.unwritable,
        "memories": service.library.snapshot().catalog.size,
        "indexing": bool(service.indexing and service.indexing.get("total")),
    }


def state(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return what a status bar shows; cheap, since editors poll it while an index is built."""
    snapshot = service.library.snapshot()
    head = workspace.worktree.head()
    view = workspace.worktree.view(snapshot.catalog, head)
    report = service.indexing or {}
    running = report.get("done", 0) < report.get("total", 0)
    varied = variety(view, snapshot.life, workspace.settings.strategies.variety)
    memories, git = int(view.suggestible.sum()), workspace.location.git
    found = {
        "git": git,
        "unborn": git and not head.commit,
        "indexed": snapshot.indexed and (memories > 0 or not head.commit or _was_read(service)),
        "memories": memories,
        "pinned": len(snapshot.life.pinned),
        "forgotten": len(snapshot.life.forgotten),
        "notes": len(snapshot.notes),
        "indexing": {name: report[name] for name in ("phase", "done", "total")} if running else None,
        "waiting": "" if running else report.get("message", ""),
        "problems": _problems(service, *service.setting_problems(workspace), varied["warning"], *unshown(workspace)),
    }
    return found | {"lines": status_phrases.summary(found), "working": status_phrases.working(found)}


def _was_read(service: Service) -> bool:
    """Whether an indexing pass has come to its end: the first rows come after the tables."""
    return bool(load_marker(service.data).heads)


def status(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return everything that `mom status` shows of a workspace."""
    return workspace.states.answer(lambda current: _status(service, workspace, current))


def _status(service: Service, workspace: Workspace, current: State) -> dict[str, Any]:
    snapshot, head = current.snapshot, current.head
    view = workspace.worktree.view(snapshot.catalog, head)
    marker = load_marker(service.data)
    wanted = snapshot.catalog.suggestible
    contents = {c for c, w in zip(snapshot.catalog.contents, wanted.tolist(), strict=True) if w}
    name = _encoder_name(service, workspace)
    varied = variety(view, snapshot.life, workspace.settings.strategies.variety)
    found = {
        "root": str(workspace.location.root),
        "data": str(service.data),
        "git": workspace.location.git,
        "head": head.commit or None,
        "memories": int(view.suggestible.sum()),
        "commits": len(snapshot.catalog.row_of_commit),
        "indexed": snapshot.indexed,
        "complete": bool(head.commit) and head.commit in marker.heads,
        "searchable": len(contents),
        "encoded": _encoded(service, name, contents),
        "encoder": name,
        "pinned": len(snapshot.life.pinned),
        "forgotten": len(snapshot.life.forgotten),
        "notes": len(snapshot.notes),
        **workspace.memories.overview(current),
        "variety": varied,
        "disk_bytes": sum(_size(file) for file in service.data.rglob("*")),
        "engine": engine(service.data),
        "model": service.model.state(workspace.settings.model),
        "indexing": service.indexing,
        "problems": _problems(service, *service.setting_problems(workspace), varied["warning"], *unshown(workspace)),
    }
    return found | {"rows": status_phrases.rows(found)}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:  # the indexer removed it meanwhile
        return 0


def _encoder_name(service: Service, workspace: Workspace) -> str | None:
    """Return the name of the embedding model, None if there is none."""
    if service.library.encoder is not None:
        return service.library.encoder.name
    settings = workspace.settings.encoder
    try:
        return choose(settings.model).name if settings.enable else None
    except EncoderError:
        return None


def _encoded(service: Service, name: str | None, contents: set[str]) -> int:
    try:
        return len(contents & service.library.store.encoded(name)) if name else 0
    except MomError:
        return 0


def engine(data: Path) -> dict[str, Any] | None:
    """Return the process and memory of the running engine, None if there is none."""
    import psutil  # takes 20 ms to import

    try:
        record = read_record(data)
    except (OSError, ValueError):
        return None
    pid = record.get("pid")
    if not isinstance(pid, int) or not psutil.pid_exists(pid):  # it was killed
        return None
    return {"pid": pid, "memory_bytes": resident(pid)}


def _problems(service: Service, *others: str) -> list[str]:
    library = service.library
    problems = [
        service.unwritable,
        library.damage,
        library.encoder_problem,
        *library.journal.problems,
        *service.background.problems.values(),
        *others,
    ]
    return [problem for problem in problems if problem]


def unshown(workspace: Workspace) -> list[str]:
    """Return why memories were left out of answers, for the first few of them."""
    return list(workspace.presenter.isolation.problems.values())[:NAMED]
