"""The life of a memory, in a real repository: uses, places, kept edits, reverts, impressions, merges."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import START, Mom, Repo, Start, clone

from mom_lsp.errors import UsageError
from mom_lsp.journal import Event, Journal
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import fold
from mom_lsp.workspace.transfer import exported, import_into

CODE = "".join(f"def {name}():\n    first = {n}\n    return first\n\n\n" for n, name in enumerate(("alpha", "beta")))
ALPHA = "Raise the start of alpha"
WHY = "\n\nBecause callers count from ten, and the parser failed on what came before."


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    """Index two commits; the clock of the workspace stands right after them."""
    project.commit("Add the functions", {"src/a.py": CODE, "src/b.py": CODE})
    project.commit(ALPHA + WHY, {"src/a.py": CODE.replace("first = 0", "first = 10")})
    mom = moms(project)
    mom.index()
    mom.clock = lambda: float(project.now[0])
    return mom


@pytest.fixture
def alpha(mom: Mom) -> str:
    """Return the id of the memory that the tests are about."""
    return str(mom.suggest("src/a.py", 2, counted=False)[0]["id"])


def use(mom: Mom, project: Repo, identity: str, kind: str, path: str = "", line: int = 0) -> None:
    """Give feedback, at the time of the repository's clock."""
    getattr(mom.service.actions(mom.service.workspace(str(mom.root))), kind)(identity, path, line)


def transitions(mom: Mom) -> list[tuple[str, str]]:
    return [(event.data["status"], event.data["reason"]) for event in logged(mom, "transition")]


def logged(mom: Mom, kind: str) -> list[Event]:
    return [event for event in mom.service.library.journal.events() if event.type == kind]


def standing(mom: Mom, identity: str) -> tuple[str, int, str]:
    shown = mom.call("show", id=identity)
    return shown["status"], shown["layer"], shown["confidence"]


def settle(mom: Mom) -> None:
    mom.service.follow()


def test_uses_in_two_places_validate_a_memory_and_undo_reverts_that(mom: Mom, project: Repo, alpha: str) -> None:
    assert standing(mom, alpha) == ("candidate", 0, "low")
    use(mom, project, alpha, "useful", "src/a.py", 2)
    use(mom, project, alpha, "useful", "src/a.py", 3)  # the same function
    assert standing(mom, alpha) == ("candidate", 0, "medium")
    assert transitions(mom) == []
    use(mom, project, alpha, "useful", "src/b.py", 2)
    assert standing(mom, alpha) == ("validated", 1, "high")
    assert transitions(mom) == [("validated", "used in 2 different places")]
    assert [one["id"] for one in mom.call("review")["promoted"]] == [alpha]
    mom.call("forget", id=alpha)
    view = mom.call("kept")
    assert (view["promoted"], [one["id"] for one in view["forgotten"]]) == ([], [alpha])
    mom.call("undo")
    assert [one["id"] for one in mom.call("kept")["promoted"]] == [alpha]
    mom.call("undo")
    assert standing(mom, alpha)[:2] == ("candidate", 0)
    assert len(transitions(mom)) == 1  # nothing is removed from the journal
    assert mom.call("review")["promoted"] == []


def test_opening_and_pinning_on_one_line_is_one_place(mom: Mom, alpha: str) -> None:
    mom.call("opened", id=alpha, path="src/a.py")  # from a list, without a line
    mom.call("pin", id=alpha, path="src/a.py", line=2)
    mom.call("opened", id=alpha, path="src/a.py")
    assert [place["symbol"] for place in mom.call("show", id=alpha)["life"]["places"]] == ["alpha"]
    assert standing(mom, alpha)[0] == "candidate"


def test_a_kept_edit_supports_a_memory_and_its_revert_counts_against_it(
    mom: Mom, project: Repo, alpha: str, moms: Start
) -> None:
    use(mom, project, alpha, "useful", "src/a.py", 2)
    edited = CODE.replace("first = 0", "first = 11")
    edit = project.commit("Start alpha at eleven" + WHY, {"src/a.py": edited})
    mom.index()
    settle(mom)
    assert standing(mom, alpha) == ("validated", 1, "medium")
    project.git("branch", "before")
    project.git("revert", "--no-edit", edit)
    mom.index()
    settle(mom)
    assert standing(mom, alpha) == ("needs_revision", 0, "low")
    assert [status for status, _ in transitions(mom)] == ["validated", "needs_revision"]
    project.git("checkout", "--quiet", "before")  # the revert is not in this history
    assert standing(mom, alpha) == ("validated", 1, "medium")
    settle(mom)
    assert len(transitions(mom)) == 2


