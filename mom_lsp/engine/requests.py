"""The requests that the service answers: what each of them takes from its parameters, and whom it asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mom_lsp.engine import health
from mom_lsp.errors import DataFolderError, UsageError
from mom_lsp.process.cancel import is_cancelled
from mom_lsp.trace.attention import Drawn
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.accepted import followed
from mom_lsp.workspace.present import attention
from mom_lsp.workspace.transfer import taken_out

if TYPE_CHECKING:
    from mom_lsp.engine.service import Service

Params = Mapping[str, Any]

QUOTED = "In the words of these memories"
WORDED = "Worded by the local model; each sentence was checked against the memory that it cites"


def _suggest(service: Service, workspace: Workspace, p: Params) -> Any:
    intent = str(p.get("intent") or "").strip()
    if not p.get("path"):
        if not intent:
            raise UsageError("say where, or what you are about to do")
        return workspace.intend(intent, int(p.get("k") or workspace.settings.suggest.count))
    return workspace.suggest(
        str(p["path"]),
        int(p.get("start", 0)),
        int(p.get("end", 0)),
        text=p.get("text"),
        k=int(p.get("k") or workspace.settings.suggest.count),
        rev=p.get("rev"),
        intent=intent,
        counted=bool(p.get("counted", True)),
    )


def _hints(service: Service, workspace: Workspace, p: Params) -> Any:
    return {"hints": workspace.hints(str(p["path"]), str(p["text"]), int(p["start"]), int(p["end"]))}


def _hinted(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.hinted(str(p["path"]), [str(identity) for identity in p["ids"]])
    return {}


def _search(service: Service, workspace: Workspace, p: Params) -> Any:
    return workspace.search(str(p["text"]), int(p.get("k") or 10))


def _why(service: Service, workspace: Workspace, p: Params) -> Any:
    began = time.perf_counter()
    known = workspace.explain(str(p["path"]), int(p["line"]), text=p.get("text"))
    model, words, drawn = workspace.settings.model, "", Drawn()
    if p.get("generate"):
        drawn = service.model.drawn(model, known.path, [clue.memory.id for clue in known.clues])
        words = service.model.word(model, known, is_cancelled, drawn)
    took = round((time.perf_counter() - began) * 1000, 1)
    return {
        "answer": words or known.answer(),
        "citations": known.citations,
        "generated": bool(words),
        "origin": WORDED if words else QUOTED,
        "attention": attention(drawn),
        "took_ms": took,
    }


def _complete(service: Service, workspace: Workspace, p: Params) -> Any:
    if not workspace.settings.completion.enable:
        return {"text": "", "led_by": ""}
    path, line, text = str(p["path"]), int(p["line"]), str(p["text"])
    lines = text.split("\n")[:line]
    before = "\n".join([*lines[:-1], lines[-1][: int(p["column"])]])
    known = workspace.explain(path, line, text=text)
    rest = service.model.complete(workspace.settings.model, known, before, is_cancelled)
    return {"text": rest, "led_by": known.leading_to(rest, text)}


def _dismiss(service: Service, workspace: Workspace, p: Params) -> Any:
    path, line = str(p.get("path") or ""), int(p.get("line") or 0)
    return service.actions(workspace).dismiss(str(p["id"]), path, line, p.get("code"), never=bool(p.get("never")))


def _note(service: Service, workspace: Workspace, p: Params) -> Any:
    text, path, line = str(p["text"]), str(p.get("path") or ""), int(p.get("line") or 0)
    generated = p.get("generated") is True and bool(path and line)  # an answer is to a question about a line
    clues = workspace.explain(path, line, text=p.get("code")).clues if generated else ()
    cites = [clue.memory.id for clue in clues]
    said, code = service.actions(workspace), p.get("code")
    return said.note(text, path, line, code, generated=p.get("generated") is True, cites=cites)


def _prefetch(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.prefetch(str(p["path"]))
    return {}


def _reindex(service: Service, workspace: Workspace, p: Params) -> Any:
    if why := service.read_only:
        raise DataFolderError(why)
    service.want_index(workspace, "asked")
    return {"ok": True, "message": "Reading what is new"}


def _undo(service: Service, workspace: Workspace, p: Params) -> Any:
    before = _followed(service)
    said = service.actions(workspace).undo(str(p.get("id") or ""))
    now = _followed(service)
    service.model.unlearn([source for source, memories in before.items() if now.get(source) != memories])
    return said


def _followed(service: Service) -> dict[str, list[str]]:
    """Return the accepted texts of all worktrees: what was said in one may be taken back in another."""
    return {source: memories for workspace in service.there for source, memories in followed(workspace).items()}


def _at_place(action: str) -> Callable[[Service, Workspace, Params], Any]:
    def answer(service: Service, workspace: Workspace, p: Params) -> Any:
        said = getattr(service.actions(workspace), action)
        return said(str(p["id"]), str(p.get("path") or ""), int(p.get("line") or 0), p.get("code"))

    return answer


def _by_id(action: str) -> Callable[[Service, Workspace, Params], Any]:
    return lambda service, workspace, p: getattr(service.actions(workspace), action)(str(p["id"]))


REQUESTS: dict[str, Callable[[Service, Workspace, Params], Any]] = {
    "open": lambda service, workspace, p: health.opened(service, workspace),
    "configure": lambda service, workspace, p: service.configure(workspace, p),
    "suggest": _suggest,
    "hints": _hints,
    "hinted": _hinted,
    "search": _search,
    "why": _why,
    "complete": _complete,
    "kept": lambda service, workspace, p: workspace.kept(),
    "model": lambda service, workspace, p: service.model.state(workspace.settings.model),
    "show": lambda service, workspace, p: workspace.show(str(p["id"])),
    "state": lambda service, workspace, p: health.state(service, workspace),
    "episode": lambda service, workspace, p: workspace.episode(str(p["id"])),
    "status": lambda service, workspace, p: health.status(service, workspace),
    "doctor": lambda service, workspace, p: health.doctor(service, workspace),
    "prefetch": _prefetch,
    "reindex": _reindex,
    **{name: _by_id(name) for name in ("unpin", "forget", "restore")},
    **{name: _at_place(name) for name in ("pin", "useful", "opened", "inserted")},
    "review": lambda service, workspace, p: workspace.review(),
    "merge": lambda service, workspace, p: service.actions(workspace).merge(str(p["id"]), str(p["other"])),
    "active": lambda service, workspace, p: service.actions(workspace).active(),
    "dismiss": _dismiss,
    "undo": _undo,
    "purge": lambda service, workspace, p: service.actions(workspace).purge(),
    "note": _note,
    "export": lambda service, workspace, p: {"events": taken_out(service.library.journal)},
    "import": lambda service, workspace, p: service.actions(workspace).import_events(p["events"]),
}
