"""Routes to memories, and which memories are needed together: of the journal, or of history while that has few."""

from __future__ import annotations

from collections import Counter

from mom_lsp.pathnames import quoted
from mom_lsp.phrases import count
from mom_lsp.report.activations import Activations
from mom_lsp.report.exhibit import Exhibit, Table
from mom_lsp.report.facts import Facts, folder_of
from mom_lsp.report.hypotheses import pairs
from mom_lsp.report.sankey import Route, Step, sankey

MOST = 18  # routes in a plot
ENOUGH = 5  # acceptances for the journal's routes
ROUTE = (Step("folder", 0.0, 18, True), Step("file", 0.27, 30, True), Step("memory", 0.6, 40))
PAIR = (Step("needed more often", 0.0, 50), Step("together with", 0.5, 50))


def routes(facts: Facts) -> Exhibit:
    """Return the routes that were taken most."""
    counts, title = routes_in(_source(facts)), "Routes to memories"
    if not counts:
        return Exhibit(
            "routes",
            title,
            "No memory was accepted yet, and no commit names an earlier one. This will show the routes from a folder"
            " and a file to the memories that were needed there.",
        )
    titles, named = facts.titles(route[-1] for route in counts), Counter[Route]()
    for (folder, file, memory), times in counts.items():
        named[folder, file, titles[memory]] += times
    top = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
    text = (
        f"From the folder and file you worked in to the memory that {_said(facts)}: {count(len(counts), 'route')},"
        f" {count(counts.total(), 'time')} in all."
    )
    text += f" The plot shows the {MOST} most frequent ones." if len(top) > MOST else ""
    alternative = f"Sankey diagram from folders to files to memories, wider if more frequent. {text}"
    plot = sankey("routes", alternative, dict(top[:MOST]), ROUTE)
    table = Table.of((*(step.name for step in ROUTE), "times"), [(*route, times) for route, times in top])
    return Exhibit("routes", title, text, table, plot, alternative)


def routes_in(found: Activations) -> Counter[Route]:
    """Return how often each route was taken."""
    return Counter(
        (folder_of(place[2]), quoted(place[2]), memory)
        for one in found.questions
        for place in dict.fromkeys(place[:3] for place in one.places if len(place) > 2)
        for memory in one.memories
    )


def together(facts: Facts) -> Exhibit:
    """Return the graph of memories that are needed together."""
    title, found = "What is needed together", pairs(_source(facts))
    if not found:
        return Exhibit(
            "together",
            title,
            "No two memories were needed together twice yet. This will show those that belong together: what else to"
            " read when one of them matters.",
        )
    titles = facts.titles(memory for one in found for memory in (one.above, one.below))
    rows = [(titles[one.above], titles[one.below], one.sessions, round(one.bits, 3)) for one in found]
    text = (
        f"{count(len(found), 'pair')} of memories {_said(facts, 'were', 'them')} in the same stretch of work of one"
        " author at least twice. H3 below tests whether this is more than chance."
    )
    alternative = f"Graph of memories, wider if they are needed together more often. {text}"
    shown = Counter[Route]()
    for above, below, sessions, _ in rows[:MOST]:
        shown[above, below] += sessions
    table = Table.of((*(step.name for step in PAIR), "times together", "mutual information, bits"), rows)
    return Exhibit("together", title, text, table, sankey("together", alternative, shown, PAIR), alternative)


def _source(facts: Facts) -> Activations:
    return facts.accepted if _own(facts) else facts.history


def _own(facts: Facts) -> bool:
    return len(facts.accepted.questions) >= ENOUGH


def _said(facts: Facts, was: str = "was", it: str = "it") -> str:
    if _own(facts):
        return f"{was} accepted there" if it == "it" else f"{was} accepted"
    named = "a later commit there named" if it == "it" else "were named by later commits"
    return f"{named} (you accepted few so far)"
