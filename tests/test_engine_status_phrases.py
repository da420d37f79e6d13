"""How the status of a repository is worded, for the terminal and for a status bar."""

from __future__ import annotations

from typing import Any

from mom_lsp.engine.status_phrases import NO_COMMITS, OFFLINE, rows, summary, working

MODEL: dict[str, Any] = {"pid": None, "problem": None, "traces": None, "tested": True}
STATUS: dict[str, Any] = {
    "root": "/r",
    "data": "/r/.git/mom",
    "git": True,
    "unborn": False,
    "head": "0123456789abcdef0123456789abcdef01234567",
    "memories": 1200,
    "commits": 1500,
    "indexed": True,
    "complete": True,
    "searchable": 1200,
    "encoded": 300,
    "encoder": "minilm",
    "pinned": 2,
    "forgotten": 0,
    "notes": 1,
    "tiers": {"episodic": 1199, "semantic": 1},
    "statuses": {"candidate": 1199, "needs_revision": 1, "archived": 0},
    "promoted_lately": 1,
    "variety": {"value": None},
    "disk_bytes": 3_000_000,
    "engine": None,
    "model": MODEL,
    "indexing": {"phase": "encoding", "done": 300, "total": 1200},
    "waiting": "",
    "problems": [],
}


def test_a_status_is_a_short_list_of_names_and_values() -> None:
    found = dict(rows(STATUS))
    assert found["memories"] == "1,200 from 1,500 commits and the files of HEAD, not counting routine history"
    assert found["embeddings"] == "300 of 1,200 distinct texts (25%)"
    assert found["feedback"] == "2 pinned, 1 note"
    assert found["index"] == "Computing embeddings 25%"
    assert found["data"] == "/r/.git/mom (3.0 MB)"
    assert found["promoted"] == "1 memory recently (see `mom review`)"
    assert found["fading"] == "1,199 fast, 1 hardly at all: the more a memory is used, the slower"
    assert found["status"] == "1 to revise (failed as often as useful)"
    assert not {"variety", "attention"} & set(found)
    new = STATUS | {"tiers": {"episodic": 1200, "working": 0, "semantic": 0}, "statuses": {"candidate": 1200}}
    assert not {"fading", "status"} & set(dict(rows(new))), "nothing was used yet"


def test_a_status_says_what_is_missing() -> None:
    bare = STATUS | {"git": False, "indexed": False, "encoder": None, "model": MODEL | {"problem": "no model is set"}}
    found = dict(rows(bare))
    assert found["folder"] == "/r (not a git repository)"
    assert dict(rows(STATUS | {"git": False}))["memories"] == "1,200 from the files, not counting routine history"
    assert found["memories"] == "none indexed yet"
    assert found["encoder"] == "none (search by words only)"
    assert found["model"] == "no model is set"


def test_the_index_row_says_up_to_date_or_what_to_run() -> None:
    idle = STATUS | {"indexing": None}
    assert dict(rows(idle))["index"] == "up to date"
    assert dict(rows(idle | {"complete": False}))["index"] == "not up to date with HEAD (run `mom index`)"
    assert "index" not in dict(rows(idle | {"indexed": False}))
    assert "index" not in dict(rows(idle | {"git": False}))


def test_a_model_is_ready_only_after_its_first_computation() -> None:
    assert dict(rows(STATUS))["model"] == "ready (starts when needed)"
    untried = dict(rows(STATUS | {"model": MODEL | {"tested": False}}))
    assert untried["model"] == "installed (loads on first use)"


def test_a_pause_is_shown_with_its_reason() -> None:
    paused = "paused on battery (18%); it resumes when the computer is plugged in"
    report = {"phase": "waiting", "done": 0, "total": 0, "message": paused}
    assert dict(rows(STATUS | {"indexing": report}))["index"] == paused
    assert paused in summary(STATUS | {"indexing": None, "waiting": paused})


def test_running_processes_show_their_memory_usage() -> None:
    engine = {"pid": 7, "memory_bytes": 400_000_000}
    model = MODEL | engine | {"name": "SmolLM2"}
    found = dict(rows(STATUS | {"engine": engine, "model": model}))
    assert found["engine"] == "running (pid 7, 400.0 MB of memory)"
    assert found["model"] == "SmolLM2, running (pid 7, 400.0 MB of memory)"
    assert dict(rows(STATUS | {"engine": {"pid": 7, "memory_bytes": None}}))["engine"] == "running (pid 7)"


def test_a_tooltip_ends_with_the_problems() -> None:
    lines = summary(STATUS | {"git": False, "problems": ["the journal is damaged"]})
    assert lines[0] == "1,200 memories, 2 pinned, 1 note"
    assert lines[1:] == ["Not a git repository: comments and documents only", OFFLINE, "the journal is damaged"]
    assert summary(STATUS | {"pinned": 0, "notes": 0})[0] == "1,200 memories"


def test_indexing_progress_is_shown_until_everything_is_indexed() -> None:
    assert working(STATUS) == "Computing embeddings 25%"
    assert working(STATUS | {"indexing": None}) == ""
    assert working(STATUS | {"indexing": None, "indexed": False}) == "Reading history"
    assert working(STATUS | {"indexing": None, "indexed": False, "git": False}) == ""


def test_a_repository_without_commits_says_so_instead_of_reading_for_ever() -> None:
    bare = STATUS | {"indexed": False, "indexing": None}
    assert working(bare) == "Reading history"
    assert working(bare | {"unborn": True}) == ""
    assert NO_COMMITS in summary(bare | {"unborn": True})


def test_a_problem_is_told_instead_of_reading_for_ever() -> None:
    stuck = STATUS | {"indexed": False, "indexing": None, "problems": ["the data folder cannot be written"]}
    assert working(stuck) == "" and stuck["problems"][0] in summary(stuck)


def test_a_step_that_is_not_counted_has_no_percentage() -> None:
    sorting = STATUS | {"indexing": {"phase": "domains", "done": 0, "total": 1}}
    assert working(sorting) == "Grouping memories into domains"
