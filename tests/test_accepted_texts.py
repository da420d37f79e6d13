"""What the local model learns attention from: texts that the user accepted, found in the journal and the history."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from repositories import Mom, Repo, Start

from mom_lsp import datafolder
from mom_lsp.engine.requests import answer
from mom_lsp.git import locate
from mom_lsp.indexing.scheduler import index
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.traces import Observation
from mom_lsp.workspace.accepted_texts import accepted_texts

CODE = "def fetch(url):\n    for attempt in range({}):\n        send(url)\n"


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    project.commit("Try again\n\nBecause the network drops packets.", {"src/client.py": CODE.format(3)})
    project.commit("Say more", {"README.md": "# Client\n"})
    mom = moms(project)
    mom.index()
    return mom


def texts(mom: Mom) -> list[tuple[str, str, list[str | None], str]]:
    """Return (cue, text, memories of the prompt, the first of them) of what was accepted."""
    workspace = mom.service.workspace(str(mom.root))
    found = [text.accepted for text in accepted_texts(workspace, ())]
    return [
        (one.cue, one.text, [part.memory for part in one.messages[-1].parts if part.memory], one.first) for one in found
    ]


def test_a_kept_answer_becomes_an_accepted_text_with_its_citations(mom: Mom) -> None:
    (memory,) = mom.search("network drops")
    note = {"text": "It tries three times as packets are lost [1].", "path": "src/client.py", "line": 2}
    mom.call("note", **note, generated=True)
    assert texts(mom) == [("src", note["text"], [memory["id"]], memory["id"])]
    workspace = mom.service.workspace(str(mom.root))
    (text,) = accepted_texts(workspace, ())
    assert "range(3)" in text.accepted.messages[-1].text
    assert list(accepted_texts(workspace, {text.source})) == []
    mom.call("forget", id=memory["id"])
    mom.call("note", text="Three is what the server bears", path="src/client.py", line=2)
    assert texts(mom) == [], "its memory is forgotten, and what the user writes himself is no text of a model"


def test_a_commit_dated_before_the_feedback_is_not_an_accepted_text(mom: Mom, project: Repo) -> None:
    (memory,) = mom.search("network drops")
    mom.call("useful", id=memory["id"], path="src/client.py", line=2)
    project.commit("Try four times, as somebody else had done before", {"src/client.py": CODE.format(4)})
    mom.index()
    assert texts(mom) == []


def test_only_the_next_commit_to_the_file_counts(mom: Mom, project: Repo) -> None:
    (memory,) = mom.search("network drops")
    mom.call("useful", id=memory["id"], path="src/client.py", line=2)
    project.now[0] = int(time.time()) + 60
    project.commit("Try five times\n\nThree were not enough.", {"src/client.py": CODE.format(5)})
    project.commit("Try seven times", {"src/client.py": CODE.format(7)})
    mom.index()
    ((cue, text, memories, first),) = texts(mom)
    assert (cue, memories[0], first) == ("src", memory["id"], memory["id"])
    assert text.startswith("Try five times. Three were not enough")
    mom.call("undo")
    assert texts(mom) == []


def test_a_new_file_also_yields_an_accepted_text(mom: Mom, project: Repo) -> None:
    (memory,) = mom.search("network drops")
    mom.call("useful", id=memory["id"], path="src/server.py", line=0)
    project.now[0] = int(time.time()) + 60
    project.commit("Serve what the client asks", {"src/server.py": "x = 1\n"})
    mom.index()
    assert texts(mom) == [("src", "Serve what the client asks.", [memory["id"]], "")]


def test_malformed_imported_notes_are_ignored(mom: Mom) -> None:
    odd: list[dict[str, Any]] = [{"cites": 5}, {"cites": [5], "line": "x"}, {"cites": "a", "text": []}]
    notes = [
        {"time": 5.0, "type": "note", "memory": f"{number:016x}", "path": "../x", "data": {"text": "x", **data}}
        for number, data in enumerate(odd)
    ]
    mom.call("import", events=notes)
    assert texts(mom) == []


def test_undoing_the_feedback_removes_what_was_learned_from_its_text(mom: Mom, project: Repo) -> None:
    (memory,) = mom.search("network drops")
    mom.call("useful", id=memory["id"], path="src/client.py", line=2)
    project.commit("Try four times", {"src/client.py": CODE.format(4)}, date=int(time.time()) + 60)
    mom.index()
    workspace = mom.service.workspace(str(mom.root))
    (text,) = accepted_texts(workspace, ())
    traces, grid = TraceFile(mom.location.data / datafolder.TRACES), np.full((2, 3), 0.5)
    seen = Observation("src", {memory["id"]: grid}, {memory["id"]: 0.5}, memory["id"])
    for source in (text.source, "of another word"):
        traces.add("model", 2, 3, seen, source)
    mom.call("undo")
    assert traces.sources("model") == {"of another word"} and len(traces.observations("model", 2, 3)) == 1
    assert texts(mom) == []


def test_what_was_learned_in_one_worktree_can_be_undone_from_another(mom: Mom, project: Repo) -> None:
    side = project.root.parent / "side"
    project.git("worktree", "add", "-q", "-b", "other", str(side))
    (memory,) = mom.search("network drops")
    answer(mom.service, "useful", {"root": str(side), "id": memory["id"], "path": "src/client.py", "line": 2})
    (side / "src/client.py").write_text(CODE.format(4))
    project.git("-C", str(side), "commit", f"--date={int(time.time()) + 60} +0000", "-qam", "Try four times")
    index(locate(side), lambda: mom.settings, report=lambda progress: None, stop=threading.Event())
    mom.service.follow()
    (text,) = accepted_texts(mom.service.workspace(str(side)), ())
    traces = TraceFile(mom.location.data / datafolder.TRACES)
    traces.add(
        "model", 2, 3, Observation("src", {memory["id"]: np.full((2, 3), 0.5)}, {memory["id"]: 0.5}), text.source
    )
    mom.call("undo")
    assert not traces.sources("model")
