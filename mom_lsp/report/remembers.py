"""The second section: what the repository remembers, by kind, age, tier, domain, folder, and what drifted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np

from mom_lsp.memory import Memory
from mom_lsp.phrases import count
from mom_lsp.report.charts import bars, columns
from mom_lsp.report.exhibit import Cell, Exhibit, Section, Table
from mom_lsp.report.facts import SOURCES, Facts, counted
from mom_lsp.report.feedback import wilson
from mom_lsp.report.meaning_map import meaning_map
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import TIERS, half_life
from mom_lsp.workspace.answers.contract import iso
from mom_lsp.workspace.answers.review import to_keep_fresh

TOP = 15  # folders and domains in a plot
DRIFT_SAMPLE = 400  # memories whose code is looked for
LATEST = 12  # reverted changes that are listed
SOURCE_NAMES = {"commit": "from commits", "file": "from files", "discussion": "from discussions", "user": "your notes"}
FRESHNESS = {
    "fresh": "still there",
    "moved": "moved to another file",
    "drifted": "rewritten since",
    "gone": "removed",
}


def remembers(facts: Facts) -> Section:
    """Return the section."""
    text = "The memories that may be suggested on this commit. Routine history is not counted."
    if not len(facts.rows):
        nothing = Exhibit("kinds", "Memories", "Nothing is indexed yet: run mom index.")
        return Section("remembers", "What does it remember?", text, (nothing,))
    exhibits = (
        _kinds(facts),
        _ages(facts),
        _folders(facts),
        _failures(facts),
        _drift(facts),
        _tiers(facts),
        _domains(facts),
        meaning_map(facts),
    )
    return Section("remembers", "What does it remember?", text, exhibits)


def _kinds(facts: Facts) -> Exhibit:
    kinds, sources = facts.described
    names = [name for name, _ in counted(kinds)]
    present = [source for source in SOURCES if (sources == source).any()]
    values = {SOURCE_NAMES[s]: [int(((kinds == name) & (sources == s)).sum()) for name in names] for s in present}
    whole = [int((kinds == name).sum()) for name in names]
    rows: list[tuple[Cell, ...]] = [
        (name, whole[at], *(values[v][at] for v in values)) for at, name in enumerate(names)
    ]
    share = whole[0] / len(kinds)
    text = (
        f"{len(kinds):,} memories of {count(len(names), 'kind')}; the most frequent one is “{names[0]}” ({share:.0%})."
    )
    alternative = f"Bars: number of memories by kind, by source. {text}"
    table = Table.of(("kind", "memories", *values), rows)
    return Exhibit("kinds", "By kind", text, table, bars("kinds", alternative, names, values), alternative)


def _ages(facts: Facts) -> Exhibit:
    times = facts.state.snapshot.catalog.time[facts.rows]
    known = times[(times > 0) & (times <= facts.now + DAY)]  # a commit may carry any date
    years = np.array([datetime.fromtimestamp(int(t), UTC).year for t in known], int)
    if not len(years):
        return Exhibit("ages", "By age", "No memory has a date.")
    names = [str(year) for year in range(int(years.min()), int(years.max()) + 1)]
    counts = np.bincount(years - int(years.min()), minlength=len(names)).tolist()
    middle = (facts.now - float(np.median(known))) / (365.2425 * 86_400)
    text = f"Half of the memories are older than {middle:.1f} years; the oldest is from {names[0]}."
    alternative = f"Columns: memories by the year they were written. {text}"
    plot = columns("ages", alternative, names, {"memories": counts})
    rows = list(zip(names, counts, strict=True))[::-1]
    if len(known) < len(times):
        rows.append(
            ("no date", len(times) - len(known))
        )  # or one of the future; a comment or document whose commit is not known
    table = Table.of(("year", "memories"), rows)
    return Exhibit("ages", "By age", text, table, plot, alternative)


def _folders(facts: Facts) -> Exhibit:
    title = "Failures and decisions by folder"
    at = {row: folder or "no file" for row, folder in zip(facts.rows.tolist(), facts.folders.tolist(), strict=True)}
    kinds, _ = facts.described
    failed = Counter(at.get(row, "") for row in facts.failures.reverted if row in at)
    refixed = Counter(at[row] for row in facts.failures.refixed if row in at)
    decided = Counter(
        at[row] for row, kind in zip(facts.rows.tolist(), kinds.tolist(), strict=True) if kind == "decision"
    )
    names = sorted({*failed, *refixed, *decided}, key=lambda n: (-failed[n] - refixed[n] - decided[n], n))
    if not names:
        return Exhibit("folders", title, "No reverted commits and no recorded decisions were found.")
    memories = Counter(at.values())
    rows = [(n, failed[n], refixed[n], decided[n], memories[n]) for n in names]
    again = f" and {refixed.total():,} fixes needed another fix" if refixed else ""
    text = (
        f"{failed.total():,} changes were reverted{again}; {decided.total():,} memories record a decision. Most of"
        f" them are in {names[0]}."
    )
    alternative = f"Bars: reverted changes, fixes that were fixed again, and decisions by folder. {text}"
    values = {
        name: [c[n] for n in names[:TOP]]
        for name, c in (("reverted", failed), ("fixed again", refixed), ("decisions", decided))
        if c
    }
    table = Table.of(("folder", "reverted", "fixed again", "decisions", "all memories"), rows)
    return Exhibit("folders", title, text, table, bars("folders", alternative, names[:TOP], values), alternative)


def _failures(facts: Facts) -> Exhibit:
    title, found = "Latest failures", facts.failures.reverted
    ids, times = facts.state.snapshot.catalog.ids, facts.state.snapshot.catalog.time
    latest = sorted(found.values(), key=lambda failure: -int(times[failure.by]))[:LATEST]
    if not latest:
        return Exhibit("failures", title, "No reverted changes are known.")
    wanted = [row for one in latest for row in (one.tried, one.by, one.replacement) if row is not None]
    titles = facts.titles(ids[row] for row in wanted)
    rows = [
        (
            titles[ids[one.tried]],
            (iso(int(times[one.by])) or "")[: len("2026-01-01")],
            titles[ids[one.by]] if one.by != one.tried else "abandoned",
            titles[ids[one.replacement]] if one.replacement is not None else "",
        )
        for one in latest
    ]
    text = "The most recently reverted changes."
    return Exhibit("failures", title, text, Table.of(("tried", "reverted on", "by", "replaced by"), rows), open=True)


def _drift(facts: Facts) -> Exhibit:
    sample = facts.sample(facts.rows, DRIFT_SAMPLE)
    checker = facts.workspace.presenter.failures(facts.state).checker
    ids = facts.state.snapshot.catalog.ids

    def states(rows: list[int]) -> list[tuple[Memory, str]]:
        memories = list(facts.state.get([ids[row] for row in rows]).values())
        return [(m, s.freshness) for m, s in zip(memories, checker.code_states(memories), strict=True)]

    found = Counter(state for _, state in states(sample.tolist()))
    size = found.total()
    rows = []
    for name, words in FRESHNESS.items():
        low, high = wilson(found[name], size)
        interval = "counted" if size == len(facts.rows) else f"{low:.0%} to {high:.0%}"
        rows.append((words, found[name], f"{found[name] / max(1, size):.0%}", interval))
    outdated = (found["drifted"] + found["gone"]) / max(1, size)
    whole = "all memories" if size == len(facts.rows) else f"a random sample of {size} memories"
    text = (
        f"Of {whole}, {outdated:.0%} are about code that was since rewritten or removed; these are hinted less often."
    )
    row_of = facts.state.snapshot.catalog.row_of
    used = [row_of[pick.memory] for pick in to_keep_fresh(facts.state.view, facts.state.snapshot.life)]
    stale = [m.title for m, state in states(used) if state in ("drifted", "gone")] if used else []
    if used:
        text += f" Of {count(len(used), 'memory', 'memories')} that you used or pinned, {len(stale)}"
        text += f": {'; '.join(stale[:5])}." if stale else "."
    alternative = f"Bars: what happened to the code of memories. {text}"
    plot = bars("drift", alternative, list(FRESHNESS.values()), {"memories": [row[1] for row in rows]})
    table = Table.of(("its code is", "memories", "share", "95% interval"), rows)
    return Exhibit("drift", "What drifted", text, table, plot, alternative)


def _tiers(facts: Facts) -> Exhibit:
    tier, strength = facts.tiers.tier[facts.rows], facts.tiers.strength[facts.rows]
    rows = []
    for number, name in enumerate(TIERS):
        inside = strength[tier == number]
        middle = float(np.median(inside)) if len(inside) else 0.0
        days = f"{half_life(number, middle):.0f}" if len(inside) else "-"
        rows.append((name, len(inside), round(middle, 3), days))
    text = (
        f"{rows[0][1]:,} memories are episodic, {rows[1][1]:,} working and {rows[2][1]:,} semantic. A memory begins"
        " episodic and rises when it is used, or when later commits name it; the higher its tier, the slower it decays."
    )
    alternative = f"Bars: number of memories by tier. {text}"
    plot = bars("tiers", alternative, list(TIERS), {"memories": [row[1] for row in rows]})
    table = Table.of(("tier", "memories", "median strength", "its half-life, active days"), rows)
    return Exhibit("tiers", "By tier", text, table, plot, alternative)


def _domains(facts: Facts) -> Exhibit:
    domains = facts.state.snapshot.domains
    if not domains.names:
        return Exhibit(
            "domains",
            "By domain",
            "The memories are not grouped by folder and meaning yet. mom index does this as its last step.",
        )
    of = domains.of[facts.rows[facts.rows < len(domains.of)]]
    names = [domains.names[number] if number >= 0 else "no domain yet" for number in of.tolist()]
    names += ["no domain yet"] * (len(facts.rows) - len(names))
    rows = counted(names)
    text = f"{len(domains.names)} groups of memories by folder and meaning; a search looks into the few nearest ones."
    alternative = f"Bars: number of memories in the {min(TOP, len(rows))} largest domains. {text}"
    top = rows[:TOP]
    plot = bars("domains", alternative, [name for name, _ in top], {"memories": [number for _, number in top]})
    return Exhibit("domains", "By domain", text, Table.of(("domain", "memories"), rows), plot, alternative)
