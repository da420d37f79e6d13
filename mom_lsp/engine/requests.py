"""The table of requests: each takes its parameters from JSON and calls the service or the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from mom_lsp.engine import doctor, status
from mom_lsp.engine.service import Service
from mom_lsp.errors import DataFolderError, UsageError
from mom_lsp.lm.traces import Drawn
from mom_lsp.process.cancellation import is_cancelled
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.accepted_texts import followed
from mom_lsp.workspace.actions import Actions
from mom_lsp.workspace.answers.contract import attention
from mom_lsp.workspace.answers.line_hints import Wanted
from mom_lsp.workspace.transfer import exported

Params = Mapping[str, Any]
Answer = Callable[[Service, Workspace, Params], Any]
ASKING = frozenset({"suggest", "search", "why"})  # requests that an index answers
FORGETTING = frozenset({"forget", "import", "undo"})  # requests after which a memory may be forgotten
URGENT = frozenset({"configure", "hints", "suggest", "closed"})  # what an editor waits for while somebody types

QUOTED = "Quoted from these memories"
WORDED = "Written by the local model; each sentence was checked against the memory it cites"


def _suggest(service: Service, workspace: Workspace, p: Params) -> Any:
    intent = str(p.get("intent") or "").strip()
    if not p.get("path"):
        if not intent:
            raise UsageError("a path or an intent is required")
        return workspace.words.intend(intent, int(p.get("k") or workspace.settings.suggest.count))
    return workspace.suggest(
        str(p["path"]),
        int(p.get("start", 0)),
        int(p.get("end", 0)),
        text=p.get("text"),
        k=int(p.get("k") or workspace.settings.suggest.count),
        rev=p.get("rev"),
        intent=intent,
        counted=bool(p.get("counted", True)),
        patient=bool(p.get("patient")),
    )


def _hints(service: Service, workspace: Workspace, p: Params) -> Any:
    first = p.get("first")
    wanted = Wanted(int(p["start"]), int(p["end"]), (int(first[0]), int(first[1])) if first else None)
    found = workspace.hints(str(p["path"]), str(p["text"]), wanted)
    return {"hints": found.hints} | ({"lines": list(found.lines)} if found.lines else {})


def _import(service: Service, workspace: Workspace, p: Params) -> Any:
    return {"imported": service.actions(workspace).import_events(p["events"], dry_run=bool(p.get("dry_run")))}


def _hinted(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.hinted(str(p["path"]), [str(identity) for identity in p["ids"]])
    return {}


def _search(service: Service, workspace: Workspace, p: Params) -> Any:
    text, k, within = str(p["text"]), int(p.get("k") or 10), str(p.get("in") or "")
    return workspace.words.search(text, k, within=within, counted=bool(p.get("counted", True)))


def _why(service: Service, workspace: Workspace, p: Params) -> Any:
    began = time.perf_counter()
    counted = bool(p.get("counted", True))
    known = workspace.explain(str(p["path"]), int(p["line"]), text=p.get("text"), counted=counted)
    model, words, drawn = workspace.settings.model, "", Drawn()
    if p.get("generate") and not known.preface and service.model.rephrases(model):
        drawn = service.model.drawn(model, known.path, [clue.memory.id for clue in known.clues])
        words = service.model.word(model, known, is_cancelled, drawn)
    took = round((time.perf_counter() - began) * 1000, 1)
    return {
        "answer": words or known.answer(),
        "citations": known.citations,
        "committed": not known.preface,
        "replaces": known.replaced._asdict() if known.replaced else None,
        "generated": bool(words),
        "origin": WORDED if words else QUOTED,
        "attention": attention(drawn),
        "took_ms": took,
    }


def _complete(service: Service, workspace: Workspace, p: Params) -> Any:
    if not workspace.settings.completion.enable:
        return {"text": "", "led_by": ""}
    path, line, text = str(p["path"]), int(p["line"]), str(p["text"])
    known = workspace.context(path, line, text=text)
    rest = service.model.complete(workspace.settings.model, known, text[: int(p["offset"])], is_cancelled)
    return {"text": rest, "led_by": known.leading_to(rest, text)}


def _given(service: Service, workspace: Workspace, p: Params) -> Actions:
    """Return the actions for feedback that was `given` at a time, if the editor says when."""
    return service.actions(workspace, float(p["given"]) if p.get("given") else None)


def _dismiss(service: Service, workspace: Workspace, p: Params) -> Any:
    path, line = str(p.get("path") or ""), int(p.get("line") or 0)
    return _given(service, workspace, p).dismiss(str(p["id"]), path, line, p.get("code"), never=bool(p.get("never")))


def _forget(service: Service, workspace: Workspace, p: Params) -> Any:
    named = {"undo": str(p["undo"])} if p.get("undo") else {}
    return _given(service, workspace, p).forget(str(p["id"]), **named)


def _note(service: Service, workspace: Workspace, p: Params) -> Any:
    text, path, line = str(p["text"]), str(p.get("path") or ""), int(p.get("line") or 0)
    generated = p.get("generated") is True and bool(path and line)  # only an answer about a line is generated
    clues = workspace.explain(path, line, text=p.get("code")).clues if generated else ()
    cites = [clue.memory.id for clue in clues]
    actions, code = service.actions(workspace), p.get("code")
    return actions.note(text, path, line, code, generated=p.get("generated") is True, cites=cites)


def _prefetch(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.worktree.prefetch(str(p["path"]))
    return {}


def _closed(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.worktree.closed(str(p["path"]))
    return {}


def _reindex(service: Service, workspace: Workspace, p: Params) -> Any:
    if why := service.unwritable:
        raise DataFolderError(why)
    service.want_index(workspace, "asked")
    return {"ok": True, "message": "Updating the index"}


def _undo(service: Service, workspace: Workspace, p: Params) -> Any:
    before = _accepted(service)
    undone = service.actions(workspace).undo(str(p.get("id") or ""))
    now = _accepted(service)
    service.model.unlearn([source for source, memories in before.items() if now.get(source) != memories])
    return undone


def _accepted(service: Service) -> dict[str, list[str]]:
    """Return the accepted texts of all worktrees: an action in one may be undone in another."""
    return {
        source: memories for workspace in service.live_workspaces for source, memories in followed(workspace).items()
    }


def _at_place(action: Callable[[Actions, str, str, int, Any], dict[str, Any]]) -> Answer:
    """Answer with an action on a memory at a line."""
    return lambda service, workspace, p: action(
        _given(service, workspace, p), str(p["id"]), str(p.get("path") or ""), int(p.get("line") or 0), p.get("code")
    )


def _by_id(action: Callable[[Actions, str], dict[str, Any]]) -> Answer:
    """Answer with an action on a memory regardless of place."""
    return lambda service, workspace, p: action(_given(service, workspace, p), str(p["id"]))


REQUESTS: dict[str, Answer] = {
    "open": lambda service, workspace, p: status.opened(service, workspace),
    "configure": lambda service, workspace, p: service.configure(workspace, p),
    "suggest": _suggest,
    "hints": _hints,
    "hinted": _hinted,
    "search": _search,
    "why": _why,
    "complete": _complete,
    "kept": lambda service, workspace, p: workspace.memories.view(),
    "model": lambda service, workspace, p: service.model.state(workspace.settings.model),
    "show": lambda service, workspace, p: workspace.memories.show(str(p["id"])),
    "source": lambda service, workspace, p: workspace.memories.source(
        str(p["id"]), str(p.get("path") or ""), int(p.get("line") or 0), str(p.get("text") or "")
    ),
    "state": lambda service, workspace, p: status.state(service, workspace),
    "domains": lambda service, workspace, p: {"domains": workspace.words.domains()},
    "episode": lambda service, workspace, p: workspace.memories.episode(str(p["id"])),
    "status": lambda service, workspace, p: status.status(service, workspace),
    "doctor": lambda service, workspace, p: doctor.doctor(service, workspace),
    "prefetch": _prefetch,
    "closed": _closed,
    "reindex": _reindex,
    "pin": _at_place(Actions.pin),
    "unpin": _by_id(Actions.unpin),
    "useful": _at_place(Actions.useful),
    "opened": _at_place(Actions.opened),
    "inserted": _at_place(Actions.inserted),
    "forget": _forget,
    "restore": _by_id(Actions.restore),
    "review": lambda service, workspace, p: workspace.memories.review(),
    "rules": lambda service, workspace, p: {"rules": workspace.memories.rules()},
    "merge": lambda service, workspace, p: service.actions(workspace).merge(str(p["id"]), str(p["other"])),
    "active": lambda service, workspace, p: service.actions(workspace).active(),
    "dismiss": _dismiss,
    "undo": _undo,
    "purge": lambda service, workspace, p: service.actions(workspace).purge(),
    "note": _note,
    "export": lambda service, workspace, p: {"events": exported(service.library.journal)},
    "import": _import,
}


def answer(service: Service, method: str, params: Params) -> Any:
    """Answer a request, JSON in and JSON out. Thread-safe.

    Raises:
        MomError: it cannot be answered; UsageError if the request is unknown.
    """
    if method not in REQUESTS:
        raise UsageError(f"unknown request {method!r}")
    workspace = service.workspace(str(params["root"]))
    result = REQUESTS[method](service, workspace, params)
    if method in FORGETTING:
        service.erase()
    if (troubles := service.troubles(workspace)) and isinstance(result, dict):
        result |= {"troubles": troubles}
    if method in ASKING and not service.library.indexed and not service.library.damage:
        result |= {"unindexed": True}
    return result
