"""The first section: does it help? What was shown, accepted and dismissed."""

from __future__ import annotations

from collections import Counter

from mom_lsp.phrases import count
from mom_lsp.report.charts import INK, SERIES, canvas, time_axis
from mom_lsp.report.exhibit import Exhibit, Section, Table, Tile
from mom_lsp.report.facts import Facts
from mom_lsp.report.feedback import Feedback, wilson

MOST = 15  # memories of a list
ENOUGH = 5  # impressions of a period for its variety
ACTIONS = {
    "useful": "marked as useful",
    "pin": "pinned",
    "inserted": "inserted as a comment",
    "opened": "source opened and read",
    "dismiss": "dismissed at a place",
    "never": "marked never to be suggested",
}
NOTHING = "No suggestions were shown yet. This will show, by day, week or month,"


def helps(facts: Facts) -> Section:
    """Return the section."""
    found = facts.feedback
    exhibits = (_over_time(found), _precision(found), _variety(found, len(facts.rows)), _best(facts))
    return Section(
        "helps",
        "Does it help?",
        "What you were shown, and how you responded. This comes from the journal on this machine; nothing is sent"
        " anywhere. A memory counts once per file and day.",
        exhibits,
    )


def tiles(facts: Facts) -> tuple[Tile, ...]:
    """Return the numbers at the top."""
    found = facts.feedback
    right, judged = found.total("hints_accepted"), found.total("hints_accepted") + found.total("hints_dismissed")
    return (
        Tile(f"{len(facts.rows):,}", "memories"),
        Tile(f"{found.listed:,}", "suggestions shown"),
        Tile(f"{found.total('hinted'):,}", "hints shown"),
        Tile(f"{found.total('accepted'):,}", "accepted"),
        Tile(f"{found.total('dismissed'):,}", "dismissed"),
        Tile(f"{right / judged:.0%}" if judged else "-", "precision of hints"),
    )


def _over_time(found: Feedback) -> Exhibit:
    title = "Shown, accepted, dismissed"
    if not found.periods:
        return Exhibit("shown", title, f"{NOTHING} how many memories were shown, accepted and dismissed.")
    rows = [(p.name, p.listed.total(), p.hinted, p.accepted, p.dismissed) for p in found.periods]
    said = ", ".join(f"{times} {ACTIONS.get(name, name)}" for name, times in found.actions.most_common())
    counts = f"{found.listed:,} suggestions and {found.total('hinted'):,} hints"
    text = f"{counts} were shown; {found.total('accepted')} were accepted, {found.total('dismissed')} dismissed."
    alternative = f"Columns by {found.unit}: suggestions and hints shown, and those accepted and dismissed. {text}"
    names = [row[0] for row in rows]
    with canvas("shown", alternative, 3.0, 2) as drawn:
        parts = (("shown", ("suggestions", "hints"), (1, 2)), ("judged", ("accepted", "dismissed"), (3, 4)))
        for axes, (heading, labels, at) in zip(drawn.axes, parts, strict=True):
            base = [0.0] * len(rows)
            for label, column in zip(labels, at, strict=True):
                values = [float(row[column]) for row in rows]
                axes.bar(range(len(rows)), values, 0.8, bottom=base, color=SERIES[column - 1], label=label)
                base = [low + high for low, high in zip(base, values, strict=True)]
            axes.set_title(heading, loc="left")
            axes.legend(loc="upper left")
            axes.margins(y=0.3)
            time_axis(axes, names, 3)
    if said:
        text += f" In detail: {said}."
    table = Table.of((found.unit, "suggestions", "hints", "accepted", "dismissed"), rows[::-1])
    return Exhibit("shown", title, text, table, drawn.svg, alternative)