def test_a_status_is_counted_as_it_is_shown(mom: Mom, project: Repo, alpha: str) -> None:
    project.commit(
        "Add a limit", {"src/c.py": "# FIXME: the server drops every third connection, because of a race.\n"}
    )
    mom.index()
    (issue,) = (one["id"] for one in mom.search("drops connection") if one["kind"] == "known_issue")
    for identity in (alpha, issue):
        for line in (2, 2, 2, 2, 8):
            use(mom, project, identity, "useful", "src/a.py", line)
    assert [standing(mom, one)[0] for one in (alpha, issue)] == ["promoted", "validated"]
    counted = mom.call("status")["statuses"]
    assert (counted["promoted"], counted["validated"]) == (1, 1)


@pytest.mark.parametrize("reverted", ["the memory", "an edit"])
def test_worktrees_that_differ_in_a_revert_do_not_change_the_status_in_turn(
    mom: Mom, project: Repo, alpha: str, tmp_path: Path, reverted: str
) -> None:
    for _ in range(3):
        use(mom, project, alpha, "useful", "src/a.py", 2)
    taken_back = project.head
    if reverted == "an edit":
        taken_back = project.commit("Start at eleven" + WHY, {"src/a.py": CODE.replace("first = 0", "first = 11")})
    else:
        project.git("revert", "--no-edit", taken_back)
        taken_back = project.head
    mom.index()
    settle(mom)
    before = transitions(mom)
    assert len(before) == 1
    beside = project.worktree(tmp_path / "beside", "--quiet", "-b", "beside")
    mom.service.workspace(str(beside.root))
    project.git("revert", "--no-edit", taken_back)
    mom.index()
    for _ in range(3):
        settle(mom)
        mom.service.library.journal.append("active", now=START)
    assert transitions(mom) == [*before, ("candidate", "used in one place so far")]


def test_an_index_that_was_lost_changes_no_status(mom: Mom, project: Repo, alpha: str) -> None:
    use(mom, project, alpha, "useful", "src/a.py", 2)
    project.git("revert", "--no-edit", "HEAD")
    mom.index()
    settle(mom)
    before = transitions(mom)
    assert [status for status, _ in before] == ["replaced"]
    mom.service.library.lose("The index is damaged.")
    workspace = mom.service.workspace(str(mom.root))
    mom.service.actions(workspace).settle()
    assert transitions(mom) == before


def test_dismissing_a_memory_where_it_was_used_is_a_failed_use(mom: Mom, project: Repo, alpha: str) -> None:
    use(mom, project, alpha, "useful", "src/a.py", 2)
    use(mom, project, alpha, "dismiss", "src/a.py", 2)
    assert standing(mom, alpha) == ("needs_revision", 0, "low")
    mom.call("restore", id=alpha)
    assert standing(mom, alpha)[0] == "candidate"


def show_for_days(mom: Mom, identity: str, days: int) -> None:
    library = mom.service.library
    for day in range(days):
        for hinted in (False, True, True):
            library.impressions.add([identity], "src/a.py", START + day * DAY, hinted=hinted)
        library.impressions.flush(library.journal, START + day * DAY)
    settle(mom)


def test_a_memory_shown_but_never_used_is_still_suggested(mom: Mom, alpha: str) -> None:
    before = [one["id"] for one in mom.suggest("src/a.py", 2, counted=False)]
    show_for_days(mom, alpha, 200)
    assert standing(mom, alpha)[0] == "candidate"
    assert transitions(mom) == []
    assert [one["id"] for one in mom.suggest("src/a.py", 2, counted=False)] == before
    assert ALPHA in mom.titles("raise alpha")
    shown = mom.call("show", id=alpha)
    assert shown["suggested"]
    assert (shown["life"]["shown"], shown["life"]["hinted"]) == (200, 200)
    assert mom.call("review")["archived"] == []


