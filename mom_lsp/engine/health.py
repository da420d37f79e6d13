"""`mom status` and `mom doctor`: what is there, and whether it is well."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mom_lsp.encode import SentenceEncoder, is_installed
from mom_lsp.engine import status_phrases
from mom_lsp.engine.model import resident
from mom_lsp.errors import EncoderError, MomError
from mom_lsp.indexing.marker import checksum_of_domains, load_marker
from mom_lsp.indexqueue import lease_held
from mom_lsp.journal import on_network_disk
from mom_lsp.process.address import read_record
from mom_lsp.settings import user_file
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.state import State
from mom_lsp.workspace.variety import variety

if TYPE_CHECKING:
    from mom_lsp.engine.service import Service

SLOW = " is on a network disk: locks and the journal are slower and less safe there"
LEAST_FREE = 500_000_000  # bytes
NAMED = 3  # memories that cannot be shown


def opened(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return the little that an editor needs when it opens a folder; notes forgotten long ago are erased now."""
    if not service.library.journal.read_only:
        service.actions(workspace).erase_expired_notes()
    return {
        "root": str(workspace.location.root),
        "data": str(service.data),
        "git": workspace.location.git,
        "read_only": service.read_only,
        "memories": service.library.snapshot().catalog.size,
        "indexing": bool(service.indexing and service.indexing.get("total")),
    }


