"""Asking across repositories: from a local copy, only where another one has something to say, and after one's own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fleets import named, publish, pulled
from object_store import BUCKET, ObjectStore
from processes import mom
from repositories import START, Repo

from mom_lsp.errors import StoreError, UsageError
from mom_lsp.fleet import publishing
from mom_lsp.fleet.asking import Fleet, Found
from mom_lsp.fleet.local_copy import LocalCopy
from mom_lsp.fleet.repositories import own_id
from mom_lsp.settings import EditorSettings, resolve

URI = f"s3://{BUCKET}/company"
PARSE = """\
def parse_frame_header(data, offset):
    length = int.from_bytes(data[offset:offset + 2], "big")
    kind = data[offset + 2]
    payload = data[offset + 3:offset + 3 + length]
    checksum = data[offset + 3 + length]
    return kind, payload, checksum
"""
FIXED = """\
def parse_frame_header(data, offset):
    length = int.from_bytes(data[offset:offset + 2], "big")
    if length > len(data) - offset:
        raise FrameTooLongError(length)
    kind = data[offset + 2]
    payload = data[offset + 4:offset + 4 + length]
    checksum = data[offset + 4 + length]
    return kind, payload, checksum
"""
WHY = "Fix frames that are longer than the data\n\nBecause a peer sent a length of 65535 and the reader hung."


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Repo:
    """A library whose parser was fixed, and which pins a dependency."""
    repo = named(tmp_path / "all" / "library", "acme/library")
    repo.commit("Add the parser of frames", {"src/frames.py": PARSE})
    repo.commit(WHY, {"src/frames.py": FIXED})
    repo.commit(
        "Pin zstandard to 0.21\n\nBecause 0.22 leaks a context for each frame, which we saw as out of memory.",
        {"requirements.txt": "zstandard==0.21\n"},
    )
    repo.commit("Count frames", {"src/count.py": "total = 0\n"})
    return repo


@pytest.fixture
def service(home: Path, tmp_path: Path) -> Repo:
    """A service with a copy of the parser from before it was fixed."""
    repo = named(tmp_path / "all" / "service", "acme/service")
    repo.commit("Read frames from the queue", {"app/frames.py": f"import zstandard\n\n\n{PARSE}"})
    repo.commit("Say hello", {"app/hello.py": 'def hello():\n    print("hello, world")\n'})
    return repo


@pytest.fixture
def uri(library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path, home: Path) -> str:
    """A fleet with both, which the user's settings name."""
    publish(tmp_path / "all", URI)
    with (home / "mom-lsp" / "settings.toml").open("a") as stream:
        stream.write(f'[fleet]\nuri = "{URI}"\n')
    return URI


def fleet_for(repo: Repo, uri: str) -> Fleet:
    return Fleet(LocalCopy.to_ask(uri), own_id(repo.location))


def at(fleet: Fleet, repo: Repo, path: str, start: int, end: int = 0) -> list[Found]:
    return list(fleet.for_lines((repo.root / path).read_text().split("\n"), start, end or start))


def test_a_copied_function_gets_the_fix_of_its_origin(uri: str, service: Repo) -> None:
    pulled(uri)
    found = at(fleet_for(service, uri), service, "app/frames.py", 7)
    assert [(one.repository, one.memory.title) for one in found][:1] == [
        ("acme/library", "Fix frames that are longer than the data")
    ]


def test_ordinary_code_gets_nothing(uri: str, service: Repo) -> None:
    pulled(uri)
    assert at(fleet_for(service, uri), service, "app/hello.py", 1, 2) == []


def test_a_memory_of_ones_own_repository_is_not_of_another(uri: str, library: Repo) -> None:
    pulled(uri)
    assert at(fleet_for(library, uri), library, "src/frames.py", 3) == []


LICENCE = """\
# Copyright of Acme Incorporated, of Springfield
# Permission is granted to read this file on working days
# but never without a cup of tea beside the keyboard
# and only as long as the tea is still warm enough
# which the reader has to check before each paragraph

"""