def test_a_memory_once_archived_for_exposure_is_restored(mom: Mom, project: Repo, alpha: str) -> None:
    """An older version did so and recorded it in the journal; other feedback still counts."""
    other = next(one["id"] for one in mom.suggest("src/b.py", 2, counted=False))
    use(mom, project, other, "dismiss", "src/b.py", 2)
    journal = mom.service.library.journal
    for day in range(20):
        journal.append("shown", data={"seen": {"src/a.py": [alpha], "src/b.py": [other]}}, now=START + day * DAY)
    in_vain = {"from": "candidate", "status": "archived", "layer": 0, "reason": "shown 10 times and never accepted"}
    for memory in (alpha, other):
        journal.append("transition", memory, data=in_vain | {"cause": 0}, now=START + 20 * DAY)
    assert standing(mom, alpha)[0] == "candidate"
    assert alpha in [one["id"] for one in mom.suggest("src/a.py", 2, counted=False)]
    assert other not in [one["id"] for one in mom.suggest("src/b.py", 2, counted=False)]
    settle(mom)
    assert transitions(mom)[2:] == [("candidate", "no evidence against it")] * 2
    settle(mom)
    assert len(transitions(mom)) == 4
    assert mom.call("review")["archived"] == []
    assert "dismiss" in mom.call("undo")["message"]
    assert other in [one["id"] for one in mom.suggest("src/b.py", 2, counted=False)]
    use(mom, project, alpha, "useful", "src/a.py", 2)
    assert "useful" in mom.call("undo", id=alpha)["message"]


def test_never_archives_a_memory_and_using_it_again_reverts_that(mom: Mom, project: Repo, alpha: str) -> None:
    mom.call("dismiss", id=alpha, never=True)
    assert standing(mom, alpha)[0] == "archived"
    assert alpha not in [one["id"] for one in mom.suggest("src/a.py", 2)]
    use(mom, project, alpha, "pin", "src/a.py", 2)
    assert standing(mom, alpha)[0] == "candidate"


def test_impressions_are_batched_and_scripts_leave_none(mom: Mom) -> None:
    for _ in range(5):
        mom.suggest("src/a.py", 2)
        mom.suggest("src/a.py", 2, counted=False)
    journal = mom.service.library.journal
    assert list(journal.events()) == []
    mom.service.library.impressions.flush(journal, START)
    (event,) = journal.events()
    assert (event.type, list(event.data["seen"])) == ("shown", ["src/a.py"])


def test_merged_memories_are_shown_as_one(mom: Mom, alpha: str) -> None:
    other = next(one["id"] for one in mom.suggest("src/b.py", 2, counted=False))
    assert other != alpha
    mom.call("merge", id=other, other=alpha)
    found = [one["id"] for one in mom.suggest("src/a.py", 2)]
    assert found.count(other) == 1
    assert alpha not in found
    assert "merged" in mom.call("show", id=alpha)["because"]
    for pair in ({"id": alpha, "other": other}, {"id": other, "other": alpha}):
        with pytest.raises(UsageError, match="already merged"):
            mom.call("merge", **pair)
    mom.call("undo")
    assert mom.suggest("src/a.py", 2)[0]["id"] == alpha


def test_a_merge_adds_up_the_uses_of_both(mom: Mom, project: Repo, alpha: str) -> None:
    other = next(one["id"] for one in mom.suggest("src/b.py", 2, counted=False))
    use(mom, project, alpha, "useful", "src/a.py", 2)
    use(mom, project, other, "useful", "src/b.py", 2)
    mom.call("merge", id=other, other=alpha)
    shown = mom.call("show", id=other)
    assert (shown["uses"], shown["status"]) == (2, "validated")
    assert [(place["path"]) for place in shown["life"]["places"]] == ["src/a.py", "src/b.py"]
    again = Event(0, START, "merge", other, data={"other": alpha})  # as it may come from elsewhere
    assert fold([*mom.service.library.journal.events(), again]).of(other).uses == 2
    mom.call("undo")
    assert mom.call("show", id=other)["uses"] == 1
    assert mom.call("show", id=alpha)["uses"] == 1


