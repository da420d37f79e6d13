"""Reverts from the message to the screen, in a real repository: each wording, reapplied, and reverted again."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from repositories import Mom, Repo, Start
from suggestions import hover_of

from mom_lsp.evaluation.revert_links import main, revert_links
from mom_lsp.git import Repository, locate

PLAIN = "def fetch(url):\n    return open_url(url)\n"
TRIED = "def fetch(url):\n    pool = shared_pool(limit=8)\n    with pool.lent() as one:\n        return one.get(url)\n"
TITLE = "Share connections in a pool"
REASON = "The shared pool deadlocks when a callback fetches again."
FORMS = {  # of the message of a revert; {sha}, {title} and 5, the number of what is reverted
    "git": ('Revert "{title}"', "This reverts commit {sha}."),
    "title alone": ('Revert "{title}"', ""),
    "button of GitHub": ('Revert "{title}" (#6)', "Reverts owner/repo#5"),
    "button of GitLab": ('Revert "{title}"', "This reverts merge request !5"),
    "title cut by GitHub": ('Revert "Share connections in …" (#6)', "Reverts owner/repo#5"),
    "tag moved to the front": ('[net] Revert "{title}"', ""),
    "conventional": ("revert: {title}", "This reverts commit {sha}."),
    "roll back": ("Roll back the pool", "Rolls back {short}"),
    "undo": ("Undo the pool ({short})", ""),
    "back out": ("Backed out changeset {short} (bug 12)", ""),
    "number": ("Revert #5", ""),
    "another subject": ("Open a connection for each call", "This reverts commit {sha}."),
}


def tried(repo: Repo) -> str:
    repo.commit("Add fetch\n\nBecause every caller needs it.", {"net.py": PLAIN})
    return repo.commit(
        f"{TITLE} (#5)\n\nBecause connecting is slow.\n\nSee merge request owner/repo!5", {"net.py": TRIED}
    )


def revert(repo: Repo, sha: str, form: str) -> str:
    subject, body = (text.format(sha=sha, short=sha[:10], title=TITLE) for text in FORMS[form])
    return repo.commit(f"{subject}\n\n{body}\n\n{REASON}", {"net.py": PLAIN})


def started(repo: Repo, moms: Start) -> Mom:
    mom = moms(repo)
    mom.index()
    return mom


def of_commit(mom: Mom, sha: str) -> dict[str, Any]:
    (found,) = (one for one in mom.search("fetch pool revert connections") if one["source"]["commit"] == sha)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_wording_of_a_revert_is_shown_everywhere(project: Repo, moms: Start, form: str) -> None:
    first = tried(project)
    by = revert(project, first, form)
    mom = started(project, moms)
    original, reverting = of_commit(mom, first), of_commit(mom, by)
    assert (original["status"], original["replacement"]) == ("replaced", reverting["id"])
    assert (reverting["kind"], reverting["failure"]) == ("failed_approach", original["failure"])
    assert (original["failure"]["kind"], original["failure"]["because"]) == ("failed_approach", REASON)
    named = f"{reverting['title']} ({reverting['id'][:8]})"
    assert original["phrases"]["failure"] == f"was reverted by {named}: {REASON}"
    assert hover_of(mom.suggest("net.py", 2)[0]).count(REASON.rstrip(".")) == 1
    assert f"“{TITLE}” (" in (answer := mom.call("why", path="net.py", line=2)["answer"])
    assert "was reverted by [1]" in answer and REASON.rstrip(".") in answer
    assert mom.suggest("net.py", 3, text=TRIED)[0]["failure"]["again"]


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ('Reapply "{title}"', "This reverts commit {by}."),
        ('Reapply "{title}"', ""),
        ('Revert "Revert "{title}""', ""),
        ('Revert "Revert "{title}"" (#7)', "Reverts owner/repo#6"),
        ("Reland the pool", "Relands {sha} with a lock."),
        ("Share them after all", "This reverts commit {by}."),
    ],
)
def test_a_reapplied_change_is_valid_again(project: Repo, moms: Start, subject: str, body: str) -> None:
    first = tried(project)
    by = revert(project, first, "button of GitHub")
    message = f"{subject}\n\n{body}".format(title=TITLE, by=by, sha=first)
    again = project.commit(f"{message}\n\nThe callback no longer fetches.", {"net.py": TRIED})
    mom = started(project, moms)
    original, reverting, last = (of_commit(mom, sha) for sha in (first, by, again))
    assert (original["status"], original["failure"], last["failure"]) == ("candidate", None, None)
    assert (reverting["status"], reverting["kind"], reverting["failure"]) == ("replaced", "note", None)
    answer = mom.call("why", path="net.py", line=2)["answer"]
    reapplied = re.search(rf"“{TITLE}” \([^)]*\).* was reapplied by \[1\]", answer)
    assert reapplied or re.search(rf"“Revert \"{TITLE}\"” \([^)]*\): {REASON[:-1]}; it was reverted by \[1\]", answer)
    assert not any((one["failure"] or {}).get("again") for one in mom.suggest("net.py", 2))


AGAIN = {  # how a change is made again; {by}: its revert
    "reverted revert": ('Revert "Revert "{title} (#5)""', "This reverts commit {by}."),
    "reapplied": ('Reapply "{title} (#5)"', "This reverts commit {by}."),
    "reverted revert, without a hash": ('Revert "Revert "{title} (#5)""', ""),
    "same title": ("{title} (#5)", ""),
    "same title, another number": ("{title} (#9)", "The callback no longer fetches."),
    "cherry-picked": ("{title} (#5)", "(cherry picked from commit {sha})"),
}


@pytest.mark.parametrize("form", AGAIN)
def test_what_was_made_again_is_no_longer_told_as_reverted(project: Repo, moms: Start, form: str) -> None:
    first = tried(project)
    by = revert(project, first, "git")
    message = "\n\n".join(AGAIN[form]).format(title=TITLE, by=by, sha=first)
    project.commit(message, {"net.py": f"{TRIED}\n\n{PLAIN.replace('fetch', 'plain')}"})
    changed = TRIED.replace("limit=8", "limit=9").replace("one.get(url)", "one.load(url)").replace("fetch", "fetch_all")
    project.commit("Load all", {"net.py": f"{changed}\n\n{PLAIN.replace('fetch', 'plain')}"})  # little of it is left
    mom = started(project, moms)
    text = (project.root / "net.py").read_text()
    hints = mom.call("hints", path="net.py", text=text, start=1, end=99)["hints"]
    told = [one for line in range(1, 9) for one in mom.suggest("net.py", line)]
    told += [*mom.search(TITLE), *(hint["suggestion"] for hint in hints)]
    assert not [one for one in told if one["failure"]]
    assert not [one["phrases"]["hint"] for one in told if one["phrases"]["hint"].startswith("reverted")]
    assert {one["title"] for one in told if one["status"] == "replaced"} == {f'Revert "{TITLE}"'}
    assert not {f'Revert "{TITLE}"'} & {hint["suggestion"]["title"] for hint in hints}


def test_a_hint_names_the_change_that_was_reapplied(project: Repo, moms: Start) -> None:
    by = revert(project, tried(project), "git")
    project.commit(f'Revert "Revert "{TITLE}""\n\nThis reverts commit {by}.', {"net.py": TRIED})
    mom = started(project, moms)
    hints = mom.call("hints", path="net.py", text=TRIED, start=2, end=4)["hints"]
    assert [hint["suggestion"]["phrases"]["hint"] for hint in hints] == [f"reapplied: {TITLE}"]


def test_a_change_that_was_made_again_and_reverted_again_is_an_anti_pattern(project: Repo, moms: Start) -> None:
    first = tried(project)
    revert(project, first, "git")
    again = project.commit(f"{TITLE} (#5)\n\nThe callback no longer fetches.", {"net.py": TRIED})
    last = project.commit(f'Revert "{TITLE} (#5)"\n\nThis reverts commit {again}.\n\nIt hangs.', {"net.py": PLAIN})
    mom = started(project, moms)
    (change,) = (one for one in mom.search(TITLE) if one["title"] == TITLE)
    assert (change["failure"]["kind"], change["failure"]["because"]) == ("anti_pattern", "It hangs.")
    assert change["replacement"] == of_commit(mom, last)["id"]


def test_a_change_with_the_same_title_and_other_lines_is_not_made_again(project: Repo, moms: Start) -> None:
    first = tried(project)
    revert(project, first, "git")
    project.commit(TITLE, {"other.py": "POOL_OF_CONNECTIONS = None\nSHARED_BY_ALL_THREADS = True\n"})
    assert of_commit(started(project, moms), first)["status"] == "replaced"


def test_code_that_is_back_is_not_marked_as_reverted(project: Repo, moms: Start) -> None:
    first = tried(project)
    revert(project, first, "git")
    project.commit("Pool the connections after all", {"net.py": TRIED})
    original = of_commit(started(project, moms), first)
    assert (original["status"], original["phrases"]["marks"], original["failure"]) == ("candidate", [], None)


def test_reverting_a_reapplied_change_makes_an_anti_pattern(project: Repo, moms: Start) -> None:
    first = tried(project)
    by = revert(project, first, "git")
    again = project.commit(f'Reapply "{TITLE}"\n\nThis reverts commit {by}.', {"net.py": TRIED})
    last = project.commit(f'Revert "Reapply "{TITLE}""\n\nThis reverts commit {again}.\n\nIt hangs.', {"net.py": PLAIN})
    mom = started(project, moms)
    assert {of_commit(mom, sha)["failure"]["kind"] for sha in (first, again)} == {"anti_pattern"}
    assert (of_commit(mom, again)["replacement"], of_commit(mom, again)["failure"]["because"]) == (
        of_commit(mom, last)["id"],
        "It hangs.",
    )


def test_a_partially_reverted_change_stays_valid(project: Repo, moms: Start) -> None:
    first = tried(project)
    part = TRIED.replace("limit=8", "")
    project.commit(f"Drop the limit\n\nThis partially reverts commit {first}, since it was too low.", {"net.py": part})
    mom = started(project, moms)
    assert (of_commit(mom, first)["status"], of_commit(mom, first)["failure"]) == ("candidate", None)
    related = mom.call("show", id=of_commit(mom, first)["id"])["related"]
    assert [one["why"] for one in related] == ["references it (partial revert)"]
    assert "was reverted by" not in mom.call("why", path="net.py", line=2)["answer"]


def test_a_revert_in_another_project_reverts_nothing_here(project: Repo, moms: Start) -> None:
    project.git("remote", "add", "origin", "https://github.com/ada/repo.git")
    first = tried(project)
    project.commit("Update the copy\n\nReverts other/thing#5", {"copy.py": "copy = 1\n"})
    mom = started(project, moms)
    assert of_commit(mom, first)["status"] == "candidate"
    project.commit("Open a connection for each call\n\nReverts owner/repo#5", {"net.py": PLAIN})
    mom.index()
    assert of_commit(mom, first)["status"] == "replaced"


def test_the_measurement_counts_linked_reverts(
    project: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    revert(project, tried(project), "title alone")
    project.commit('Revert "Something that never was"', {"net.py": TRIED})
    project.commit("Revert to the default when none is set", {"net.py": PLAIN})
    repository = Repository(locate(project.root))
    found = list(revert_links(repository, project.head))
    assert [(one.quotes_title, [target.title for _, target in one.targets]) for one in found] == [
        (True, []),
        (True, [TITLE]),
    ]
    monkeypatch.setattr(sys, "argv", ["reverts", str(project.root), "--list", "--sample", "9"])
    main()
    output = capsys.readouterr().out
    assert "1 of 2 linked (50.0%)" in output
    assert output.count('Revert "Something that never was"') == 2
