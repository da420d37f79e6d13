"""Five years of use: no valid memory is lost, and the suggestions do not get worse."""

from __future__ import annotations

import random
import time

from repositories import START, Repo, Start

from mom_lsp.journal import Event
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import fold

YEARS, WORKDAYS, FILES = 5, 250, 12
REPLAYED_WITHIN = 3.0  # CPU seconds; it takes a fifth of one
WHY = "Because caller {n} saw the wrong sum and the worker had to start again."


def write_history(project: Repo) -> None:
    """Commit a function for each file, then a change of a line of each."""
    body = "def work_{n}(value):\n    total = value + {n}\n    limit = {n} * 7\n    return min(total, limit)\n"
    files = {f"src/worker_{n}.py": body.format(n=n) for n in range(FILES)}
    project.commit("Add the workers", files)
    for n in range(FILES):
        path = f"src/worker_{n}.py"
        text = files[path].replace(f"limit = {n} * 7", f"limit = {n} * 7 + 1")
        project.commit(f"Raise the limit of worker {n}\n\n{WHY.format(n=n)}", {path: text})


def test_suggestions_stay_the_same_after_five_years_of_use(project: Repo, moms: Start) -> None:
    write_history(project)
    mom = moms(project)
    mom.index()
    library = mom.service.library
    titles = [f"Raise the limit of worker {n}" for n in range(FILES)]
    before = [mom.titles(title) for title in titles]
    draw = random.Random(5)
    right: list[list[bool]] = []
    for year in range(YEARS):
        right.append([])
        for day in range(0, 365, 20):
            now = START + (year * 365 + day) * DAY
            mom.clock = lambda now=now: float(now)
            library.journal.append_many(  # the work of some weeks, most of it elsewhere
                Event(0, now - n * DAY, "active") for n in range(13, -1, -1)
            )
            n = draw.randrange(FILES)
            found = mom.suggest(f"src/worker_{n}.py", 3)
            right[-1].append(bool(found) and found[0]["title"] == titles[n])
            if right[-1][-1] and draw.random() < 0.3:
                mom.call("useful", id=found[0]["id"], path=f"src/worker_{n}.py", line=3)
            library.impressions.flush(library.journal, now)
    mom.service.follow()
    precision = [sum(year) / len(year) for year in right]
    assert min(precision[1:]) >= precision[0] > 0.9
    assert [mom.titles(title) for title in titles] == before
    for title in titles:
        assert mom.search(title)[0]["title"] == title
        (memory,) = (one for one in mom.search(title) if one["title"] == title)
        assert mom.call("show", id=memory["id"])["suggested"]


def test_a_used_memory_gains_only_by_its_strength(project: Repo, moms: Start) -> None:
    """Of two memories of a function the older one is used, year by year; uses themselves are left out of the score."""
    body = "def work(value):\n    total = value + {}\n    limit = total * {}\n    return min(total, limit)\n"
    project.write(".mom.toml", "[weights]\nuse = 0.0\n")
    project.commit("Add the worker", {"src/worker.py": body.format(1, 7)})
    project.commit(f"Raise the total\n\n{WHY.format(n=1)}", {"src/worker.py": body.format(2, 7)})
    project.commit(f"Raise the limit\n\n{WHY.format(n=2)}", {"src/worker.py": body.format(2, 8)})
    mom = moms(project)
    mom.index()
    library = mom.service.library

    def lead() -> float:
        score = {one["title"]: one["score"] for one in mom.suggest("src/worker.py", 2, 3)}
        return float(score["Raise the total"] - score["Raise the limit"])

    before = lead()
    used = next(one["id"] for one in mom.suggest("src/worker.py", 2, 3) if one["title"] == "Raise the total")
    for year in range(1, YEARS + 1):
        now = float(START + year * 365 * DAY)
        library.journal.append_many(Event(0, int(now) - n * DAY, "active") for n in range(60, -1, -1))
        mom.clock = lambda now=now: now
        mom.call("useful", id=used, path="src/worker.py", line=2)
        assert lead() > before + 0.1, f"year {year}"


def test_a_year_of_busy_use_still_folds_and_distinguishes_memories(project: Repo, moms: Start) -> None:
    """Ten thousand events: forty uses a day."""
    write_history(project)
    mom = moms(project)
    mom.index()
    journal, ids = mom.service.library.journal, list(mom.service.library.snapshot().catalog.ids)
    kinds = ("useful", "opened", "inserted", "shown")
    journal.append_many(
        Event(0, START + day * DAY, kinds[n % 4], ids[(day * 7 + n) % len(ids)], f"src/worker_{n % FILES}.py")
        for day in range(WORKDAYS)
        for n in range(40)
    )
    began = time.process_time()
    events = list(journal.events())
    assert fold(events).usage  # replayed from the journal, as after a restart
    assert time.process_time() - began < REPLAYED_WITHIN
    life = mom.service.library.snapshot().life
    assert len(events) == WORKDAYS * 40
    assert sum(usage.uses for usage in life.usage.values()) == WORKDAYS * 30
    assert fold(events[5_000:], fold(events[:5_000])).usage == life.usage
    mom.service.follow()
    assert mom.call("status")["tiers"]["semantic"] == len(ids)