def test_the_licence_at_the_top_of_a_file_is_no_copy(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    library.commit("Add the licence\n\nBecause lawyers asked for it.", {"src/licensed.py": f"{LICENCE}total = 0\n"})
    service.commit("Add the licence", {"app/licensed.py": f"{LICENCE}count = 1\n"})
    publish(tmp_path / "all", URI)
    pulled(URI)
    assert at(fleet_for(service, URI), service, "app/licensed.py", 2, 4) == []


def test_a_package_or_a_failure_alone_says_nothing_about_a_line(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    library.commit("Retry on FrameLostError\n\nBecause the queue drops frames.", {"src/count.py": "total = 2\n"})
    service.commit("Read", {"app/read.py": "import zstandard\ntry:\n    read()\nexcept FrameLostError:\n    again()\n"})
    publish(tmp_path / "all", URI)
    pulled(URI)
    fleet = fleet_for(service, URI)
    assert at(fleet, service, "app/read.py", 1, 5) == []
    assert [one.memory.title for one in fleet.for_words("FrameLostError")] == ["Retry on FrameLostError"]


def test_lines_that_were_rewritten_in_the_origin_say_nothing_unless_they_were_wrong(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    library.commit("Use the counters of the queue\n\nBecause it has its own now.", {"src/frames.py": "count()\n"})
    publish(tmp_path / "all", URI)
    pulled(URI)
    titles = [one.memory.title for one in at(fleet_for(service, URI), service, "app/frames.py", 8)]
    assert titles == ["Fix frames that are longer than the data"]


def test_lines_that_only_moved_in_the_origin_were_not_changed_there(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    library.commit("Fix the layout\n\nBecause the parser gets a file of its own soon.", {"src/frames.py": "pass\n"})
    library.commit("Put the parser elsewhere\n\nBecause files are small.", {"src/parser.py": PARSE})
    publish(tmp_path / "all", URI)
    pulled(URI)
    titles = [one.memory.title for one in at(fleet_for(service, URI), service, "app/frames.py", 5)]
    assert "Fix the layout" not in titles
    assert "Put the parser elsewhere" in titles


def test_a_rare_name_tells_unless_the_file_has_it_often(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    reason = "Drain before pause_frame_writer\n\nBecause pause_frame_writer loses what is in the buffer."
    library.commit(reason, {"src/writer.py": "drain()\npause_frame_writer()\n"})
    call = "\n\nstop(pause_frame_writer)\n"
    service.commit("Stop", {"app/once.py": call, "app/often.py": call * 4})
    publish(tmp_path / "all", URI)
    pulled(URI)
    fleet = fleet_for(service, URI)
    assert [one.memory.title for one in at(fleet, service, "app/once.py", 3)] == ["Drain before pause_frame_writer"]
    assert at(fleet, service, "app/often.py", 3) == []


def test_a_comment_of_another_repository_is_not_said(
    library: Repo, service: Repo, s3: ObjectStore, tmp_path: Path
) -> None:
    comment = "# We must drain the zookeeper quorum before closing, because the peers would elect a leader otherwise.\n"
    library.commit("Close", {"src/close.py": f"{comment}close()\n"})
    publish(tmp_path / "all", URI)
    pulled(URI)
    assert list(fleet_for(service, URI).for_words("drain the zookeeper quorum before closing")) == []


def test_words_find_what_has_nearly_all_of_them(uri: str, service: Repo) -> None:
    pulled(uri)
    fleet = fleet_for(service, uri)
    assert [one.memory.title for one in fleet.for_words("why does zstandard leak a context")][:1] == [
        "Pin zstandard to 0.21"
    ]
    assert list(fleet.for_words("kubernetes ingress timeout of the billing dashboard")) == []


def test_the_commands_add_one_marked_memory_after_ones_own(uri: str, service: Repo) -> None:
    mom(service, "index")
    mom(service, "fleet", "pull")
    alone: dict[str, Any] = json.loads(mom(service, "suggest", "app/frames.py:7", "--json"))
    asked: dict[str, Any] = json.loads(mom(service, "suggest", "app/frames.py:7", "--fleet", "--json"))
    own, (other,) = asked["suggestions"][:-1], asked["suggestions"][-1:]
    assert [one["id"] for one in own] == [one["id"] for one in alone["suggestions"]]
    assert (other["repository"], other["title"]) == ("acme/library", "Fix frames that are longer than the data")
    assert other["phrases"]["marks"][0] == "from acme/library"
    assert asked["fleet"]["repositories"] == 1
    assert "from acme/library" in mom(service, "search", "zstandard leaks a context", "--fleet")
    assert all("repository" not in one for one in alone["suggestions"])


def test_the_copy_answers_without_the_server_and_says_how_old_it_is(
    uri: str, service: Repo, library: Repo, s3: ObjectStore
) -> None:
    pulled(uri)
    s3.away = True
    before = s3.requests
    fleet = fleet_for(service, uri)
    assert at(fleet, service, "app/frames.py", 7)
    assert fleet.about()["pulled"].endswith("Z")
    assert s3.requests == before
    library.commit("Count from one", {"src/count.py": "total = 1\n"})
    with pytest.raises(StoreError, match="cannot be used"):
        pulled(uri)
    assert at(fleet_for(service, uri), service, "app/frames.py", 7)


def test_a_pull_copies_only_what_is_new(uri: str, library: Repo, tmp_path: Path) -> None:
    assert pulled(uri).fresh == 2
    assert pulled(uri).fresh == 0
    library.commit("Count from one\n\nBecause the first frame was lost.", {"src/count.py": "total = 1\n"})
    publish(tmp_path / "all", uri)
    assert pulled(uri).fresh == 1


def test_a_pull_survives_a_server_that_fails(uri: str, s3: ObjectStore) -> None:
    s3.fail_every = 4
    found = pulled(uri)
    assert (found.fresh, found.state.unreadable) == (2, ())
    assert s3.failed


def test_the_copy_stays_within_its_size(uri: str) -> None:
    sizes = {one.name: one.size for one in pulled(uri).state.repositories}
    small = pulled(uri, min(sizes.values()) + 1).state
    assert len(small.repositories) == 1
    assert len(small.left_out) == 1
    assert sum(file.stat().st_size for file in LocalCopy.of(uri).folder.rglob("*") if file.is_file()) < sum(
        sizes.values()
    )
    assert len(pulled(uri).state.repositories) == 2


def test_what_is_erased_from_the_fleet_is_erased_from_the_copy(uri: str, tmp_path: Path) -> None:
    pulled(uri)
    folder = LocalCopy.of(uri).folder

    def copied() -> bytes:
        return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())

    assert b"0.22 leaks" in copied()
    publish(tmp_path / "all", uri, exclude_repositories=("acme/library",))
    pulled(uri)
    assert b"0.22 leaks" not in copied()


def test_what_was_published_anew_after_it_was_erased_replaces_the_copy(
    uri: str, library: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(uri)
    publish(tmp_path / "all", uri, exclude_repositories=("acme/library",))
    library.git("reset", "--quiet", "--hard", "HEAD~2")  # a commit that nobody may see
    monkeypatch.setattr(publishing, "time", SimpleNamespace(time=lambda: START))  # another second
    publish(tmp_path / "all", uri)
    assert pulled(uri).fresh == 1
    folder = LocalCopy.of(uri).folder
    assert b"0.22 leaks" not in b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_what_may_not_be_read_is_passed_over_and_removed(uri: str, service: Repo, s3: ObjectStore) -> None:
    pulled(uri)
    assert at(fleet_for(service, uri), service, "app/frames.py", 7)
    s3.secret = "acme-library-"
    state = pulled(uri).state
    assert [one.name for one in state.repositories] == ["acme/service"]
    assert [one.partition("acme-library-")[0] for one in state.unreadable] == [""]
    assert at(fleet_for(service, uri), service, "app/frames.py", 7) == []


def test_what_was_reverted_is_not_said(uri: str, library: Repo, service: Repo, tmp_path: Path) -> None:
    library.git("revert", "--no-edit", "HEAD~1")
    publish(tmp_path / "all", uri)
    pulled(uri)
    titles = [one.memory.title for one in fleet_for(service, uri).for_words("why does zstandard leak a context")]
    assert "Pin zstandard to 0.21" not in titles


def test_without_a_fleet_or_a_copy_the_user_learns_what_to_do(uri: str) -> None:
    with pytest.raises(UsageError, match=r"settings\.toml"):
        LocalCopy.to_ask("")
    with pytest.raises(UsageError, match="mom fleet pull"):
        LocalCopy.to_ask(uri)


def test_a_repository_cannot_set_the_fleet(service: Repo, home: Path) -> None:
    service.write(".mom.toml", '[fleet]\nuri = "s3://evil/x"\n')
    found = resolve(service.root, EditorSettings({"fleet": {"uri": "s3://evil/x"}}, tells_scopes=True))
    assert found.settings.fleet.uri == ""
    assert any("fleet.uri" in problem for problem in found.problems)
