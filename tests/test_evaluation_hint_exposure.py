"""Exposure without use costs nothing: a year of an author's days, with hints on the screen and none ever used."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from repositories import START, Change, Repo, Start, import_commits

from mom_lsp.evaluation.hint_exposure import DAYS, exposures, one_file
from mom_lsp.journal import Event
from mom_lsp.tiers import DAY
from mom_lsp.tiers.status_rules import QUIET_AFTER

FILES, FUNCTIONS = 6, 30
EVERY = 7 * DAY // 10  # seconds between commits: ten a week
REASONS = ("the worker saw the wrong sum", "callers retry it forever", "the old limit lost the last row")


def write_history(project: Repo, commits: int) -> dict[tuple[str, int], str]:
    """Commit changes of one function each; return the title of the commit that wrote each line that has an answer."""
    draw, texts, answers = random.Random(7), dict[str, list[str]](), dict[tuple[str, int], str]()
    for n in range(FILES):
        texts[f"src/part_{n}.py"] = [
            line
            for f in range(FUNCTIONS)
            for line in (f"def part_{n}_{f}(value):", f"    limit = {f}", "    return min(value, limit)", "", "")
        ]

    def changes() -> Iterator[Change]:
        for path, lines in texts.items():
            yield Change(f"Add {path}", path, "\n".join(lines) + "\n")
        for number in range(commits):
            path, function = f"src/part_{draw.randrange(FILES)}.py", draw.randrange(FUNCTIONS)
            title = f"Set the limit of function {function} to {number}"
            texts[path][function * 5 + 1] = f"    limit = {number} * {function + 1}"
            answers[path, function * 5 + 2] = title
            why = f"Because {draw.choice(REASONS)} in run {number}, the limit cannot stay as it was (#{number + 1000})."
            yield Change(f"{title}\n\n{why}", path, "\n".join(texts[path]) + "\n")

    import_commits(project, changes(), START, every=EVERY)
    return answers


@pytest.mark.slow
def test_hints_and_answers_persist_when_nothing_is_ever_used(project: Repo, moms: Start) -> None:
    answers = write_history(project, 280)  # on some two hundred days
    mom = moms(project)
    mom.index()
    found = exposures(mom.root)
    for one in found.values():
        assert (one.days, one.files) == (DAYS, FILES)
        assert one.fresh > 30
        assert one.left >= 0.95 * one.fresh
        assert one.barred == 0
    everything, screen = found.values()
    assert everything.shown > 3 * screen.shown > 0
    assert everything.quiet == everything.left  # the same hints, in fewer words

    def right(path: str, line: int) -> bool:
        return answers[path, line] in [one["title"] for one in mom.suggest(path, line, counted=False)]

    before = {place: right(*place) for place in answers}
    assert sum(before.values()) > 0.9 * len(before)
    ids = list(mom.service.library.snapshot().catalog.ids)
    seen = dict.fromkeys((path for path, _ in answers), ids)
    newest = START + 280 * EVERY
    mom.service.library.journal.append_many(
        Event(0, newest + day * DAY, "shown", data={"seen": seen, "hinted": seen}) for day in range(DAYS)
    )
    assert {place: right(*place) for place in answers} == before  # no answer is lost
    assert [one["title"] for one in mom.search("limit function", k=5)]


def test_a_file_opened_every_day_keeps_its_hints(project: Repo, moms: Start) -> None:
    write_history(project, 40)
    mom = moms(project)
    mom.index()
    by_day = one_file(mom.root, "src/part_0.py", (1, QUIET_AFTER + 1, 2 * QUIET_AFTER + 1))
    assert len(set(by_day.values())) == 1 < by_day[1]
