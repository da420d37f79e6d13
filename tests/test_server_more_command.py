"""What "More…" offers: an action on the memory that its title names."""

from __future__ import annotations

import asyncio

from bare_client import JSON
from editor_here import EditorHere, talk_here
from repositories import Mom, Repo, indexed_fixtures

SUBJECT = "Update the changelog for the release of version"
VERSIONS = ("1.0", "1.1", "1.2")


def write(project: Repo) -> None:
    for version in VERSIONS:
        project.commit(f"{SUBJECT} {version}\n\nBecause the tag needs it.", {"a.py": f"released = '{version}'\n"})


template, project, mom = indexed_fixtures(write)


def test_memories_whose_titles_are_cut_alike_are_told_apart(mom: Mom) -> None:
    offered: list[str] = []

    def first_forget(titles: list[str]) -> str:
        offered.extend(title for title in titles if title.startswith("Forget"))
        return offered[0]

    async def talk(editor: EditorHere) -> JSON:
        answer = asyncio.ensure_future(editor.run("mom.more", editor.open(mom, "a.py"), 1))
        await editor.choose(first_forget)
        return dict(await answer)

    known = {one["id"]: one["title"] for one in mom.suggest("a.py", 1)}
    assert {title.removeprefix(SUBJECT) for title in known.values()} == {f" {version}" for version in VERSIONS}
    _, second, third = known
    assert known[second] in talk_here(talk, mom)["message"]
    assert [title.rpartition(" ")[2] for title in offered] == [f"({memory[:8]})" for memory in (second, third)]


def test_a_comment_that_the_editor_refuses_counts_as_no_use(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> JSON | None:
        answer = asyncio.ensure_future(editor.run("mom.more", editor.open(mom, "a.py"), 1))
        await editor.choose(lambda titles: next(title for title in titles if title.startswith("Insert")))
        asked = await editor.message("workspace/applyEdit")
        editor.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"applied": False}})
        return await answer

    assert talk_here(talk, mom) is None
    assert [event["type"] for event in mom.call("export")["events"] if event["type"] == "inserted"] == []
