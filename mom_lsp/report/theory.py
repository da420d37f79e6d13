"""The third section: how memory behaves here, beside what the theory says."""

from __future__ import annotations

from typing import Any

import numpy as np

from mom_lsp.errors import StoreError
from mom_lsp.lm.costs import Cost, attention, episodic, neural
from mom_lsp.motifs.routes import TASKS
from mom_lsp.phrases import count
from mom_lsp.report.charts import FAINT, SERIES, canvas, heat_map
from mom_lsp.report.exhibit import Cell, Exhibit, Section, Table
from mom_lsp.report.facts import Facts
from mom_lsp.report.language import language
from mom_lsp.report.routes import routes, together
from mom_lsp.tiers.decay import RATES, TIERS, faded, half_life

DAYS = 120  # active days of the decay curves
BINS = np.linspace(0.0, 1.0, 21)
TASK_NAMES = {"editing": "while editing", "why": "asking why", "search": "searching"}
MOST_MOTIFS = 25
LENGTHS = (128, 512, 2_048, 8_192, 32_768)  # tokens
WIDTH, HEADS, SLOTS, UPDATED, BYTES = 512, 8, 128, 0.1, 4  # d, H, M, rho and B of the seed's table


def theory(facts: Facts) -> Section:
    """Return the section."""
    text = "Decay, routes, motifs and attention in this repository, and the theoretical cost of each kind of memory."
    exhibits = (
        _strengths(facts),
        routes(facts),
        together(facts),
        _motifs(facts),
        language(facts),
        _traces(facts),
        _costs(),
    )
    return Section("theory", "How does memory behave here?", text, exhibits)


def _strengths(facts: Facts) -> Exhibit:
    tier, strength = facts.tiers.tier[facts.rows], facts.tiers.strength[facts.rows]
    rows: list[tuple[Cell, ...]] = []
    for number, name in enumerate(TIERS):
        inside = strength[tier == number]
        counts = [int((inside >= least).sum()) for least in (0.5, 0.1)]
        rows.append((name, f"{RATES[number]:.0%}", round(half_life(number, 1.0), 1), len(inside), *counts))
    alive = int((strength >= 0.1).sum())
    text = (
        f"A memory loses part of its strength on each active day of the repository: half after {rows[0][2]:g} days"
        f" while it is episodic, {rows[1][2]:g} while working, {rows[2][2]:g} while semantic. {alive:,} of"
        f" {len(strength):,} memories have a strength of 0.1 or more now. Strength is added to the score, so a"
        " faded memory can still be found."
    )
    alternative = f"Left, strength over active days without use, by tier; right, the distribution of strength. {text}"
    days = np.arange(DAYS + 1)
    with canvas("strengths", alternative, 2.9, 2) as drawn:
        curves, now = drawn.axes
        for number, name in enumerate(TIERS):
            level = np.full(len(days), number)
            curves.plot(days, faded(level, np.ones(len(days)), days)[1], color=SERIES[number], label=name)
            curves.plot(half_life(number, 1.0), 0.5, "o", color=SERIES[number], markersize=5)
        curves.axhline(0.5, color=FAINT, linewidth=0.7, linestyle="--")
        curves.set(xlabel="active days without use", ylabel="strength", ylim=(0, 1.02))
        curves.legend(title="from 1; half-lives marked")
        values = [strength[tier == number] for number in range(len(TIERS))]
        now.hist(values, BINS, stacked=True, color=list(SERIES[: len(TIERS)]))
        now.set(xlabel="strength now", ylabel="memories", yscale="symlog" if len(strength) > 100 else "linear")
    columns = ("tier", "loss a day", "half-life, active days", "memories", "strength ≥ 0.5", "≥ 0.1")
    return Exhibit("strengths", "Strength and half-life", text, Table.of(columns, rows), drawn.svg, alternative)


def _motifs(facts: Facts) -> Exhibit:
    title = "Motifs by task"
    found = [one for registry in facts.proven.registries.values() for one in registry.motifs]
    found = [one for one in found if facts.proven.row_of(one.memory) is not None]
    if not found:
        return Exhibit(
            "motifs",
            title,
            "No memory has proved useful at a place yet. One does once you accept it there on three days, and more"
            " often than not. It is then listed with the task it helped with: editing, asking why, or searching.",
        )
    titles = facts.titles(one.memory for one in found)
    named: dict[tuple[str, str], np.ndarray] = {}
    details: dict[tuple[str, str], tuple[Cell, ...]] = {}
    for one in sorted(found, key=lambda motif: (-motif.accepted, motif.place)):
        place = one.place[-1].replace("\t", " · ") if one.task != "search" and one.place else "a search"
        name = (titles[one.memory], place)
        named.setdefault(name, np.zeros(len(TASKS)))[TASKS.index(one.task)] += one.accepted
        details[name] = (f"{one.lower:+.2f}", f"{one.sigma:.2f}", len(one.parts))
    rows: list[tuple[Cell, ...]] = [
        (f"{memory} — {place}", *map(int, counts), *details[memory, place]) for (memory, place), counts in named.items()
    ]
    text = (
        f"{count(len(named), 'route')} from a place to a memory proved useful, and the memory is always suggested"
        " there. The numbers are the days on which it was accepted."
    )
    values = np.array(list(named.values()))[:MOST_MOTIFS]
    alternative = f"Heat map: motifs by task, as days with an acceptance. {text}"
    tasks = [TASK_NAMES[task] for task in TASKS]
    plot = heat_map("motifs", alternative, [f"{t[:24]} — {p[-28:]}" for t, p in named][:MOST_MOTIFS], tasks, values)
    columns = ("memory and place", *tasks, "utility at least", "solid", "motifs within")
    return Exhibit("motifs", title, text, Table.of(columns, rows), plot, alternative)


