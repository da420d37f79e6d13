"""A short form of `make fuzz`: hostile messages to a real language server with a real engine."""

from __future__ import annotations

import os
from itertools import islice

import pytest
from fuzz_front import fuzz, table
from hostile_messages import HostileMessages
from message_parts import World
from processes import LONG
from repositories import Mom, Repo, Start, fill

from mom_lsp.process import EngineClient

WORLD = World("file:///r", {"file:///r/a.py": "a\n" * 20}, ["a" * 16])


def test_the_same_seed_makes_the_same_messages() -> None:
    first, again, other = (list(islice(HostileMessages(seed, WORLD), 300)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({message.kind for message in first}) == 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_hostile_messages_leave_no_request_unanswered(project: Repo, moms: Start, seed: int) -> None:
    fill(project, 40, files=6)
    mom: Mom = moms(project)
    mom.index()
    memories = [one["id"] for one in mom.search("wrong sum", k=10)]
    try:
        result = await fuzz(project.root, seed, 2_000, dict(os.environ), memories)
    finally:
        EngineClient.connect(mom.location.data, LONG, version="none of them")  # ends it
    assert result.faults == [], table(result)
    assert result.window.found, "no hover had a memory"
