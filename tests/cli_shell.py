"""`mom` as a user types it, in a workspace whose service answers from two memories."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from suggestions import make_suggestion

from mom_lsp.cli.app import app
from mom_lsp.errors import UsageError
from mom_lsp.git.location import Location

PLAIN = {"NO_COLOR": "1", "FORCE_COLOR": None, "TERM": "dumb"}
TERMINAL = {"NO_COLOR": None, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100", "COLORTERM": "truecolor"}


class Notebook:
    """A service that is a function of its input: two memories about src/a.py, and a log of the feedback."""

    def __init__(self) -> None:
        self.memories = [make_suggestion(), make_suggestion(id="cafe000000000002", kind="fix", title="Count from one")]
        self.events: list[dict[str, Any]] = []
        self.marks: dict[str, bool] = {}  # of the answers to searches

    def open(self, location: Location) -> Callable[[str, dict[str, Any]], Any]:
        def answer(method: str, params: dict[str, Any]) -> Any:
            assert params.pop("root") == str(location.root)
            return getattr(self, "answer_" + method, self.record)(method, params)

        return answer

    def answer_suggest(self, _: str, params: dict[str, Any]) -> Any:
        found = self.memories[: params["k"]] if params.get("path", "src/a.py") == "src/a.py" else []
        return {"query": params, "suggestions": found, "abstained": not found, "took_ms": 1.5}

    def answer_search(self, _: str, params: dict[str, Any]) -> Any:
        found = [memory for memory in self.memories if params["text"].lower() in memory["title"].lower()]
        return {"query": params, "suggestions": found[: params["k"]], "abstained": False, "took_ms": 1.5} | self.marks

    def answer_domains(self, _: str, params: dict[str, Any]) -> Any:
        return {"domains": [{"name": "lib/vtls: openssl, certificates", "memories": 1200}] if self.memories else []}

    def answer_show(self, _: str, params: dict[str, Any]) -> Any:
        found = [memory for memory in self.memories if memory["id"].startswith(params["id"])]
        if len(found) != 1:
            raise UsageError(f"no memory has an id starting with {params['id']}")
        said = {"event": "pin", "age": "2 years ago"}
        history = [{"event": "pin", "path": "src/a.py", "reason": "", "phrases": said}]
        phrases = found[0]["phrases"] | {"evidence": "no uses"}
        more = {"suggested": False, "because": "it was dismissed here", "history": history, "phrases": phrases}
        more["life"] = {"reason": ""}
        return found[0] | more | {"related": [m for m in self.memories if m is not found[0]]}

    def answer_review(self, _: str, params: dict[str, Any]) -> Any:
        lists: dict[str, Any] = {name: [] for name in ("promoted", "drifted", "forgotten")}
        phrases = self.memories[0]["phrases"] | {"strength": "faded to 25%"}
        fading = [self.memories[0] | {"reason": "about to fade faster", "phrases": phrases}]
        return lists | {"fading": fading, "archived": [self.memories[1] | {"reason": "dismissed"}]}

    def answer_export(self, _: str, params: dict[str, Any]) -> Any:
        return {"events": self.events}

    def answer_import(self, _: str, params: dict[str, Any]) -> Any:
        given = params["events"]
        new = [event for at, event in enumerate(given) if event not in self.events + given[:at]]
        if not params["dry_run"]:
            self.events += new
        return {"imported": len(new)}

    def answer_doctor(self, _: str, params: dict[str, Any]) -> Any:
        broken = bool(self.events)
        return {"checks": [{"name": "journal", "ok": not broken, "message": "read", "fix": "restore a copy of it"}]}

    def answer_status(self, _: str, params: dict[str, Any]) -> Any:
        rows = [["memories", "1,200 from 1,500 commits"], ["engine", "not running"]]
        some = bool(self.memories)
        return {"commits": 1500, "indexed": some, "engine": 1, "rows": rows, "problems": ["the history is shallow"]}

    def record(self, method: str, params: dict[str, Any]) -> Any:
        if params.get("id") == "missing":
            return {"ok": False, "message": "no such memory"}
        self.events.append({"method": method, **params})
        return {"ok": True, "message": f"{method} done"}


@dataclass
class Shell:
    """Runs `mom` in a workspace against a Notebook."""

    root: Path
    book: Notebook
    opener: Any

    def __call__(self, *args: str, env: dict[str, str | None] | None = None, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            app, ["-C", str(self.root), *args], obj=self.opener, env=env or PLAIN, input=stdin, prog_name="mom"
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work tree"
    (root / "src").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "src/a.py").write_text("one\ntwo\nthree\n")
    return root


@pytest.fixture
def mom(root: Path, home: Path) -> Shell:
    book = Notebook()
    return Shell(root, book, book.open)
