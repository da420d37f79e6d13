"""What is forgotten is held by no object of the process that answered with it."""

from __future__ import annotations

import gc

from repositories import Mom, Repo, Start, fill

PARTS = ("zim", "baloo")  # joined at run time, so that no constant of this file has the word


def texts_with(word: str) -> set[str]:
    """Return the texts that have a word and more, of all objects that can be reached."""
    gc.collect()
    found, seen, reached = set(), set(), gc.get_objects()
    while reached:
        holder = reached.pop()
        if id(holder) in seen:
            continue
        seen.add(id(holder))
        for held in gc.get_referents(holder):
            if isinstance(held, str) and word in held and held != word:
                found.add(held)
            elif isinstance(held, bytes) and word.encode() in held:
                found.add(held.decode("utf-8", "replace"))
            elif isinstance(held, (dict, tuple)):
                reached.append(held)  # those of texts alone are not tracked
    return found


def write(repo: Repo, word: str) -> None:
    repo.commit(
        f"Fix the {word}\n\nBecause the key = {word} failed for users.", {"zoo.py": "def zoo():\n    return 42\n"}
    )
    repo.commit("Comment", {"b.py": f"# TODO: {word} must be done before the release\nx = 1\n"})
    rules = f"# Contributing\n\n## Rules\n\nYou must always use {word}, because of the tests.\n"
    changes = f"# Changelog\n\n## 1.0\n\n- Fixed {word}, which failed because of the cache\n- Fixed the rest\n"
    decision = f"# Use {word}\n\n## Decision\n\nWe use it, since it never fails, and it must be kept.\n"
    agents = f"# Rules\n\n- You must never use {word}, because it is slow.\n"
    repo.commit("Document", {"CONTRIBUTING.md": rules, "CHANGELOG.md": changes, "AGENTS.md": agents})
    repo.commit("Decide", {"docs/adr/0001-use.md": decision})


def ask(mom: Mom, word: str) -> list[str]:
    """Ask about everything in every way; return the ids of what was found."""
    found = mom.search(word)
    for path in ("zoo.py", "b.py"):
        text = (mom.root / path).read_text()
        mom.suggest(path, 2, text=text)
        mom.call("hints", path=path, text=text, start=1, end=2)
        mom.call("why", path=path, line=1, text=text)
    for one in found:
        mom.call("show", id=one["id"])
        mom.call("source", id=one["id"])
    return [one["id"] for one in found]


def test_forgotten_words_are_held_by_no_object_of_the_engine(project: Repo, moms: Start) -> None:
    word = "".join(PARTS)
    fill(project, 40)
    write(project, word)
    mom = moms(project)
    mom.index()
    asked = ask(mom, word)
    assert texts_with(word)
    forgotten = set[str]()
    while asked:  # one of each change at a time
        forgotten |= set(asked)
        for one in asked:
            mom.call("forget", id=one)
        mom.service.follow()
        asked = [one["id"] for one in mom.search(word)]
    texts = {(mom.root / path).read_text() for path in project.git("ls-files").split()}  # which an editor may have open
    files = texts | {line for text in texts for line in text.split("\n")}
    assert len(forgotten) >= 6
    assert texts_with(word) - files == set()