def _traces(facts: Facts) -> Exhibit:
    title = "Attention by layer and head"
    try:
        models = facts.traces.models()
        traces = [(name, facts.traces.traces(name, layers, heads)) for name, layers, heads in models]
    except StoreError as error:
        return Exhibit("traces", title, f"The attention traces cannot be read: {error}")
    strongest = [(name, one, sum(one.strength.values(), np.zeros((one.layers, one.heads)))) for name, one in traces]
    strongest = [entry for entry in strongest if entry[2].any()]
    if not strongest:
        return Exhibit(
            "traces",
            title,
            "No traces yet. With a local model and mom.model.traces, mom learns while idle which heads attend to a"
            " memory when that helps with a text that you accepted. This will show their strength.",
        )
    name, one, grid = strongest[-1]
    layer, head = np.unravel_index(int(grid.argmax()), grid.shape)
    busy = int((grid > 0).sum())
    text = (
        f"{len(one.strength)} traces of {name}: {busy} of {grid.size} heads have one, the strongest is head {head} of"
        f" layer {layer}. The stronger the colour, the larger the sum of the traces of a head."
    )
    alternative = f"Heat map: strength of attention traces by layer and head. {text}"
    layers, heads = [str(y) for y in range(one.layers)], [f"head {x}" for x in range(one.heads)]
    plot = heat_map("traces", alternative, heads, layers, grid.T, numbers=False, label="layer")
    order = [divmod(int(at), one.heads) for at in np.argsort(-grid, axis=None, kind="stable")]
    rows = [
        (f"layer {y}, head {x}", float(f"{grid[y, x]:.3g}"), int(one.count()[y, x])) for y, x in order if grid[y, x] > 0
    ]
    return Exhibit("traces", title, text, Table.of(("head", "strength", "traces"), rows), plot, alternative)


def _costs() -> Exhibit:
    def of(tokens: int) -> dict[str, Cost]:
        """Return what the last of some tokens costs."""
        return {
            "attention": attention(1, WIDTH, HEADS, BYTES, before=tokens - 1),
            "neural memory": neural(tokens, WIDTH, SLOTS, UPDATED, BYTES),
            "episodic memory": episodic(1, WIDTH, SLOTS, BYTES, heads=HEADS),
        }

    table = {tokens: of(tokens) for tokens in LENGTHS}
    spread = {tokens: cost["neural memory"].products / tokens for tokens, cost in table.items()}  # its updates, too
    names = list(table[LENGTHS[0]])
    products: dict[str, list[float]] = {
        n: [spread[t] if n == "neural memory" else table[t][n].products for t in LENGTHS] for n in names
    }
    states = {n: [table[t][n].state for t in LENGTHS] for n in names}
    text = (
        f"Exact counts for a width of {WIDTH}, {HEADS} heads, {SLOTS} slots of which {UPDATED:.0%} are updated,"
        f" {BYTES} bytes a number: attention grows with the text, a memory of fixed size does not."
    )
    alternative = f"Left, multiply-adds per token by length of the text; right, bytes kept. {text}"
    with canvas("costs", alternative, 2.9, 2) as drawn:
        parts: tuple[tuple[dict[str, Any], str], ...] = (products, "multiply-adds a token"), (states, "bytes kept")
        for axes, (values, label) in zip(drawn.axes, parts, strict=True):
            for number, name in enumerate(names):
                axes.plot(LENGTHS, values[name], "o-", color=SERIES[number], markersize=4, label=name)
            axes.set(xscale="log", yscale="log", xlabel="tokens", ylabel=label)
        drawn.axes[0].legend()
    rows: list[tuple[Cell, ...]] = [
        (f"{t:,} tokens", *(round(products[n][at]) for n in names), *(states[n][at] for n in names))
        for at, t in enumerate(LENGTHS)
    ]
    columns = ("length of text", *(f"{n}, multiply-adds a token" for n in names), *(f"{n}, bytes" for n in names))
    return Exhibit("costs", "What memories cost", text, Table.of(columns, rows), drawn.svg, alternative)
