"""Asks data folders that were damaged, and says what it got: one JSON line for each line of its standard input.

It runs as a process of its own, since damage may end it. `Asker` starts it, and starts it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIMEOUT = 120.0  # seconds


class Asker:
    """A process that asks one folder after another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, root: Path) -> dict[str, Any]:
        """Return what a user of the repository at `root` gets. See `answers`."""
        if self._process is None:
            command = [sys.executable, "-P", __file__]
            environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "RUST_BACKTRACE": "0"}
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{root}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._process = None
            return {"ended": code}
        return dict(json.loads(line))

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=TIMEOUT)
            self._process = None


def told(action: Callable[[], Any]) -> Any:
    """Return what an action returns, or {"error": …} with the names of its classes."""
    try:
        return action()
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        trace = [] if "MomError" in kinds else traceback.format_exc().splitlines()[-8:]
        return {"error": str(error), "kinds": kinds, "trace": trace}


def answers(root: Path) -> dict[str, Any]:
    """Ask as an editor does that is opened again: before the index is updated, after that, and by a new process.

    Nothing is done that a person would have to do.
    """
    from fault_workload import PLACE, WORDS
    from memories import on_head
    from repositories import Mom, Repo

    from mom_lsp.discussions.archive import Archive
    from mom_lsp.store import Store

    def feedback(mom: Mom) -> dict[str, Any]:
        journal = mom.service.library.journal
        return {
            "events": [[event.seq, event.type, event.memory, event.data] for event in journal.events()],
            "problems": list(journal.problems),
        }

    def discussions() -> list[int]:
        with Archive(mom.location.data) as archive:
            kept = sorted(one.number for one in archive.all())
            found["told"] = archive.problem
            return kept

    def ask(mom: Mom) -> dict[str, Any]:
        return {
            "journal": told(lambda: feedback(mom)),
            "search": told(lambda: sorted(one["title"] for one in mom.search(WORDS, 1000))),
            "suggest": told(lambda: [one["title"] for one in mom.suggest(*PLACE)]),
            "show": told(lambda: [mom.call("show", id=one["id"])["title"] for one in mom.search(WORDS)]),
            "status": told(lambda: mom.call("status")["problems"]),
        }

    mom = Mom(root)
    found: dict[str, Any] = {}
    found["discussions"] = told(discussions)
    found["before"] = ask(mom)
    messages: list[str] = []
    found["index"] = told(lambda: mom.index(encode=False, report=lambda at: messages.append(at.message)).waiting)
    found["messages"] = [message for message in messages if message]
    found["follow"] = told(lambda: mom.service.follow() and None)
    found["after"] = ask(mom)
    told(mom.service.close)
    mom = Mom(root)
    found["again"] = ask(mom)
    told(mom.service.close)

    def stored() -> list[dict[str, Any]]:
        store = Store(mom.location.data)
        found["vectors"] = len(store.encoded("hash"))
        found["matches"] = len(store.search_text(WORDS, 1000))
        return on_head(Repo(root))

    found["rows"] = told(stored)
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answers(Path(line.rstrip("\n")))), flush=True)
