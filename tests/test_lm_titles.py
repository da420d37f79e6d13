"""Generated titles: only for uninformative ones, marked, erasable, and never presented as fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from llama_models import needs_model
from memories import MEMORIES, make_memory
from parrot import Parrot
from repositories import Mom, Repo, Start

from mom_lsp import datafolder
from mom_lsp.engine.model import LocalModel
from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.lm.titles import TitleFile, titled
from mom_lsp.memory import Memory, never_cancelled
from mom_lsp.settings import ModelSettings

FIX = make_memory(1, "fix", body="The server bans a client after 50 attempts.")
MADE = "Ban of a client after 50 attempts"


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    project.commit(f"fix\n\n{FIX.body}", {"a.py": "limit = 42\n"})
    mom = moms(project)
    mom.index()
    return mom


def first(mom: Mom) -> dict[str, Any]:
    found: dict[str, Any] = mom.suggest("a.py", 1)[0]
    return found


@pytest.mark.parametrize(
    "title", ["fix", "WIP", "Update.", "minor fixes", "some more cleanup", "...", "address review"]
)
def test_generic_titles_are_uninformative(title: str) -> None:
    assert says_nothing(title)


@pytest.mark.parametrize("title", ["fix retries", "update the parser", "Test for 42", "http: fix"])
def test_specific_titles_are_informative(title: str) -> None:
    assert not says_nothing(title)


def test_a_generated_title_is_kept_only_if_the_memory_supports_it() -> None:
    assert titled(Parrot(f"{MADE}."), FIX) == MADE
    assert titled(Parrot("Ban of a client after 60 attempts."), FIX) == ""
    assert titled(Parrot("Please the tax office."), FIX) == ""
    assert titled(Parrot(MADE), make_memory(2, "fix")) == ""  # there is nothing to summarize


def test_a_title_is_supported_only_by_what_the_prompt_showed() -> None:
    long = make_memory(2, "fix", body=f"{'They pile up over the night. ' * 20}The janitor sweeps stale sockets.")
    assert titled(Parrot("They pile up over the night."), long)
    assert titled(Parrot("The janitor sweeps stale sockets."), long) == ""


@given(MEMORIES)
def test_a_title_can_be_requested_for_any_memory(memory: Memory) -> None:
    assert len(titled(Parrot(memory.title), memory)) <= 60


def test_a_generated_title_is_marked_and_the_original_is_kept(mom: Mom) -> None:
    assert (first(mom)["title"], first(mom)["title_generated"]) == ("fix", None)
    TitleFile(mom.location.data / datafolder.TITLES).put(first(mom)["id"], MADE)
    assert (first(mom)["title"], first(mom)["title_generated"]) == ("fix", MADE)
    assert mom.search(MADE.split()[0])[0]["title"] == "fix"


def test_forgetting_a_memory_erases_its_title_from_the_disk(mom: Mom) -> None:
    file = mom.location.data / datafolder.TITLES
    TitleFile(file).put(first(mom)["id"], MADE)
    assert MADE.encode() in file.read_bytes()
    mom.call("forget", id=first(mom)["id"])
    assert MADE.encode() not in file.read_bytes()


def test_a_title_generated_while_its_memory_is_forgotten_is_not_kept(mom: Mom) -> None:
    class Forgetful(LocalModel):
        def why_not(self, settings: ModelSettings) -> str:
            return ""

        def title(
            self, settings: ModelSettings, memory: Memory, cancelled: Callable[[], bool] = never_cancelled
        ) -> str | None:
            mom.call("forget", id=memory.id)
            return MADE

    identity = first(mom)["id"]
    mom.service.model = Forgetful()
    mom.service.make_title(never_cancelled)
    assert TitleFile(mom.location.data / datafolder.TITLES).get(identity) is None
    assert not mom.service.workspace(str(mom.root)).presenter.awaiting_title


def test_damaged_titles_and_traces_are_ignored(mom: Mom) -> None:
    identity = first(mom)["id"]
    for name in (datafolder.TITLES, datafolder.TRACES):
        (mom.location.data / name).write_bytes(b"no database at all" * 100)
    assert first(mom)["title_generated"] is None
    (mom.location.data / datafolder.TITLES).write_bytes(b"no database at all" * 100)
    mom.call("forget", id=identity)
    mom.service.follow()
    assert not mom.search("ban")


def test_without_a_model_no_title_is_generated(mom: Mom) -> None:
    first(mom)
    mom.service.make_title(lambda: False)
    assert not (mom.location.data / datafolder.TITLES).exists()


def test_a_kept_answer_says_that_a_model_wrote_it(mom: Mom) -> None:
    mom.call("note", text="The limit is 42 because of the ban", path="a.py", line=1, generated=True)
    note = next(one for one in mom.search("limit because of the ban") if one["source"]["type"] == "user")
    assert "local model" in note["source"]["author"]


@pytest.mark.slow
@needs_model
def test_the_real_model_is_asked_once(mom: Mom) -> None:
    mom.call("configure", options={"model": {"enable": True, "threads": 1}})
    identity = first(mom)["id"]
    mom.service.make_title(lambda: False)
    made = TitleFile(mom.location.data / datafolder.TITLES).get(identity)
    assert made is not None
    assert first(mom)["title_generated"] == (made or None)