def state(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return what a status bar shows; cheap, since it is asked often while an index is built."""
    snapshot = service.library.snapshot()
    view = workspace.worktree.view(snapshot.catalog, workspace.worktree.head())
    report = service.indexing or {}
    running = report.get("done", 0) < report.get("total", 0)
    varied = variety(view, snapshot.life, workspace.settings.strategies.variety)
    found = {
        "git": workspace.location.git,
        "indexed": snapshot.key[0] >= 0,
        "memories": int(view.suggestible.sum()),
        "pinned": len(snapshot.life.pinned),
        "forgotten": len(snapshot.life.forgotten),
        "notes": len(snapshot.notes),
        "indexing": {name: report[name] for name in ("phase", "done", "total")} if running else None,
        "waiting": "" if running else report.get("message", ""),
        "problems": _problems(service, *service.setting_problems(workspace), varied["warning"], *_unshown(workspace)),
    }
    return found | {"lines": status_phrases.summary(found), "working": status_phrases.working(found)}


def status(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return what is known of a workspace."""
    return workspace.looks.answer(lambda look: _status(service, workspace, look))


def _status(service: Service, workspace: Workspace, look: State) -> dict[str, Any]:
    snapshot, head = look.snapshot, look.head
    view = workspace.worktree.view(snapshot.catalog, head)
    marker = load_marker(service.data)
    wanted = snapshot.catalog.suggestible
    contents = {c for c, w in zip(snapshot.catalog.contents, wanted.tolist(), strict=True) if w}
    encoder, name = service.library.encoder, _encoder_name(service, workspace)
    varied = variety(view, snapshot.life, workspace.settings.strategies.variety)
    found = {
        "root": str(workspace.location.root),
        "data": str(service.data),
        "git": workspace.location.git,
        "head": head.commit or None,
        "memories": int(view.suggestible.sum()),
        "commits": len(snapshot.catalog.row_of_commit),
        "indexed": snapshot.key[0] >= 0,
        "complete": bool(head.commit) and head.commit in marker.heads,
        "searchable": len(contents),
        "encoded": _encoded(service, name, contents),
        "encoder": name,
        "encoder_ready": encoder is not None or not workspace.settings.encoder.enable,
        "pinned": len(snapshot.life.pinned),
        "forgotten": len(snapshot.life.forgotten),
        "notes": len(snapshot.notes),
        **workspace.overview(look),
        "variety": varied,
        "disk_bytes": sum(_size(file) for file in service.data.rglob("*")),
        "engine": _engine(service.data),
        "model": service.model.state(workspace.settings.model),
        "indexing": service.indexing,
        "problems": _problems(service, *service.setting_problems(workspace), varied["warning"], *_unshown(workspace)),
    }
    return found | {"rows": status_phrases.rows(found)}


def doctor(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return a list of checks, each with what to do if it fails (ok: None is a mere notice)."""
    checks = [
        _check("Python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11 or newer"),
        _git(workspace),
        _settings(service, workspace),
        _journal(service),
        _store(service),
        *_memories(workspace),
        _encoder(workspace),
        _model(service, workspace),
        _check("writer", None, "an indexer is at work" if lease_held(service.data) else "no indexer is at work", ""),
        _work(service),
        _free_space(service.data),
        _check(
            "disk",
            None if on_network_disk(service.data) else True,
            f"{service.data}{SLOW if on_network_disk(service.data) else ''}",
            "",
        ),
    ]
    return {"checks": checks}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:  # the indexer has removed it a moment ago
        return 0


def _check(name: str, ok: bool | None, message: str, fix: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "message": message, "fix": "" if ok else fix}


def _encoder_name(service: Service, workspace: Workspace) -> str | None:
    """Return the model that compares by meaning here, None if there is none."""
    if service.library.encoder is not None:
        return service.library.encoder.name
    settings = workspace.settings.encoder
    try:
        return SentenceEncoder(settings.model).name if settings.enable and is_installed() else None
    except EncoderError:
        return None


def _encoded(service: Service, name: str | None, contents: set[str]) -> int:
    try:
        return len(contents & service.library.store.encoded(name)) if name else 0
    except MomError:
        return 0


def _engine(data: Path) -> dict[str, Any] | None:
    try:
        record = read_record(data)
    except (OSError, ValueError):
        return None
    pid = record.get("pid")
    return {"pid": pid, "memory_bytes": resident(pid) if isinstance(pid, int) else None}


def _work(service: Service) -> dict[str, Any]:
    if problems := list(service.chores.problems.values()):
        return _check("engine", False, "; ".join(problems), f"see {service.data / 'engine.log'}, and report it")
    return _check("engine", None, "running" if _engine(service.data) else "not running; editors start it", "")


def _problems(service: Service, *others: str) -> list[str]:
    library = service.library
    told = [
        service.read_only,
        library.encoder_problem,
        *library.journal.problems,
        *service.chores.problems.values(),
        *others,
    ]
    return [problem for problem in told if problem]


def _git(workspace: Workspace) -> dict[str, Any]:
    repository = workspace.worktree.repository
    if repository is None:
        return _check("git", None, "a plain folder: comments and documents only", "")
    try:
        return _check("git", True, repository.version(), "")
    except MomError as error:
        return _check("git", False, str(error), "install git 2.39.4 or newer")


def _settings(service: Service, workspace: Workspace) -> dict[str, Any]:
    if problems := service.setting_problems(workspace):
        return _check("settings", False, "; ".join(problems), "correct it; the rest of it counts")
    return _check("settings", None, f"yours are in {user_file()}", "")


def _journal(service: Service) -> dict[str, Any]:
    try:
        count, problems = service.library.journal.last_seq(), service.library.journal.problems
    except MomError as error:
        return _check("journal", False, str(error), "free space, or make the folder writable")
    if why := service.library.journal.read_only:
        return _check("journal", None, f"{count} events, to which none can be added: {why}", "")
    return _check("journal", not problems, "; ".join(problems) or f"{count} events", "look at the file kept beside it")


def _store(service: Service) -> dict[str, Any]:
    try:
        size = service.library.snapshot().catalog.size
        service.library.store.refresh()
    except MomError as error:
        return _check("index", False, str(error), "run `mom index`")
    claimed = load_marker(service.data).domains
    at_work = lease_held(service.data)  # what is forgotten takes the domains with it, until they are made anew
    if claimed and not at_work and claimed != checksum_of_domains(service.data):
        problem = f"{size} memories; the domains they are sorted into are damaged, so all are searched"
        return _check("index", False, problem, "run `mom index`; an engine makes them anew within a minute")
    return _check("index", True, f"{size} memories", "")


def _encoder(workspace: Workspace) -> dict[str, Any]:
    settings = workspace.settings.encoder
    if not settings.enable:
        return _check("encoder", None, "turned off (mom.encoder.enable)", "")
    if not is_installed():
        return _check("encoder", None, "not installed: search works by words", "pip install 'mom-lsp[encode]'")
    try:
        return _check("encoder", True, SentenceEncoder(settings.model).name, "")
    except EncoderError as error:
        return _check("encoder", False, str(error), "correct mom.encoder.model")


def _unshown(workspace: Workspace) -> list[str]:
    """Return why memories were left out of answers, the first few."""
    return list(workspace.teller.isolation.problems.values())[:NAMED]


def _memories(workspace: Workspace) -> list[dict[str, Any]]:
    problems = _unshown(workspace)
    return [_check("memories", False, "; ".join(problems), "the others are shown; report it")] if problems else []


def _model(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Load the model, and say which it is and whether its attention can be moved; none is no failure."""
    settings = workspace.settings.model
    if not settings.path and (absent := service.model.why_not(settings)):
        return _check("model", None, f"answers are in the memories' own words: {absent}", "")
    try:
        return _check("model", True, service.model.examine(settings), "")
    except MomError as error:
        return _check("model", False, str(error), "correct mom.model.path, or set mom.model.enable to false")


def _free_space(data: Path) -> dict[str, Any]:
    free = shutil.disk_usage(data if data.exists() else data.parent).free
    return _check(
        "space", free > LEAST_FREE, f"{free / 1e9:.1f} GB free", "free some space: indexing needs about 500 MB"
    )
