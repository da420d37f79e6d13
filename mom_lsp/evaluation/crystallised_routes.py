"""Crystallised routes on replayed history: how often they are right where they apply, beside the router's first answer.

    python -m mom_lsp.evaluation.crystallised_routes CLONE=LABELS... [--newest N]

The questions are asked in order of time. A commit that names earlier ones accepts them at the files and functions that
it changes; what the router suggests there besides is ignored. What crystallised before a question is all that applies
to it. Clones have to be indexed; no embeddings are needed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.motifs.crystallise import Criteria, Motif, Registry, crystallised
from mom_lsp.motifs.route_tree import RouteTree
from mom_lsp.motifs.routes import ACCEPTED, IGNORED, Place, place_of
from mom_lsp.motifs.utility import blended
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.score import top
from mom_lsp.tiers import DAY
from mom_lsp.tiers.status_rules import PLACES_FOR_LAYER_1, USES_FOR_LAYER_2
from mom_lsp.tuning.cases import Annotator, Case, QueryContext
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import load_labels
from mom_lsp.tuning.metrics import metrics_of
from mom_lsp.tuning.rank import DEPTH, default_editing_model, scores
from mom_lsp.workspace import Library
from mom_lsp.workspace.answers.proof import HOLDS
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.ranker import LAYER_BONUS
from mom_lsp.workspace.workspace import Workspace

SHOWN = 3  # suggestions for each question
DRAWS = 1_000  # of the bootstrap
Places = Mapping[str, Sequence[Place]]  # by query: the functions and files that the change is about
LOOSE = Criteria(
    accepted=2, mean=-1.0, sure=0.0, solid=0.0, score=-np.inf, coarsest=2
)  # any route that was accepted twice
ROWS = {
    "accepted twice, no bound": LOOSE,
    "accepted twice, U surely above 0": replace(LOOSE, sure=Criteria().sure),
    "accepted on three days, U surely above 0": replace(LOOSE, accepted=3, sure=Criteria().sure),
    "as in the product, folders too": Criteria(coarsest=2),
    "as in the product": Criteria(),
    "as in the product, functions alone": Criteria(coarsest=4),
}


@dataclass
class Replayed:
    """What came of one replay."""

    motifs: Sequence[Motif] = ()  # at the end
    most: int = 0  # motifs at any time
    fired: list[tuple[bool, bool]] = field(default_factory=list)  # whether the motif, and the router's first, is right
    new: int = 0  # of those that fired, how many are not the router's first
    recall: list[tuple[float, float]] = field(default_factory=list)  # Recall@3 with the bonus, and without


def replay(cases: Sequence[Case], places: Places, model: LinearModel, criteria: Criteria) -> Replayed:
    """Replay questions in order of time; see the module.

    Args:
        cases: the questions.
        places: where each is asked.
        model: the weights of the router.
        criteria: what a route needs to crystallise.
    """
    tree, found, registry = RouteTree(), Replayed(), Registry()
    for case in sorted(cases, key=lambda one: one.moment.now):
        gold, here = set(case.label.gold), places[case.label.query]
        applying = _applying(registry, here, case)
        routed = scores(case, model)
        ranked = [case.shas[at] for at in top(routed, DEPTH)]
        if applying:
            best = max(applying.values(), key=lambda one: (len(one.place), one.sigma, one.score)).memory
            found.fired.append((best in gold, ranked[0] in gold if ranked else False))
            found.new += best not in ranked[:1]
        with_bonus = [case.shas[at] for at in top(_with_bonus(case, routed, applying), DEPTH)]
        found.recall.append((metrics_of(with_bonus, gold)[1], metrics_of(ranked, gold)[1]))
        day = int(case.moment.now // DAY)
        for place in here:
            for sha in dict.fromkeys([*ranked[:SHOWN], *case.label.gold]):
                tree.add(place, sha, day, ACCEPTED if sha in gold else IGNORED)
        registry = crystallised("editing", tree, criteria)
        found.motifs, found.most = registry.motifs, max(found.most, len(registry.motifs))
    return found


def layer_recall(cases: Sequence[Case], places: Places, model: LinearModel) -> list[tuple[float, float]]:
    """Return Recall@3 with what the layers of SCMS add to the score, and without, in order of time.

    What a commit names is used in the files that the commit changes.
    """
    found, uses, used_in = list[tuple[float, float]](), Counter[str](), defaultdict[str, set[str]](set)
    for case in sorted(cases, key=lambda one: one.moment.now):
        gold, routed = set(case.label.gold), scores(case, model)
        layers = [_layer(uses[sha], len(used_in[sha])) for sha in case.shas]
        raised = routed + np.array([LAYER_BONUS.get(layer, 0.0) for layer in layers])
        ranked = ([case.shas[at] for at in top(some, DEPTH)] for some in (raised, routed))
        with_layers, without = (metrics_of(one, gold)[1] for one in ranked)
        found.append((with_layers, without))
        for sha in case.label.gold:
            uses[sha] += 1
            used_in[sha] |= {place[2] for place in places[case.label.query] if len(place) > 2}
    return found


def _layer(uses: int, files: int) -> int:
    if files < PLACES_FOR_LAYER_1:
        return 0
    return 2 if uses >= USES_FOR_LAYER_2 else 1


def _applying(registry: Registry, here: Sequence[Place], case: Case) -> dict[str, Motif]:
    """Return the motifs that apply to a question, by memory; what is no candidate may not be suggested there."""
    found = {memory: motif for place in here for memory, motif in registry.at(place).items()}
    return {memory: motif for memory, motif in found.items() if memory in case.shas}


def _with_bonus(case: Case, routed: np.ndarray, applying: Mapping[str, Motif]) -> np.ndarray:
    """Return the scores of the candidates with soft crystallisation, (m,)."""
    if not applying:
        return routed
    sigma = np.array([applying[sha].sigma if sha in applying else 0.0 for sha in case.shas])
    return blended(routed, float(routed.max()), sigma)


class PlaceReader:
    """Notes where each question is asked."""

    def __init__(self) -> None:
        self.places: dict[str, list[Place]] = {}

    def __call__(self, library: Library) -> Annotator:
        """Return the annotator of the cases."""
        return self._note

    def _note(self, case: Case, context: QueryContext) -> None:
        spots = context.query.spots
        self.places[case.label.query] = list(dict.fromkeys(place_of(spot.path, spot.symbol) for spot in spots))


def stability(workspace: Workspace, motifs: Sequence[Motif]) -> dict[str, int]:
    """Return how many motifs are still at their place on HEAD, by path alone and through renames, and whose code is."""

    def count(state: State) -> dict[str, int]:
        view, tree = state.view, state.head.tree
        paths = [one.place[2] for one in motifs if len(one.place) > 2]
        same = sum(path in tree for path in paths)
        later = (view.catalog.later_names_of(path, view.valid) for path in paths if path not in tree)
        followed = sum(any(name in tree for name in names) for names in later)
        rows = [row for one in motifs if (row := view.catalog.row_of_commit.get(one.memory)) is not None]
        memories = list(state.get([view.catalog.ids[row] for row in rows]).values())
        states = workspace.presenter.failures(state).checker.code_states(memories)
        fresh = sum(one.freshness in HOLDS for one in states)
        return {"files": len(paths), "same": same, "followed": followed, "checked": len(memories), "fresh": fresh}

    return workspace.states.answer(count)


def line(name: str, found: Replayed) -> str:
    """Return a row of the table."""
    fired, cells = np.array(found.fired, float).reshape(-1, 2), [f"{found.most:5}", f"{len(found.fired):5}"]
    cells += [f"{share:5.3f}" for share in fired.mean(0)] if len(fired) else ["    -", "    -"]
    recall = np.array(found.recall)
    low, high = _interval(recall[:, 0] - recall[:, 1])
    gain = f"{recall[:, 0].mean():.3f}  {(recall[:, 0] - recall[:, 1]).mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"{name:45} {'  '.join(cells)}  {found.new:4}  {gain}"


def layer_line(recall: Sequence[tuple[float, float]]) -> str:
    """Return what the layers are worth."""
    raised, routed = np.array(recall).T
    low, high = _interval(raised - routed)
    gain = (raised - routed).mean()
    means = f"{raised.mean():.3f}, without {routed.mean():.3f}"
    return f"layers alone: Recall@3 {means}, {gain:+.3f} [{low:+.3f}, {high:+.3f}]"


def _interval(gains: np.ndarray) -> tuple[float, float]:
    draw = np.random.default_rng(0)
    means = [gains[draw.integers(len(gains), size=len(gains))].mean() for _ in range(DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def measure(clone: Path, labels: Path, newest: int, write: Callable[[str], object]) -> None:
    """Print the table of one repository."""
    reader, chosen = PlaceReader(), load_labels(labels)
    chosen = sorted(chosen, key=lambda label: label.time)[-newest:] if newest else chosen
    cases = gather_cases(clone, chosen, _step, annotators=[reader])
    model = default_editing_model(cases)
    write(f"{clone.name}: {len(cases)} questions; {layer_line(layer_recall(cases, reader.places, model))}")
    write(f"{'':45} motifs fired right router  new  Recall@3 with the bonus, gain")
    for name, criteria in ROWS.items():
        found = replay(cases, reader.places, model, criteria)
        write(line(name, found))
        if name in ("accepted twice, no bound", "as in the product"):
            with unused_workspace(clone) as workspace:
                write(f"  at the end {len(found.motifs)} motifs; {stability(workspace, found.motifs)}")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 100 == 0:
        sys.stderr.write(f"{name}: {done} of {total}\n")


def main() -> None:
    """Print the table of each repository."""
    parser = argparse.ArgumentParser(description="Measure crystallised routes on replayed history.")
    parser.add_argument("sets", nargs="+", metavar="CLONE=LABELS")
    parser.add_argument("--newest", type=int, default=0, metavar="N", help="only the newest N labels")
    asked = parser.parse_args()
    for pair in asked.sets:
        clone, _, labels = pair.partition("=")
        measure(Path(clone), Path(labels), asked.newest, lambda text: sys.stdout.write(f"{text}\n"))


if __name__ == "__main__":
    main()
