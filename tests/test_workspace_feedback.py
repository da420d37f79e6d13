"""The effect of pins, dismissals, notes and forgetting on the answers, and undoing them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from discussions import pull_request
from repositories import START, Mom, Repo, Start, fill, indexed_fixtures
from three_commits import (
    ALPHA,
    BETA,
    FIRST,
    check_form,
    hints,
    mom_id,
    suggestion,
    text,
    titles,
    write_three_commits,
)

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive
from mom_lsp.engine.service import Service
from mom_lsp.errors import ArchiveError, JournalError, UsageError
from mom_lsp.workspace.library.meaning import read_meaning

template, project, mom = indexed_fixtures(write_three_commits)


def test_a_pinned_memory_is_shown_first_and_below_the_threshold(mom: Mom) -> None:
    no_hints = {"hints": {"enable": False}}  # a hint would lead at its line
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.2, "count": 1}} | no_hints})
    assert titles(mom.suggest("src/a.py", 2)) == [ALPHA]
    mom.call("pin", id=mom_id(mom, BETA))
    assert titles(mom.suggest("src/a.py", 2)) == [BETA]
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.95}} | no_hints})
    (one,) = mom.suggest("src/a.py", 2)
    assert (one["title"], one["pinned"]) == (BETA, True)
    assert one["why"].startswith("pinned here, ")
    mom.call("unpin", id=one["id"])
    assert mom.suggest("src/a.py", 2) == []


def test_a_pinned_memory_is_not_shown_where_it_is_irrelevant(mom: Mom, project: Repo) -> None:
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.1}}})
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    mom.call("pin", id=mom_id(mom, BETA))
    assert mom.suggest("new/zebra.txt", 1) == []


@pytest.mark.parametrize(("params", "undo"), [({}, "`mom undo`"), ({"undo": ":Mom undo"}, ":Mom undo")])
def test_forgetting_says_how_to_undo_it_where_the_user_is(mom: Mom, params: dict[str, str], undo: str) -> None:
    found = mom.call("forget", id=mom_id(mom, BETA), **params)
    assert found["message"] == f"Forgotten: “{BETA}”; {undo} restores it"


def test_a_dismissal_is_local_to_its_function(mom: Mom) -> None:
    first = mom_id(mom, FIRST)
    assert FIRST in titles(mom.suggest("src/a.py", 14))
    mom.call("dismiss", id=first, path="src/a.py", line=14)
    assert FIRST not in titles(mom.suggest("src/a.py", 14))
    assert FIRST not in titles(mom.suggest("src/a.py", 16))
    assert FIRST in titles(mom.suggest("src/a.py", 20))
    assert FIRST in mom.titles("protocol")


def test_a_dismissal_without_a_line_is_for_the_whole_file(mom: Mom) -> None:
    mom.call("dismiss", id=mom_id(mom, FIRST))
    assert FIRST not in titles(mom.suggest("src/a.py", 14)) + titles(mom.suggest("src/a.py", 20))
    mom.call("undo")
    assert FIRST in titles(mom.suggest("src/a.py", 20))


def test_what_is_never_suggested_is_not_suggested_for_a_task_either(mom: Mom) -> None:
    def for_task() -> list[str]:
        return titles(mom.call("suggest", intent="raise the start of alpha")["suggestions"])

    assert ALPHA in for_task()
    mom.call("dismiss", id=mom_id(mom, ALPHA), never=True)
    assert FIRST in for_task() and ALPHA not in for_task()
    assert ALPHA in mom.titles("raise the start of alpha")


@pytest.mark.parametrize("how", [{"never": True}, {"path": "src/a.py", "line": 2}], ids=["never", "there"])
def test_a_duplicate_brings_back_nothing_that_was_dismissed(mom: Mom, how: dict[str, Any]) -> None:
    mom.call("merge", id=mom_id(mom, BETA), other=mom_id(mom, ALPHA))
    assert BETA in titles(mom.suggest("src/a.py", 2))
    mom.call("dismiss", id=mom_id(mom, BETA), **how)
    assert not {ALPHA, BETA} & {*titles(mom.suggest("src/a.py", 2))}
    assert 2 not in [hint["line"] for hint in hints(mom, text(mom))]


def test_a_duplicate_of_what_is_forgotten_is_shown_as_itself(mom: Mom) -> None:
    mom.service = Service(mom.location.data, indexing_wanted=lambda location: None)
    mom.call("merge", id=mom_id(mom, BETA), other=mom_id(mom, ALPHA))
    mom.call("forget", id=mom_id(mom, BETA))
    assert titles(mom.suggest("src/a.py", 2)) == [ALPHA, FIRST]
    mom.service.close()


@pytest.mark.parametrize("verb", ["pin", "useful"])
@pytest.mark.parametrize("line", [0, 14], ids=["the file", "a line"])
def test_what_is_wanted_later_where_it_was_dismissed_is_shown_again(mom: Mom, verb: str, line: int) -> None:
    first, at = mom_id(mom, FIRST), {"line": line} if line else {}
    mom.call("dismiss", id=first, path="src/a.py", **at)
    mom.call(verb, id=first, path="src/a.py", line=14)
    assert FIRST in titles(mom.suggest("src/a.py", 14))


def test_restoring_undoes_dismissals(mom: Mom) -> None:
    first = mom_id(mom, FIRST)
    mom.call("dismiss", id=first, path="src/a.py", line=14)
    assert f"`mom restore {first[:8]}` undoes that" in mom.call("show", id=first)["because"]
    mom.call("restore", id=first)
    assert FIRST in titles(mom.suggest("src/a.py", 14))


def test_dismissals_follow_a_renamed_file(mom: Mom, project: Repo) -> None:
    mom.call("dismiss", id=mom_id(mom, FIRST), path="src/a.py", line=14)
    mom.call("dismiss", id=mom_id(mom, ALPHA), path="src/a.py")
    project.git("mv", "src/a.py", "src/renamed.py")
    project.commit("Rename it")
    mom.index()
    assert FIRST not in titles(mom.suggest("src/renamed.py", 14))
    assert FIRST in titles(mom.suggest("src/renamed.py", 20))
    code = (project.root / "src/renamed.py").read_text()
    hints = mom.call("hints", path="src/renamed.py", text=code, start=1, end=30)["hints"]
    assert BETA in str(hints) and ALPHA not in str(hints)


@pytest.mark.parametrize("verb", ["pin", "useful"])
def test_what_is_wanted_in_a_renamed_file_ends_the_dismissal_under_its_old_name(
    mom: Mom, project: Repo, verb: str
) -> None:
    first = mom_id(mom, FIRST)
    for line in (14, 20):
        mom.call("dismiss", id=first, path="src/a.py", line=line)
    project.git("mv", "src/a.py", "src/renamed.py")
    project.commit("Rename it")
    mom.index()
    mom.call(verb, id=first, path="src/renamed.py", line=14)
    assert FIRST in titles(mom.suggest("src/renamed.py", 14))
    assert FIRST not in titles(mom.suggest("src/renamed.py", 20))


def test_pinning_what_is_forgotten_has_its_text_read_again(mom: Mom) -> None:
    first = mom_id(mom, FIRST)
    mom.call("forget", id=first)
    assert FIRST not in titles(mom.suggest("src/a.py", 14))
    assert mom.call("pin", id=first, path="src/a.py", line=14)["message"] == f"Pinned: “{FIRST}”"
    mom.service.follow()
    assert titles(mom.suggest("src/a.py", 14))[0] == FIRST


def test_a_dismissal_without_a_place_is_for_where_the_memory_was_shown_last(mom: Mom, project: Repo) -> None:
    project.commit(
        "Rename what the parser reads\n\nBecause the server does.", {"a.md": "The parser.\n", "src/z.py": "z = 1\n"}
    )
    mom.index()
    (one,) = (found for found in mom.suggest("src/z.py", 1, counted=True) if found["title"].startswith("Rename"))
    answer = mom.call("dismiss", id=one["id"])
    assert answer["message"].startswith("Dismissed in src/z.py:")
    assert one["id"] not in {found["id"] for found in mom.suggest("src/z.py", 1)}


def test_a_forgotten_memory_is_gone_at_once(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    one = suggestion(mom)["id"]
    with monkeypatch.context() as slow:
        slow.setattr("mom_lsp.indexing.serve_requests", lambda *_, **__: None)  # the indexer is slow today
        mom.call("forget", id=one)
    assert ALPHA not in titles(mom.suggest("src/a.py", 2)) + mom.titles("alpha start")
    assert mom.call("hints", path="src/a.py", text=text(mom), start=1, end=3)["hints"] == []
    mom.index()
    assert ALPHA not in titles(mom.suggest("src/a.py", 2)) + mom.titles("alpha start")
    assert mom.call("status")["forgotten"] == 1
    mom.call("restore", id=one[:6])
    mom.index()
    assert titles(mom.suggest("src/a.py", 2))[0] == ALPHA
    assert suggestion(mom)["id"] == one
    with pytest.raises(UsageError, match="no forgotten, dismissed or archived memory"):
        mom.call("restore", id=one)


def test_undo_reverts_feedback_step_by_step(mom: Mom) -> None:
    alpha = suggestion(mom)["id"]
    mom.call("pin", id=alpha)
    mom.call("note", text="callers beware of zebras", path="src/a.py", line=2)
    mom.call("forget", id=alpha)
    assert "forget" in mom.call("undo")["message"]
    mom.service.library.reload()
    assert [one["pinned"] for one in mom.suggest("src/a.py", 2) if one["id"] == alpha] == [True]
    mom.call("undo")
    assert mom.search("zebras") == []
    mom.call("undo")
    assert [one["pinned"] for one in mom.suggest("src/a.py", 2) if one["id"] == alpha] == [False]
    with pytest.raises(UsageError, match="nothing to undo"):
        mom.call("undo")


def test_a_note_is_found_by_its_words_and_at_its_line(mom: Mom, project: Repo) -> None:
    said = "Ask Grace: zebras cross here!\nShe knows."
    noted = mom.call("note", text=said, path="src/a.py", line=2)
    identity = noted["id"]
    assert noted["message"] == f"Note added: “Ask Grace: zebras cross here!” ({identity[:8]})"
    for words in ("zebras", "Zebras?", "grace", "here"):
        assert [one["id"] for one in mom.search(words)] == [identity]
    (found,) = (one for one in mom.suggest("src/a.py", 3) if one["id"] == identity)
    check_form(found)
    assert (found["kind"], found["title"], found["body"]) == ("note", "Ask Grace: zebras cross here!", said)
    assert (found["source"]["type"], found["source"]["path"], found["source"]["line"]) == ("user", "src/a.py", 2)
    assert found["source"]["time"].endswith("Z")
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.1}}})
    assert identity not in [one["id"] for one in mom.suggest("src/b.py", 1)]
    mom.call("forget", id=identity)
    assert mom.search("zebras") == []
    mom.call("restore", id=identity)
    assert titles(mom.search("zebras")) == ["Ask Grace: zebras cross here!"]
    mom.call("note", text="half a \ud800 walrus", path="src/b\udcff.py", line=1)
    assert titles(mom.search("walrus")) == ["half a  walrus"]  # half a character is none
    for bad in ("", " \n", "x" * 20_000):
        with pytest.raises(UsageError):
            mom.call("note", text=bad)


def test_undo_names_what_it_undoes(mom: Mom) -> None:
    alpha, named = mom_id(mom, ALPHA), f"“{ALPHA}” ({mom_id(mom, ALPHA)[:8]})"
    undone = []
    for verb in ("pin", "dismiss", "forget"):
        mom.call(verb, id=alpha)
        mom.service.library.reload()
        undone.append(mom.call("undo")["message"])
    assert undone == [f"Undone: {what} {named}" for what in ("pinning", "dismissing", "forgetting")]
    note = mom.call("note", text="callers beware of zebras", path="src/a.py", line=2)["id"]
    written = f"“callers beware of zebras” ({note[:8]})"
    mom.call("forget", id=note)
    assert [mom.call("undo")["message"] for _ in range(2)] == [
        f"Undone: {what} {written}" for what in ("forgetting", "adding")
    ]
    mom.call("forget", id=alpha)
    assert mom.call("restore", id=alpha)["message"] == f"Restored: {named}"


def test_purge_leaves_no_byte_of_forgotten_and_undone_notes(mom: Mom) -> None:
    forgotten = mom.call("note", text="the zebra is forgotten", path="src/a.py", line=2)["id"]
    mom.call("forget", id=forgotten)
    mom.call("note", text="the walrus is undone")
    mom.call("undo")
    mom.call("note", text="the yak stays")
    mom.call("purge")
    files = {file: file.read_bytes() for file in mom.location.data.rglob("*") if file.is_file()}
    for word, there in ((b"zebra", False), (b"walrus", False), (b"the yak stays", True)):
        assert any(word in content for content in files.values()) == there


def test_purge_leaves_nothing_of_a_damaged_archive_that_was_set_aside(mom: Mom) -> None:
    file = mom.location.data / datafolder.DISCUSSIONS
    for number in range(2):
        with Archive(mom.location.data, create=True) as archive:
            archive.put("s", [pull_request(title="The zebra is secret")])
        with file.open("r+b") as damaged:
            damaged.write(b"junk" * 25)
        with contextlib.suppress(ArchiveError), Archive(mom.location.data) as archive:
            archive.check()
        assert len(list(file.parent.glob("*.broken-*"))) == number + 1
    mom.call("purge")
    assert {one.name for one in file.parent.glob(f"{file.name}*")} == {file.name, f"{file.name}.lock"}


def test_feedback_during_an_index_reload_counts(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    library, alpha = mom.service.library, mom_id(mom, ALPHA)

    def interrupted(*given: Any) -> Any:
        monkeypatch.undo()
        library.journal.append("pin", alpha, now=START)
        assert alpha in library.snapshot().life.pinned
        return read_meaning(*given)

    monkeypatch.setattr("mom_lsp.workspace.library.library.read_meaning", interrupted)
    library.reload(force=True)
    assert alpha in library.snapshot().life.pinned


def test_feedback_is_seen_after_a_failed_read(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    library, alpha = mom.service.library, mom_id(mom, ALPHA)

    def locked(after: int = 0) -> Any:
        raise JournalError("another program keeps it locked")

    library.journal.append("pin", alpha, now=START)
    monkeypatch.setattr(library.journal, "events", locked)
    with pytest.raises(JournalError):
        library.snapshot()
    monkeypatch.undo()
    assert alpha in library.snapshot().life.pinned


def test_kept_lists_pinned_useful_and_forgotten_memories(mom: Mom) -> None:
    alpha, beta = suggestion(mom, 2), suggestion(mom, 9)
    mom.call("pin", id=alpha["id"])
    mom.call("useful", id=beta["id"])
    kept = mom.call("kept")
    assert (titles(kept["pinned"]), titles(kept["useful"])) == ([alpha["title"]], [beta["title"]])
    assert kept["promoted"] == []
    mom.call("forget", id=alpha["id"])
    mom.index()
    kept = mom.call("kept")
    assert kept["pinned"] == []
    assert [(one["id"], one["commit"]) for one in kept["forgotten"]] == [(alpha["id"], alpha["source"]["commit"])]
    (name,) = [one["phrases"]["name"] for one in kept["forgotten"]]
    assert name == alpha["title"]  # read from git: the index has no byte of it
    mom.call("restore", id=alpha["id"])
    assert mom.call("kept")["forgotten"] == []


def test_status_reports_the_counts(mom: Mom, project: Repo) -> None:
    mom.call("pin", id=suggestion(mom)["id"])
    mom.call("note", text="zebras")
    status = mom.call("status")
    assert (status["head"], status["git"], status["indexed"], status["complete"]) == (project.head, True, True, True)
    assert (status["commits"], status["pinned"], status["notes"], status["forgotten"]) == (3, 1, 1, 0)
    assert status["memories"] == 4
    assert status["disk_bytes"] > 0
    assert status["problems"] == []
    project.commit("More", {"src/c.py": "c = 1\n"})
    assert not mom.call("status")["complete"]
    assert {check["name"]: check["ok"] for check in mom.call("doctor")["checks"]}["index"] is True


def test_only_what_changes_the_index_starts_a_pass(mom: Mom) -> None:
    alpha, asked = mom_id(mom, ALPHA), list[str]()
    mom.service.close()
    mom.service = Service(mom.location.data, indexing_wanted=lambda location: asked.append("pass"))
    at = {"id": alpha, "path": "src/a.py", "line": 2}
    for action, params in (("pin", at), ("useful", at), ("dismiss", at)):
        mom.call(action, **params)
        mom.call("undo")
    mom.call("note", text="Ask before you raise this", path="src/a.py", line=2)
    assert not asked
    for action in ("undo", "forget", "undo", "forget", "restore"):  # the first one undoes the note
        mom.call(action, id=alpha) if action != "undo" else mom.call(action)
    assert len(asked) == 5


def test_memories_are_sorted_into_domains_only_when_some_are_new(project: Repo, moms: Start) -> None:
    fill(project, 120)
    mom, phases = moms(project), list[str]()

    def index() -> set[str]:
        phases.clear()
        mom.index(report=lambda progress: phases.append(progress.phase))
        return set(phases)

    assert "domains" in index()
    (memory, *_) = mom.search("caller saw the wrong sum")
    assert index() == set(), "a restart"
    mom.call("pin", id=memory["id"])
    mom.call("note", text="Ask before you raise this", path="src/a.py", line=2)
    assert index() == set()
    mom.call("undo")
    assert "domains" not in index()
    mom.call("forget", id=memory["id"])
    assert "domains" not in index()
    project.commit("Wait for the port, since the server needs a moment", {"src/b.py": "wait = 1\n"})
    assert "domains" in index()


@pytest.mark.parametrize("verb", ["pin", "dismiss", "forget", "note"])
def test_feedback_of_another_process_changes_what_is_shown(mom: Mom, moms: Start, project: Repo, verb: str) -> None:
    mom.service.follow()
    other, at = moms(project), {"path": "src/a.py", "line": 14}
    other.call(verb, **at, **({"text": "Beware."} if verb == "note" else {"id": mom_id(mom, FIRST)}))
    assert mom.service.follow()
    other.suggest("src/a.py", 14, counted=True)
    other.service.library.impressions.flush(other.service.library.journal, START)
    assert not mom.service.follow()