@pytest.mark.parametrize("unpinned", ["the kept one", "the duplicate"])
def test_a_pin_that_a_merge_leaves_holds(mom: Mom, project: Repo, alpha: str, unpinned: str) -> None:
    other = next(one["id"] for one in mom.suggest("src/b.py", 2, counted=False))
    loose, pinned = (other, alpha) if unpinned == "the kept one" else (alpha, other)
    use(mom, project, pinned, "pin", "src/a.py", 2)
    project.now[0] += DAY
    use(mom, project, loose, "pin", "src/a.py", 2)
    project.now[0] += DAY
    mom.call("unpin", id=loose)
    mom.call("merge", id=other, other=alpha)
    strength = mom.call("show", id=other)["strength"]
    for day in range(1, 9):
        mom.service.library.journal.append("active", now=project.now[0] + day * DAY)
    project.now[0] += 9 * DAY
    shown = mom.call("show", id=other)
    assert (shown["pinned"], shown["strength"]) == (True, strength)


AT_ALPHA = {"path": "src/a.py", "line": 2}
FEEDBACK: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("pin", "useful", "inserted", "opened", "dismiss"), AT_ALPHA),
    "never": {"never": True},
    **{verb: {} for verb in ("unpin", "forget", "restore")},
    "merge": {"other": ""},
    "note": {"text": "Alpha starts at ten since the parser wants two digits", **AT_ALPHA},
}


def test_every_kind_of_feedback_can_be_undone(mom: Mom, project: Repo, alpha: str) -> None:
    """The memory is as before: its life, its rank, its text."""
    other = next(one["id"] for one in mom.suggest("src/b.py", 2, counted=False))

    def seen() -> Any:
        if verb == "forget":  # its text leaves the index, and comes back
            mom.index()
        shown = mom.call("show", id=alpha)
        kept = {key: value for key, value in shown.items() if key != "history"}
        return kept, [one["id"] for one in mom.suggest("src/a.py", 2, counted=False)], mom.titles("alpha")

    for verb, params in FEEDBACK.items():
        first = {"unpin": "pin", "restore": "dismiss"}.get(verb, "useful")
        mom.call(first, id=alpha, never=True, **AT_ALPHA)
        before = seen()
        asked = {"id": alpha} | params | ({"other": other} if "other" in params else {})
        mom.call(verb.replace("never", "dismiss"), **asked)
        assert seen() != before, verb
        mom.call("undo", **({"id": alpha} if verb == "opened" else {}))
        assert seen() == before, verb
        mom.call("undo")


def test_a_transition_from_evidence_alone_can_be_undone(mom: Mom, project: Repo, alpha: str, tmp_path: Path) -> None:
    use(mom, project, alpha, "useful", "src/a.py", 2)
    edit = project.commit("Start alpha at eleven" + WHY, {"src/a.py": CODE.replace("first = 0", "first = 11")})
    mom.index()
    settle(mom)
    assert standing(mom, alpha)[0] == "validated"
    mom.call("undo", id=alpha[:8])  # the edit had nothing to do with it
    copied = Journal(tmp_path / "copy.sqlite")
    import_into(copied, exported(mom.service.library.journal))
    assert fold(copied.events()).of(alpha).discounted == {edit}
    copied.close()
    settle(mom)
    assert standing(mom, alpha) == ("candidate", 0, "medium")
    project.git("revert", "--no-edit", edit)
    mom.index()
    settle(mom)
    assert standing(mom, alpha)[0] == "needs_revision"
    mom.call("undo", id=alpha)
    mom.call("undo", id=alpha)  # the use itself
    assert standing(mom, alpha)[0] == "candidate"
    with pytest.raises(UsageError, match="no memory with feedback"):
        mom.call("undo", id="ffff")


def test_an_active_day_is_recorded_once(mom: Mom) -> None:
    mom.call("active")
    mom.call("active")
    assert [event.type for event in mom.service.library.journal.events()] == ["active"]


def test_strength_rises_with_use_and_is_the_temporal_term(mom: Mom, project: Repo, alpha: str) -> None:
    library = mom.service.library
    for day in range(1, 40):  # somebody works on other things
        library.journal.append("active", now=project.now[0] + day * DAY)
    project.now[0] += 40 * DAY
    before = mom.suggest("src/a.py", 2, counted=False)[0]
    assert (before["tier"], round(before["strength"], 3)) == ("episodic", round(0.9**39, 3))
    use(mom, project, alpha, "useful", "src/a.py", 2)
    after = mom.suggest("src/a.py", 2, counted=False)[0]
    assert after["strength"] == 1
    assert after["terms"]["temp"] > before["terms"]["temp"]
    use(mom, project, alpha, "pin", "src/b.py", 2)
    assert mom.call("show", id=alpha)["half_life"] is None
    assert mom.call("show", id=alpha)["tier"] == "working"
    status = mom.call("status")
    assert (status["tiers"]["working"], status["statuses"]["validated"], status["promoted_lately"]) == (1, 1, 1)


