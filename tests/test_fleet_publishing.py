"""Publishing repositories to a fleet: the rows of `mom index`, whatever the server does, and what never leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from fleets import bytes_of, local_rows, named, prefix_of, publish, published_rows, versions_of
from object_store import BUCKET, ObjectStore
from repositories import Repo, Start, fill, make_repository

from mom_lsp.errors import Conflict, MomError, UsageError
from mom_lsp.fleet.manifest import Manifest, newest
from mom_lsp.fleet.manifest import publish as publish_manifest
from mom_lsp.fleet.objects import Objects
from mom_lsp.fleet.parts import write_part
from mom_lsp.fleet.publishing import Plan, publish_or_plan, publish_repository
from mom_lsp.fleet.repositories import jobs_of
from mom_lsp.store.arrow_rows import SCHEMA

URI = f"s3://{BUCKET}/company"


CACHE = """\
def lookup(key):
    # NOTE: never ask the origin here, because the billing proxy gives up after ten seconds
    return store[key]
"""
DECISION = """\
# Use one cache

## Status

Accepted

## Decision

We keep one cache for all tenants, because two of them disagreed about a price for a whole weekend.
"""


def write_varied(repo: Repo) -> None:
    """Write a history with a revert, a cherry-pick, two commits of one identity, a note and a document."""
    repo.commit("Add a cache\n\nBecause lookups took 40 ms.", {"src/cache.py": CACHE})
    first = repo.commit(
        "Limit retries to 3", {"src/retry.py": "# NOTE: 3, because the proxy gives up after 10 s\nRETRIES = 3\n"}
    )
    repo.git("revert", "--no-edit", first)
    repo.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    picked = repo.commit(
        "Fix the key of the cache", {"src/key.py": "def key(user):\n    return (user.tenant, user.id)\n"}
    )
    repo.git("checkout", "--quiet", "main")
    repo.git("cherry-pick", picked)
    repo.git("merge", "--no-ff", "--quiet", "-m", "Merge side", "side")
    repo.commit(
        "Record the decision",
        {"docs/adr/0001-use-one-cache.md": DECISION},
    )
    repo.git("notes", "add", "-m", "Reviewed: the key must have the tenant", picked)


@pytest.fixture
def varied(project: Repo) -> Repo:
    write_varied(project)
    return project


def test_published_rows_are_those_of_mom_index(varied: Repo, s3: ObjectStore, tmp_path: Path) -> None:
    expected = local_rows(varied)
    assert len(expected) > 6
    publish(varied.root, URI)
    assert published_rows(URI) == expected
    publish(varied.root, str(tmp_path / "fleet"))
    assert published_rows(str(tmp_path / "fleet")) == expected


def test_a_second_run_reads_only_what_is_new(varied: Repo, s3: ObjectStore) -> None:
    publish(varied.root, URI)
    before = s3.requests
    assert [one.state for one in publish(varied.root, URI)] == ["unchanged"]
    assert s3.requests - before < 10
    varied.commit("Close the file\n\nBecause descriptors ran out.", {"src/close.py": "handle.close()\n"})
    (outcome,) = publish(varied.root, URI)
    assert (outcome.state, outcome.commits, outcome.files) == ("indexed", 1, 1)
    assert published_rows(URI) == local_rows(varied)


def test_a_repository_is_only_read(varied: Repo, s3: ObjectStore, moms: Start) -> None:
    mom = moms(varied)
    mom.index()
    mom.call("note", text="a word of my own", path="src/cache.py", line=1)
    mom.service.close()
    before = {path: path.read_bytes() for path in sorted(varied.root.rglob("*")) if path.is_file()}
    publish(varied.root, URI)
    assert {path: path.read_bytes() for path in sorted(varied.root.rglob("*")) if path.is_file()} == before


def test_a_bare_clone_is_published_like_its_origin(varied: Repo, s3: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "mirrors" / "deep").mkdir(parents=True)
    varied.git("clone", "--quiet", "--mirror", str(varied.root), str(tmp_path / "mirrors" / "deep" / "repo.git"))
    (outcome,) = publish(tmp_path / "mirrors", URI)
    assert outcome.state == "indexed", outcome.error
    assert published_rows(URI) == local_rows(varied)


def test_a_long_history_is_published_from_its_parts(project: Repo, s3: ObjectStore) -> None:
    fill(project, 250)
    (job,), _, _ = jobs_of(project.root, URI)
    plan = publish_or_plan(job, long=100)
    assert isinstance(plan, Plan)
    assert sum(len(task.commits) for task in plan.tasks) == 250
    for task in plan.tasks[1:]:
        write_part(job, task, plan.forgotten)
    written = s3.objects("company/" + job.id)
    write_part(job, plan.tasks[1], plan.forgotten)  # another worker does the same
    assert s3.objects("company/" + job.id) == written
    publish_repository(job)
    assert published_rows(URI) == local_rows(project)
    assert not [name for name in s3.objects() if "/parts/" in name]


def test_parts_are_read_rather_than_extracted_again(project: Repo, s3: ObjectStore) -> None:
    fill(project, 150)
    (job,), _, _ = jobs_of(project.root, URI)
    plan = publish_or_plan(job, long=100)
    assert isinstance(plan, Plan)
    for task in plan.tasks:
        write_part(job, task, plan.forgotten)
    objects, (name, *_) = Objects(URI), [one for one in Objects(URI).names(job.id) if "/parts/" in one]
    with pa.ipc.open_file(objects.read(name)) as reader:
        rows = reader.read_all()
    marked = rows.set_column(2, SCHEMA.field("title"), pa.array(["from a part"] * len(rows)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, SCHEMA) as writer:
        writer.write_table(marked)
    objects.delete([name])
    objects.create(name, sink.getvalue().to_pybytes())
    publish_repository(job)
    titles = [row["title"] for row in published_rows(URI) if row["source_type"] == "commit"]
    assert titles.count("from a part") == len(rows)
    assert len(titles) == 150


def test_what_is_forgotten_is_in_no_part(project: Repo, s3: ObjectStore, moms: Start) -> None:
    fill(project, 150)
    mom = moms(project)
    mom.index()
    (found,) = [one for one in mom.search("Change step 77 of worker 17") if "step 77" in one["title"]]
    mom.call("forget", id=found["id"])
    (job,), _, _ = jobs_of(project.root, URI)
    plan = publish_or_plan(job, long=100)
    assert isinstance(plan, Plan)
    for task in plan.tasks:
        write_part(job, task, plan.forgotten)
    assert sum("/parts/" in name for name in s3.objects()) == len(plan.tasks) - 1
    publish_repository(job)
    assert published_rows(URI) == local_rows(project)
    assert [row["title"] for row in published_rows(URI) if row["id"] == found["id"]] == [""]


def test_a_server_that_fails_every_third_request_makes_no_difference(varied: Repo, s3: ObjectStore) -> None:
    s3.fail_every = 3
    (outcome,) = publish(varied.root, URI)
    assert (outcome.state, outcome.error) == ("indexed", "")
    assert s3.failed > 10
    s3.fail_every = 0
    assert published_rows(URI) == local_rows(varied)


def test_a_slow_server_makes_no_difference(varied: Repo, s3: ObjectStore) -> None:
    s3.delay = 0.02
    publish(varied.root, URI)
    s3.delay = 0.0
    assert published_rows(URI) == local_rows(varied)


def test_a_run_that_was_killed_before_it_published_leaves_nothing(varied: Repo, s3: ObjectStore) -> None:
    publish(varied.root, URI)
    before = published_rows(URI)
    varied.commit("Close the file", {"src/close.py": "handle.close()\n"})
    s3.refuse = "/manifests/"
    (outcome,) = publish(varied.root, URI)
    assert outcome.state == "failed"
    assert published_rows(URI) == before
    s3.refuse = ""
    (outcome,) = publish(varied.root, URI)
    assert outcome.state == "indexed"
    assert published_rows(URI) == local_rows(varied)


def test_only_one_of_two_publications_with_the_same_number_counts(varied: Repo, s3: ObjectStore) -> None:
    publish(varied.root, URI)
    objects, repository = Objects(URI), prefix_of(varied, URI)
    manifest = newest(objects, repository)
    assert isinstance(manifest, Manifest)
    publish_manifest(objects, repository, manifest)
    with pytest.raises(Conflict):
        publish_manifest(objects, repository, manifest)


@pytest.mark.parametrize("attempt", range(3))
def test_two_runs_at_once_never_mix_their_rows(varied: Repo, s3: ObjectStore, attempt: int) -> None:
    expected = local_rows(varied)
    with ThreadPoolExecutor(2) as both:
        found = [outcome for run in [both.submit(publish, varied.root, URI) for _ in "ab"] for outcome in run.result()]
    if any(one.state != "failed" for one in found):
        assert published_rows(URI) == expected
    publish(varied.root, URI)
    assert published_rows(URI) == expected


def test_what_fails_is_named_last_and_stops_nothing(varied: Repo, s3: ObjectStore, tmp_path: Path) -> None:
    make_repository(tmp_path / "empty")
    broken = make_repository(tmp_path / "broken")
    broken.commit("One", {"a.py": "x = 1\n"})
    for file in (broken.root / ".git" / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"")
    listed = tmp_path / "list"
    listed.write_text(f"# mine\n{tmp_path / 'nowhere'}\nempty\nbroken\n\nrepo\n")
    outcomes = publish(listed, URI)
    assert [one.state for one in outcomes] == ["indexed", "failed", "failed", "failed"]
    assert {one.name for one in outcomes[1:]} == {"nowhere", "empty", "broken"}
    assert all(one.error for one in outcomes[1:])
    assert published_rows(URI) == local_rows(varied)


def test_excluded_paths_and_repositories_are_erased(varied: Repo, s3: ObjectStore, tmp_path: Path) -> None:
    publish(varied.root, URI)
    assert b"billing proxy gives up" in bytes_of(s3, tmp_path / "before")
    publish(varied.root, URI, exclude=("src/cache.py",))
    assert b"billing proxy gives up" not in bytes_of(s3, tmp_path / "after")
    assert b"agreed about a price" in bytes_of(s3, tmp_path / "after")
    (outcome,) = publish(varied.root, URI, exclude_repositories=("re?o",))
    assert outcome.state == "erased"
    assert s3.objects() == {}


def test_nothing_is_published_where_it_is_not_clear_what_to_exclude(varied: Repo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'!' is no pattern"):
        publish(varied.root, str(tmp_path / "fleet"), exclude=("docs/**", "!"))
    assert not (tmp_path / "fleet").exists()


def test_a_repository_is_excluded_in_whatever_case_it_was_cloned(tmp_path: Path) -> None:
    for folder, name in (("plans", "Acme/Secret-Plans"), ("open", "acme/open")):
        named(tmp_path / "all" / folder, name).commit("Start\n\nBecause somebody asked for it.", {"a.py": "a = 1\n"})
    uri, exclude = str(tmp_path / "fleet"), ("acme/SECRET-*",)
    outcomes = publish(tmp_path / "all", uri, exclude_repositories=exclude)
    assert [(one.name, one.state) for one in outcomes] == [("acme/open", "indexed")]
    publish(tmp_path / "all", uri)
    outcomes = publish(tmp_path / "all" / "open", uri, exclude_repositories=exclude)
    assert [(one.name, one.state) for one in outcomes] == [("Acme/Secret-Plans", "erased"), ("acme/open", "unchanged")]


def test_a_forgotten_memory_is_erased_from_the_server(
    varied: Repo, s3: ObjectStore, tmp_path: Path, moms: Start
) -> None:
    publish(varied.root, URI)
    assert b"lookups took" in bytes_of(s3, tmp_path / "before")
    mom = moms(varied)
    mom.index()
    (found,) = [one for one in mom.search("cache lookups") if one["title"] == "Add a cache"]
    mom.call("forget", id=found["id"])
    (outcome,) = publish(varied.root, URI)
    assert outcome.forgotten == 1
    folder = tmp_path / "after"
    assert b"lookups took" not in bytes_of(s3, folder)
    (table,) = folder.rglob("memories.lance")
    assert len(versions_of(table)) == 1
    files = {f"{path.name}" for path in (table / "data").iterdir()}
    assert len(files) == 1, "a data file is in no version"
    assert b"lookups took" not in b"".join(s3.objects().values())


def test_what_was_forgotten_stays_forgotten_for_other_clones_and_rules(
    varied: Repo, s3: ObjectStore, tmp_path: Path, moms: Start
) -> None:
    mom = moms(varied)
    mom.index()
    (found,) = [one for one in mom.search("cache lookups") if one["title"] == "Add a cache"]
    mom.call("forget", id=found["id"])
    publish(varied.root, URI)
    other = tmp_path / "other" / "repo"
    other.parent.mkdir()
    varied.git("clone", "--quiet", str(varied.root), str(other))
    for exclude in ((), ("docs/**",)):
        publish(other, URI, exclude=exclude)
        stone = next(row for row in published_rows(URI) if row["id"] == found["id"])
        assert (stone["noise"], stone["body"]) == ("forgotten", "")
    mom.call("restore", id=found["id"])
    publish(varied.root, URI)
    assert next(row for row in published_rows(URI) if row["id"] == found["id"])["title"] == "Add a cache"


def test_the_journal_and_secrets_never_leave(project: Repo, s3: ObjectStore, tmp_path: Path, moms: Start) -> None:
    token = "gh" + "p_" + "R8mK2vXqLw9TzYb4NcJd7HfGs3PaEuQ1oVi5"
    project.commit(
        f"Use a token\n\nThe old one was {token}.", {"src/a.py": f'# NOTE: token {token}\nTOKEN = "{token}"\n'}
    )
    mom = moms(project)
    mom.index()
    mom.call("note", text="a word of my own about tokens", path="src/a.py", line=1)
    publish(project.root, URI)
    leaked = bytes_of(s3, tmp_path / "all")
    assert b"Use a token" in leaked
    assert token.encode() not in leaked
    assert b"a word of my own" not in leaked


def test_a_wrong_address_says_what_to_do(tmp_path: Path, project: Repo) -> None:
    for uri in ("ftp://host/x", "s3://", "s3://key:secret@bucket/x", " "):
        with pytest.raises(MomError):
            Objects(uri)