def _precision(found: Feedback) -> Exhibit:
    title = "Precision of hints"
    judged = [p for p in found.periods if p.hints_accepted + p.hints_dismissed]
    if not judged:
        return Exhibit(
            "precision",
            title,
            "No hint was accepted or dismissed yet. This will show the share of rated hints that was accepted, with its"
            " 95% interval.",
        )
    right, wrong = found.total("hints_accepted"), found.total("hints_dismissed")
    low, high = wilson(right, right + wrong)
    ignored = found.total("hinted") - right - wrong
    text = (
        f"{right} of {count(right + wrong, 'rated hint')} accepted: {right / (right + wrong):.0%}, 95% interval"
        f" {low:.0%} to {high:.0%}. {max(0, ignored):,} more were shown but not rated, which means nothing: reading"
        " them may have been enough."
    )
    rows = [
        (p.name, p.hints_accepted, p.hints_dismissed, p.hints_accepted / (p.hints_accepted + p.hints_dismissed))
        for p in judged
    ]
    intervals = [wilson(row[1], row[1] + row[2]) for row in rows]
    alternative = f"Precision of hints by {found.unit}, with 95% intervals. {text}"
    with canvas("precision", alternative, 2.4) as drawn:
        axes, at = drawn.axes, range(len(rows))
        for x, (least, most) in zip(at, intervals, strict=True):
            axes.plot([x, x], [least, most], color=SERIES[0], alpha=0.45, linewidth=3, solid_capstyle="round")
        axes.plot(at, [row[3] for row in rows], "o", color=SERIES[0], markersize=5)
        axes.axhline(right / (right + wrong), color=INK, linewidth=0.8, linestyle="--")
        axes.set(ylim=(0, 1.02), ylabel="accepted / rated")
        time_axis(axes, [row[0] for row in rows])
    shown = [
        (name, yes, no, f"{share:.0%}", f"{least:.0%} to {most:.0%}")
        for (name, yes, no, share), (least, most) in zip(rows, intervals, strict=True)
    ]
    table = Table.of((found.unit, "accepted", "dismissed", "precision", "95% interval"), shown[::-1])
    return Exhibit("precision", title, text, table, drawn.svg, alternative)


def _variety(found: Feedback, eligible: int) -> Exhibit:
    title = "Variety of suggestions"
    rows = [
        (p.name, p.listed.total(), len(p.listed), value)
        for p in found.periods
        if p.listed.total() >= ENOUGH and (value := p.variety(eligible)) is not None
    ]
    if not rows:
        return Exhibit(
            "variety",
            title,
            f"Too few suggestions were shown yet (fewer than {ENOUGH} a {found.unit}). This will show their"
            " entropy, as a share of its maximum: near 0, the same few memories come up everywhere.",
        )
    _, times = sum((p.listed for p in found.periods), Counter[str]()).most_common(1)[0]
    text = (
        "The entropy of the memories listed, as a share of its maximum: 1 if each one was different, near 0"
        f" if the same few come up everywhere. The most frequent one made up {times / found.listed:.0%} of all."
    )
    alternative = f"Variety by {found.unit}, from {min(r[3] for r in rows):.2f} to {max(r[3] for r in rows):.2f}."
    with canvas("variety", alternative, 2.0) as drawn:
        drawn.axes.plot(range(len(rows)), [row[3] for row in rows], "o-", color=SERIES[0], markersize=4)
        drawn.axes.set(ylim=(0, 1.05), ylabel="entropy / maximum")
        time_axis(drawn.axes, [row[0] for row in rows])
    table = Table.of(
        (found.unit, "impressions", "memories", "variety"), [(*row[:3], round(row[3], 3)) for row in rows[::-1]]
    )
    return Exhibit("variety", title, text, table, drawn.svg, alternative)


def _best(facts: Facts) -> Exhibit:
    title, found = "What proved useful, and what did not", facts.feedback
    if not found.accepted and not found.dismissed:
        return Exhibit(
            "best",
            title,
            "No memory was accepted or dismissed yet. This will show those that you used most. A memory is accepted"
            " when you pin it, mark it as useful, insert it as a comment, or open and read its source.",
        )
    life = facts.state.snapshot.life
    judged = [m for m in {*found.accepted, *found.dismissed} if not life.of(m).forgotten]
    judged.sort(key=lambda memory: (-found.accepted[memory], found.dismissed[memory], memory))
    shown = judged if len(judged) <= 2 * MOST else [*judged[:MOST], *judged[-MOST:]]
    titles = facts.titles(shown)
    rows = [(titles[memory], found.accepted[memory], found.dismissed[memory]) for memory in shown]
    text = f"{count(len(found.accepted), 'memory was', 'memories were')} accepted, {len(found.dismissed)} dismissed."
    return Exhibit("best", title, text, Table.of(("memory", "accepted", "dismissed"), rows), open=True)