def test_the_journal_alone_carries_the_state_to_a_clone(
    mom: Mom, project: Repo, alpha: str, tmp_path: Any, moms: Start
) -> None:
    use(mom, project, alpha, "useful", "src/a.py", 2)
    use(mom, project, alpha, "useful", "src/b.py", 2)
    other = moms(clone(project, tmp_path / "clone"))
    other.index()
    other.call("import", events=mom.call("export")["events"])
    assert standing(other, alpha) == standing(mom, alpha) == ("validated", 1, "medium")
    other.call("undo")
    assert standing(other, alpha)[:2] == ("candidate", 0)
    assert [e.data["cause"] for e in logged(other, "transition")] == [e.seq for e in logged(other, "useful")][1:]


TOLD = st.tuples(
    st.sampled_from(["shown", "useful", "dismiss", "restore", "transition", "undo"]),
    st.sampled_from("mn"),
    st.integers(1, 4),
)


@given(st.lists(TOLD, max_size=12))
def test_importing_twice_gives_the_same_state_without_duplicates(steps: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as folder, Journal(Path(folder, "a")) as mine, Journal(Path(folder, "b")) as theirs:
        theirs.append("pin", "other", now=0.5)
        events = []
        for at, (kind, memory, back) in enumerate(steps, 1):  # the seq that each will have
            data = {"undo": {"seq": at - back}, "transition": {"status": "archived", "cause": at - back}}
            events.append(Event(0, at * DAY, kind, memory, "a.py", data=data.get(kind, {})))
        mine.append_many(events)
        assert import_into(theirs, exported(mine)) == len(steps)
        assert import_into(theirs, exported(mine)) == 0
        before, after = fold(mine.events()), fold(theirs.events())
        assert {memory: after.of(memory) for memory in "mn"} == {memory: before.of(memory) for memory in "mn"}
        assert [event.type for event in theirs.events()][1:] == [event.type for event in mine.events()]
        assert import_into(mine, exported(theirs)) == 1
        assert fold(mine.events()).of("other") == after.of("other")


def test_a_note_that_repeats_a_memory_pins_it_instead(mom: Mom, alpha: str) -> None:
    recalled = mom.call("note", text="Because callers count from ten, and the parser failed", path="src/b.py", line=2)
    assert recalled["id"] == alpha and mom.call("show", id=alpha)["pinned"]
    fresh = mom.call("note", text="Callers of beta count from zero, whatever alpha does", path="src/b.py", line=2)
    assert fresh["id"] != alpha
    assert [event.memory for event in logged(mom, "note")] == [fresh["id"]]


def test_a_comment_that_repeats_a_memory_makes_no_new_one(mom: Mom, project: Repo, alpha: str) -> None:
    known = [one["id"] for one in mom.search("parser callers")]
    text = "Because callers count from ten, and the parser failed on what came before."
    commit = mom.call("show", id=alpha)["source"]["commit"]
    quoted = f"# {text} ({commit[:10]})\n" + CODE.replace("first = 0", "first = 10")
    more = CODE.replace(
        "first = 1", f"# {text}\n    # Beta must never count like that, because its callers do not.\n    first = 1"
    )
    project.commit("Say why\n\nReaders asked.", {"src/a.py": quoted, "src/b.py": more})
    mom.index()
    fresh = [one["source"] for one in mom.search("parser callers") if one["id"] not in known]
    assert [source["path"] for source in fresh if source["type"] == "file"] == ["src/b.py"]  # which says more


def test_only_what_is_useful_enough_to_be_shown_is_to_be_kept_from_fading(mom: Mom, project: Repo, alpha: str) -> None:
    for _ in range(18):
        project.now[0] += DAY
        mom.service.library.journal.append("active", now=project.now[0])

    def fading(threshold: float) -> list[str]:
        mom.call("configure", options={"mom": {"suggest": {"threshold": threshold}}})
        return [one["id"] for one in mom.call("review")["fading"]]

    assert (fading(0.2), fading(0.99)) == ([alpha], [])
