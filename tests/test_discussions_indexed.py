"""Discussions in a real repository: where threads are suggested, what commits take from them, and how they go away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from repositories import Mom, Repo, Start

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.values import Comment, Discussion, ReviewThread
from mom_lsp.errors import UsageError
from mom_lsp.evaluation import pull_request_labels
from mom_lsp.evaluation.stated_reasons import main
from mom_lsp.indexing.discussions import Changes, index_discussions
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import Marker
from mom_lsp.store import Store

BASE = "import socket\n\n\ndef connect(host):\n    link = socket.create_connection(host)\n    return link\n"
PROPOSED = BASE.replace("    return link\n", "    link.settimeout(3)\n    return link\n")
MERGED = BASE.replace("    return link\n", "    link.settimeout(READ_TIMEOUT)\n    return link\n")
HUNK = """@@ -3,4 +3,5 @@ import socket
 def connect(host):
     link = socket.create_connection(host)
+    link.settimeout(3)"""
LINE = 6  # where the reviewed line stands now
ANSWER = "A fixed number of seconds is wrong here because satellites answer after four."
Put = Callable[..., None]


def thread(*texts: str, hunk: str = HUNK, path: str = "net.py", number: int = 1) -> ReviewThread:
    comments = tuple(
        Comment(f"discussion_r{number}{at}", ("rita", "paul")[at % 2], 1_700_000_000 + at, text)
        for at, text in enumerate(texts)
    )
    return ReviewThread(path, comments, hunk, "f" * 40, 6)


def pull(number: int = 12, **fields: Any) -> Discussion:
    made = Discussion("pull_request", number, "Set a timeout", project="o/n", state="merged", author="paul")
    return replace(made, **fields)


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    project.git("remote", "add", "origin", "git@github.com:o/n.git")
    project.commit("Add a client", {"net.py": BASE})
    return moms(project)


@pytest.fixture
def put(mom: Mom) -> Iterator[Put]:
    """Put discussions into the archive, as an import does."""
    datafolder.make(mom.location.data)

    def into(*discussions: Discussion, source: str = "export") -> None:
        with Archive(mom.location.data, create=True) as archive:
            archive.put(source, discussions)

    yield into


def of_discussions(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found if one["source"]["type"] == "discussion"]


def squash(project: Repo, message: str = "Set a timeout (#12)") -> str:
    return project.commit(message, {"net.py": MERGED})


def test_a_thread_of_a_squashed_pull_request_is_at_the_line_that_replaced_the_reviewed_one(
    project: Repo, mom: Mom, put: Put
) -> None:
    sha = squash(project)
    put(pull(threads=(thread("Why three?", ANSWER),)))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["source"]["type"] == "discussion")
    assert found["title"] == ANSWER
    assert found["lines"] == [LINE]
    assert found["why"].startswith("is about this line")
    assert found["source"]["commit"] == sha
    assert found["source"]["author"] == "@rita"
    assert found["source"]["discussion"]["name"] == "review of #12"
    assert found["source"]["url"] == "https://github.com/o/n/pull/12#discussion_r10"
    assert found["phrases"]["kind"] == "decision"
    assert not of_discussions([one for one in mom.suggest("net.py", 1) if one["lines"]])


def test_blame_leads_to_the_thread_after_its_line_has_moved(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    project.commit("Describe the module", {"net.py": '"""The network."""\n\nimport os\n' + MERGED})
    mom.index()
    assert of_discussions(mom.suggest("net.py", LINE + 3)) == [ANSWER]


def test_a_thread_says_that_its_line_was_rewritten(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    project.commit("Read the timeout", {"net.py": MERGED.replace("settimeout(READ_TIMEOUT)", "settimeout(limit())")})
    mom.index()
    (found,) = (one for one in mom.search("satellites") if one["source"]["type"] == "discussion")
    assert found["freshness"] in ("drifted", "gone")


def test_a_thread_of_a_merged_branch_belongs_to_the_commit_that_wrote_the_line(
    project: Repo, mom: Mom, put: Put
) -> None:
    project.git("checkout", "--quiet", "-b", "topic")
    project.commit("Prepare", {"other.py": "ready = True\n"})
    wrote = project.commit("Set a timeout", {"net.py": MERGED})
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge pull request #12 from paul/topic", "topic")
    put(pull(merge_commit=project.head, threads=(thread(ANSWER),)))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["source"]["type"] == "discussion")
    assert found["source"]["commit"] == wrote
    assert found["episode"]["kind"] == "branch"
    assert found["episode"]["count"] >= 2


def test_a_hint_leads_to_a_thread(project: Repo, mom: Mom, put: Put) -> None:
    squash(project, "wip (#12)")
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    hints = mom.call("hints", path="net.py", text=MERGED, start=1, end=7)["hints"]
    assert (LINE, ANSWER) in [(one["line"], one["suggestion"]["title"]) for one in hints]


def test_why_cites_a_thread_and_says_where_it_was_written(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    answer = mom.call("why", path="net.py", line=LINE)["answer"]
    assert "The review of #12 says “A fixed number of seconds is wrong here" in answer


def test_a_thread_is_not_shown_beside_a_commit_that_says_the_same(project: Repo, mom: Mom, put: Put) -> None:
    squash(project, f"Set a timeout (#12)\n\n{ANSWER}")
    put(pull(threads=(thread("Why three?", ANSWER),)))
    mom.index()
    found = mom.suggest("net.py", LINE)
    assert of_discussions(found) == []
    assert "Set a timeout" in [one["title"] for one in found]


def test_nits_are_history_and_never_suggested(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread("nit: please rename this to something shorter", "done"),)))
    mom.index()
    assert of_discussions(mom.suggest("net.py", LINE)) == []
    (row,) = Store(mom.location.data).columns(["noise"], "source_type = 'discussion'").to_pylist()
    assert row["noise"] == "nit"


def test_a_thread_of_a_file_that_was_not_kept_belongs_to_the_commits_alone(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER, path="dropped.py"),)))
    mom.index()
    (found,) = mom.search("satellites")
    assert (found["source"]["path"], found["lines"]) == (None, [])
    assert of_discussions(mom.suggest("net.py", LINE)) == []


def test_an_open_pull_request_has_no_memories_until_it_is_merged(project: Repo, mom: Mom, put: Put) -> None:
    put(pull(state="open", threads=(thread(ANSWER),)))
    mom.index()
    assert mom.search("satellites") == []
    squash(project)  # the export is still the old one
    mom.index()
    assert of_discussions(mom.suggest("net.py", LINE)) == [ANSWER]


def test_a_thread_counts_only_where_its_commit_is_in_the_history(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    project.git("checkout", "--quiet", "HEAD~1")
    mom.index()
    assert mom.search("satellites") == []


# Descriptions and symptoms


def test_a_squash_commit_takes_its_body_from_the_pull_request(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    mom.index()
    put(pull(body="Sockets block for ever because the default is no timeout.\n\n- [ ] I read the guide"))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["title"] == "Set a timeout")
    assert found["body"] == found["rationale"] == "Sockets block for ever because the default is no timeout."


def test_an_issue_that_was_closed_gives_the_symptom(project: Repo, mom: Mom, put: Put) -> None:
    squash(project, "Set a timeout (#12)\n\nFixes #7")
    put(pull(), pull(7, type="issue", title="The client hangs", body="It waits for ever when a server is gone."))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["title"] == "Set a timeout")
    assert "Symptom: The client hangs. It waits for ever when a server is gone." in found["body"]


def test_an_issue_of_another_project_that_was_closed_is_not_the_one_with_its_number(
    project: Repo, mom: Mom, put: Put
) -> None:
    squash(project, "Set a timeout (#12)\n\nFixes other/library#7")
    put(pull(), pull(7, type="issue", title="The client hangs", body="It waits for ever when a server is gone."))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["title"] == "Set a timeout")
    assert "Symptom" not in found["body"]


# Pull requests that were given up


def given_up() -> Discussion:
    end = Comment(
        "issuecomment-5", "olga", 1_700_000_100, "A global pool does not work because hosts limit connections."
    )
    lines = "".join(f"+    pool.register(link, slot={n})\n" for n in range(4))
    hunk = "@@ -4,3 +4,7 @@\n def connect(host):\n     link = socket.create_connection(host)\n" + lines.rstrip("\n")
    return pull(
        30,
        title="Use a connection pool",
        state="closed",
        closed=1_700_000_100,
        closed_by="olga",
        comments=(end,),
        threads=(thread("ok", hunk=hunk),),
    )


def test_a_pull_request_that_was_given_up_is_said_where_its_lines_are_written_again(
    project: Repo, mom: Mom, put: Put
) -> None:
    project.write(".mom.toml", "[hints]\nwarnings = true\n")
    put(given_up())
    mom.index()
    (found,) = (one for one in mom.search("connection pool") if one["source"]["type"] == "discussion")
    assert found["kind"] == "failed_approach"
    assert found["source"]["discussion"]["name"] == "pull request #30 (closed)"
    again = BASE.replace("    return", "".join(f"    pool.register(link, slot={n})\n" for n in range(4)) + "    return")
    hints = mom.call("hints", path="net.py", text=again, start=1, end=10)["hints"]
    words = [one["suggestion"]["why"] for one in hints]
    assert any("proposed before and abandoned: A global pool does not work" in why for why in words)
    unchanged = mom.call("hints", path="net.py", text=BASE, start=1, end=6)["hints"]
    assert [one["suggestion"]["title"] for one in unchanged] == ["Add a client"]


# Changes of the archive


def test_an_edited_thread_replaces_the_old_one(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),), updated=1))
    mom.index()
    put(pull(threads=(thread("Ten seconds fail, since satellites answer after twelve."),), updated=2))
    mom.index()
    assert of_discussions(mom.suggest("net.py", LINE)) == ["Ten seconds fail, since satellites answer after twelve."]


def test_a_removed_export_takes_its_memories_and_descriptions_with_it(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),), body="Sockets block for ever because the default is no timeout."))
    mom.index()
    with Archive(mom.location.data) as archive:
        archive.remove("export")
    mom.index()
    assert of_discussions(mom.search("satellites timeout")) == []
    assert all("block for ever" not in one["body"] for one in mom.suggest("net.py", LINE))


def test_nothing_is_read_again_if_nothing_changed(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    assert mom.index().discussions == 1
    assert mom.index().nothing_new
    put(pull(13, state="open"))
    assert mom.index().discussions == 1


def test_where_nothing_was_ever_imported_no_row_is_read(project: Repo) -> None:
    unread: Any = None
    head = project.commit("Set a timeout (#12)", {"net.py": MERGED})
    with Archive(project.location.data) as archive:
        changes = Changes(archive, Marker())
        index_discussions(unread, project.repository, head, changes, {head}, IndexRules(), unread, unread, unread)


def test_a_rebuilt_index_has_the_discussions_again(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    marker = mom.location.data / datafolder.MARKER
    marker.unlink()
    store = Store(mom.location.data, create=True, rules=IndexRules.of(mom.settings).of_commits)
    store.delete(store.columns(["id"])["id"].to_pylist())
    mom.index()
    assert of_discussions(mom.suggest("net.py", LINE)) == [ANSWER]


def test_a_damaged_archive_leaves_the_commits_indexed(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    (mom.location.data / datafolder.DISCUSSIONS).write_bytes(b"no database" * 100)
    steps: list[str] = []
    mom.index(report=lambda progress: steps.append(progress.message))
    assert "Set a timeout" in mom.titles("timeout")
    assert any("discussions" in step for step in steps)


# Forgetting


def everything(mom: Mom) -> str:
    """Return every text of the archive and of the store."""
    with Archive(mom.location.data) as archive:
        kept = repr(list(archive.all()))
    store = Store(mom.location.data)
    return kept + repr(list(store.get(store.columns(["id"])["id"].to_pylist()).values()))


def test_a_forgotten_thread_is_gone_from_index_and_archive_and_does_not_come_back(
    project: Repo, mom: Mom, put: Put
) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER), thread("Kept because it is harmless.", number=2))))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["title"] == ANSWER)
    mom.call("forget", id=found["id"])
    mom.index()
    assert "satellites" not in everything(mom)
    assert "harmless" in everything(mom)
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    assert "satellites" not in everything(mom)
    mom.call("restore", id=found["id"])
    mom.index()
    put(pull(threads=(thread(ANSWER),)))
    mom.index()
    assert ANSWER in of_discussions(mom.suggest("net.py", LINE))


def test_a_forgotten_commit_takes_the_description_that_it_had_with_it(project: Repo, mom: Mom, put: Put) -> None:
    squash(project)
    put(pull(body="Sockets block for ever because the default is no timeout.", threads=(thread(ANSWER),)))
    mom.index()
    (found,) = (one for one in mom.suggest("net.py", LINE) if one["title"] == "Set a timeout")
    mom.call("forget", id=found["id"])
    mom.index()
    assert "block for ever" not in everything(mom)
    assert "satellites" in everything(mom)


# Measuring


def test_stated_reasons_are_counted_without_and_with_discussions(
    project: Repo, mom: Mom, put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    squash(project)
    put(pull(threads=(thread(ANSWER),)))
    main([str(project.root), "--lines", "50"])
    without, with_them = capsys.readouterr().out.split("with discussions\n")[-2:]
    assert "of discussions 0" in without
    assert "of discussions 0" not in with_them
    assert (project.root / ".mom.toml").exists() is False


def test_a_pull_request_that_names_an_earlier_one_is_a_label(project: Repo, mom: Mom, put: Put) -> None:
    earlier = squash(project)
    later = project.commit("Read the timeout (#13)", {"net.py": MERGED.replace("READ_TIMEOUT", "limit()")})
    put(pull(), pull(13, title="Read the timeout", body="Since #12 nobody can change it, see #14."), pull(14))
    mom.index()
    (label,) = pull_request_labels.labels(project.root)
    assert (label["query"], label["gold"]) == (later, [earlier])


def test_verdicts_on_discussions_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"verdicts": "UU"}\n{"verdicts": "UI"}\n', "utf-8")
    main(["--verdicts", str(labels)])
    found = capsys.readouterr().out
    assert found == "2 suggestions: 75% useful, 0% relevant but dull, 25% irrelevant; all readers agree on 1\n"


def test_a_clone_without_discussions_is_not_measured(project: Repo, mom: Mom) -> None:
    with pytest.raises(UsageError, match="mom import"):
        main([str(project.root)])
