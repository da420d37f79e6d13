"""The connection to an engine: the settings that count are those that the editor sent last."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import LONG
from repositories import Repo, fill

from mom_lsp.errors import ChildError
from mom_lsp.process import EngineClient
from mom_lsp.process.address import read_record
from mom_lsp.server.engines import Engines
from mom_lsp.settings import EditorSettings

OFF, ON = (EditorSettings.read({"name": "neovim", "options": {"model": {"enable": on}}}) for on in (False, True))
TURNED_OFF = "turned off (mom.model.enable)"


class ChangedMeanwhile(Engines):
    """Engines whose editor sends other settings while the first ones are on their way."""

    change: asyncio.Task[None] | None = None

    def settings_of(self, root: Path) -> EditorSettings:
        if self.change is None:
            self.change = asyncio.ensure_future(self.configure({root: ON}))
        return super().settings_of(root)


class Dying(Engines):
    """Engines that die as soon as they are sent settings again."""

    data: Path | None = None

    def settings_of(self, root: Path) -> EditorSettings:
        if self.data is not None:
            os.kill(read_record(self.data)["pid"], signal.SIGKILL)
            self.data = None
        return super().settings_of(root)


@pytest.fixture(autouse=True)
def ended(project: Repo) -> Iterator[None]:
    fill(project, 3)
    yield
    EngineClient.connect(project.location.data, LONG, version="none of them")  # so the engine ends


async def known() -> None:
    """The settings are there."""


def engines_of(kind: type[Engines], configured: Callable[[], Awaitable[object]] = known) -> Engines:
    return kind(lambda method, params: None, lambda connected: None, ("-m", "mom_lsp"), configured)


async def problem(engines: Engines, project: Repo) -> Any:
    return (await engines.ask(project.location, "model"))["problem"]


async def test_settings_sent_while_the_engine_starts_reach_it(project: Repo) -> None:
    engines = engines_of(ChangedMeanwhile)
    engines.settings = {project.root: OFF}
    await problem(engines, project)
    assert isinstance(engines, ChangedMeanwhile) and engines.change is not None
    await engines.change
    assert await problem(engines, project) != TURNED_OFF
    engines.close()


async def test_a_folder_that_was_closed_is_opened_with_its_new_settings(project: Repo) -> None:
    engines = engines_of(Engines)
    engines.settings = {project.root: OFF}
    assert await problem(engines, project) == TURNED_OFF
    engines.leave(project.root)
    await engines.configure({project.root: ON})
    assert await problem(engines, project) != TURNED_OFF
    engines.close()


async def test_a_folder_that_is_opened_while_the_engine_starts_has_its_settings(project: Repo, tmp_path: Path) -> None:
    engines, other = engines_of(Engines), project.worktree(tmp_path / "other")
    engines.settings = {project.root: OFF, other.root: ON}
    found = await asyncio.gather(problem(engines, project), problem(engines, other))
    assert (found[0] == TURNED_OFF, found[1] == TURNED_OFF) == (True, False)
    engines.close()


async def test_a_question_waits_for_the_settings(project: Repo) -> None:
    engines = engines_of(Engines, lambda: engines.configure({project.root: OFF}))
    assert await problem(engines, project) == TURNED_OFF
    engines.close()


async def test_an_engine_may_end_while_its_folders_are_configured(project: Repo, tmp_path: Path) -> None:
    engines = engines_of(Dying)
    for folder in (project, *(project.worktree(tmp_path / name) for name in "abc")):
        await problem(engines, folder)
    assert isinstance(engines, Dying)
    engines.data = project.location.data
    await engines.configure({project.root: ON})
    engines.close()


async def test_an_engine_that_cannot_be_started_is_not_tried_again_at_once(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = engines_of(Engines)
    monkeypatch.setattr(sys, "executable", str(project.root / "python"))
    for reason in ("cannot be started", "will restart soon"):
        with pytest.raises(ChildError, match=reason):
            await problem(engines, project)
    engines.close()
