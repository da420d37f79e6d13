"""`mom doctor`: checks of the installation and the data folder, each with a fix."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

from mom_lsp import datafolder, phrases
from mom_lsp.discussions.archive import Archive
from mom_lsp.encode import choose
from mom_lsp.engine.service import Service
from mom_lsp.engine.status import engine, unshown
from mom_lsp.errors import EncoderError, MomError, NoIndex
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import checksum_of_domains, load_marker
from mom_lsp.indexing.unread_annotations import unread_annotations
from mom_lsp.indexqueue import lease_held
from mom_lsp.journal import on_network_disk
from mom_lsp.phrases import count
from mom_lsp.settings import user_file
from mom_lsp.workspace import Workspace

SLOW = " is on a network file system: locking and the journal are slower and less reliable there"


def doctor(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Return a list of checks, each with a fix if it fails (ok: None is only informative)."""
    checks = [
        _check("Python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11 or newer"),
        _git(workspace),
        *_history(workspace),
        _settings(service, workspace),
        _journal(service),
        _store(service),
        *_discussions(service),
        *_memories(workspace),
        *_annotations(workspace),
        *_lengths(workspace),
        _encoder(workspace),
        _model(service, workspace),
        _check("indexer", None, "running" if lease_held(service.data) else "no indexer is running", ""),
        _engine(service),
        _free_space(service.data),
        _check(
            "disk",
            None if on_network_disk(service.data) else True,
            f"{service.data}{SLOW if on_network_disk(service.data) else ''}",
            "",
        ),
    ]
    return {"checks": checks}


def _check(name: str, ok: bool | None, message: str, fix: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "message": message, "fix": "" if ok else fix}


def _engine(service: Service) -> dict[str, Any]:
    if problems := list(service.background.problems.values()):
        fix = f"see {service.data / datafolder.ENGINE_LOG} and please report this"
        return _check("engine", False, "; ".join(problems), fix)
    return _check("engine", None, "running" if engine(service.data) else "not running; editors start it", "")


def _git(workspace: Workspace) -> dict[str, Any]:
    repository = workspace.worktree.repository
    if repository is None:
        return _check("git", None, "a plain folder: comments and documents only", "")
    try:
        return _check("git", True, repository.version(), "")
    except MomError as error:
        return _check("git", False, str(error), "install git 2.39.4 or newer")


def _history(workspace: Workspace) -> list[dict[str, Any]]:
    """Warn of commits that are missing."""
    repository = workspace.worktree.repository
    problem = phrases.missing_commits(repository.missing_commits) if repository is not None else ""
    fix = "`git fsck` lists what is damaged; fetch or copy it from another clone, then run `mom index`"
    return [_check("history", False, problem, fix)] if problem else []


def _settings(service: Service, workspace: Workspace) -> dict[str, Any]:
    if problems := service.setting_problems(workspace):
        return _check("settings", False, "; ".join(problems), "correct them; all other settings apply")
    return _check("settings", None, f"user settings are in {user_file()}", "")


def _journal(service: Service) -> dict[str, Any]:
    try:
        last, problems = service.library.journal.last_seq(), service.library.journal.problems
    except MomError as error:
        return _check("journal", False, str(error), "free space, or make the folder writable")
    if why := service.library.journal.read_only:
        return _check("journal", None, f"{last} events, read-only: {why}", "")
    message = "; ".join(problems) or f"{last} events"
    return _check("journal", not problems, message, "see the damaged file saved beside it")


def _discussions(service: Service) -> list[dict[str, Any]]:
    """Check what was imported, if anything was."""
    try:
        with Archive(service.data) as archive:
            if not (sources := archive.sources()) and not archive.problem:
                return []
            archive.check()
    except MomError as error:
        return [_check("discussions", False, str(error), "import the exports again")]
    amount = count(sum(source.discussions for source in sources), "discussion")
    return [_check("discussions", True, f"{amount} from {count(len(sources), 'export')}", "")]


def _store(service: Service) -> dict[str, Any]:
    try:
        kept = f"{count(service.library.snapshot().catalog.size, 'memory', 'memories')}, with routine history"
        service.library.store.refresh()
    except NoIndex as error:
        return _check("index", False, str(error), "")  # which says what to do
    except MomError as error:
        return _check("index", False, str(error), "run `mom index`")
    claimed = load_marker(service.data).domains
    writing = lease_held(service.data)  # erasing a memory also removes the domains until they are rebuilt
    if claimed and not writing and claimed != checksum_of_domains(service.data):
        problem = f"{kept}; their domains are damaged, so every domain is searched"
        return _check("index", False, problem, "run `mom index`; a running engine rebuilds them within a minute")
    return _check("index", True, kept, "")


def _encoder(workspace: Workspace) -> dict[str, Any]:
    settings = workspace.settings.encoder
    if not settings.enable:
        return _check("encoder", None, "disabled (mom.encoder.enable)", "")
    try:
        return _check("encoder", True, choose(settings.model).name, "")
    except EncoderError as error:
        return _check("encoder", False, f"{error}; search uses words only", "correct mom.encoder.model")


def _memories(workspace: Workspace) -> list[dict[str, Any]]:
    problems = unshown(workspace)
    fix = "the others are shown; please report this"
    return [_check("memories", False, "; ".join(problems), fix)] if problems else []


def _annotations(workspace: Workspace) -> list[dict[str, Any]]:
    """Warn of git notes that cannot be read; their commits are shown without them."""
    repository = workspace.worktree.repository
    try:
        problems = unread_annotations(repository) if repository is not None else []
    except MomError as error:
        problems = [str(error)]
    return [_check("git notes", None, "; ".join(problems), "")] if problems else []


def _lengths(workspace: Workspace) -> list[dict[str, Any]]:
    """Tell which texts are too long to be read in full."""
    from mom_lsp.indexing.unread_texts import unread_texts  # imports extraction, which an editor need not wait for

    repository = workspace.worktree.repository
    try:
        found = unread_texts(repository, IndexRules.of(workspace.settings)) if repository is not None else []
    except MomError as error:
        found = [str(error)]
    return [_check("long texts", None, "; ".join(found), "")] if found else []


def _model(service: Service, workspace: Workspace) -> dict[str, Any]:
    """Load the model and check whether its attention can be moved; having no model is no failure."""
    settings = workspace.settings.model
    if not settings.path and (absent := service.model.why_not(settings)):
        return _check("model", None, f"answers only quote memories: {absent}", "")
    try:
        return _check("model", True, service.model.examine(settings), "")
    except MomError as error:
        return _check("model", False, str(error), "correct mom.model.path, or set mom.model.enable to false")


def _free_space(data: Path) -> dict[str, Any]:
    free, needed = datafolder.free_space(data), datafolder.SPACE
    fix = f"free some space: indexing needs about {needed // 10**6} MB"
    return _check("space", free > needed, f"{free / 1e9:.1f} GB free", fix)
