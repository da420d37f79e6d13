"""What search by meaning is worth: the same labelled questions with each encoder, and with none.

    python -m mom_lsp.evaluation.encoder_choice CLONE=LABELS … [--model MODEL …] [--form FORM …] [--limit N]

MODEL is a value of `mom.encoder.model`; the first one is the reference. The clones are indexed, with or without
vectors: those that an index lacks are cached outside of it. Each row has two sets of weights: the shipped ones, and
ones fitted with the same encoder on the other clones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.encode import choose
from mom_lsp.evaluation.fit_search import SEARCH
from mom_lsp.evaluation.fit_weights import NAMES
from mom_lsp.evaluation.other_vectors import open_encoded
from mom_lsp.memory import Encoder
from mom_lsp.route.features import TERM_OF
from mom_lsp.route.linear_model import LinearModel, Mode, shipped
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.fit import fit
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import Label, load_labels, sample
from mom_lsp.tuning.metrics import METRICS, bootstrap_interval, metrics_of
from mom_lsp.tuning.rank import rank


@dataclass(frozen=True, slots=True)
class Use:
    """A use of the ranking, and the weights it takes."""

    name: str
    mode: Mode
    timeless: bool = False  # whether its terms of time are left out


USES = {
    "editing": (Use("suggest", "editing"), Use("why", "editing", timeless=True)),
    "both": (Use("suggest --intent", "editing"),),
    "intent": (Use("suggest --intent, no line", "intent"), Use("search", "search")),
}  # by the form of the question; hints have no meaning at all
SHOWN = ("R@3", "MRR@10")
NO_ENCODER = "none"
Asked = Mapping[str, list[Case]]  # clone -> cases


@dataclass(frozen=True, slots=True)
class Row:
    """One encoder in one use on one clone, every label a line of (labels, metrics)."""

    use: str
    clone: str
    encoder: str
    shipped: np.ndarray
    own: np.ndarray | None  # with weights fitted on the other clones; None if there are none


def ask(clone: Path, labels: Sequence[Label], form: str, encoder: Encoder | None) -> list[Case]:
    """Return the cases of the labels of an indexed clone, in the order of the labels."""
    open_store = open_encoded(clone, encoder, _step)
    found = gather_cases(clone, labels, _step, form=form, encoder=encoder, open_store=open_store)
    order = {label.query: at for at, label in enumerate(labels)}
    return sorted(found, key=lambda case: order[case.label.query])


def rows_of(asked: Mapping[str, Asked], form: str) -> list[Row]:
    """Return one row for each use, clone and encoder.

    Args:
        asked: the cases of each encoder, the same labels for each.
        form: of the questions.
    """
    found = []
    for use in USES[form]:
        for clone in next(iter(asked.values())):
            for encoder, cases in asked.items():
                default, own = _models(use, encoder, clone, cases)
                rows = _metrics(cases[clone], default)
                found.append(Row(use.name, clone, encoder, rows, _metrics(cases[clone], own) if own else None))
    return found


def _models(use: Use, encoder: str, clone: str, cases: Asked) -> tuple[LinearModel, LinearModel | None]:
    """Return the shipped weights, and weights fitted on the other clones."""
    names: Sequence[str] = SEARCH if use.mode == "search" else NAMES[use.mode][use.mode]
    others = [case for other, found in cases.items() if other != clone for case in found]
    if encoder == NO_ENCODER:
        names = [name for name in names if TERM_OF[name] != "sem"]
    default = shipped("unencoded" if use.mode == "editing" and encoder == NO_ENCODER else use.mode)
    weighed = [default, fit(others, names)] if others else [default]
    default, *own = (model.scaled({"temp": 0.0}) if use.timeless else model for model in weighed)
    return default, own[0] if own else None


def _metrics(cases: Sequence[Case], model: LinearModel) -> np.ndarray:
    """Return SHOWN of each case, (cases, metrics)."""
    columns = [METRICS.index(name) for name in SHOWN]
    return np.array([metrics_of(rank(case, model), set(case.label.gold)) for case in cases])[:, columns]


def table(rows: Sequence[Row]) -> str:
    """Return a table in Markdown: Recall@3 (MRR@10), and gains in Recall@3 with their 95% intervals."""
    weights = ("shipped weights", "against none", "against the first")
    head = ("use", "clone", "n", "encoder", *weights, "own weights", *weights[1:])
    lines = [head, ("---",) * len(head)]
    groups: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        groups.setdefault((row.use, Path(row.clone).name), {})[row.encoder] = row
    for (use, clone), group in groups.items():
        none, first = group[NO_ENCODER], next((row for name, row in group.items() if name != NO_ENCODER), None)
        others = [none, first or none]
        for name, row in group.items():
            default = _cells(row.shipped, [other.shipped for other in others])
            own = _cells(row.own, [other.own for other in others])
            lines.append((use, clone, str(len(row.shipped)), name, *default, *own))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(rows: np.ndarray | None, others: Sequence[np.ndarray | None]) -> list[str]:
    """Return the means, and the mean of each label's difference to the other rows, "" for the rows themselves."""
    if rows is None:
        return [""] * (1 + len(others))
    recall, reciprocal = rows.mean(0)
    cells = [f"{recall:.3f} ({reciprocal:.3f})"]
    for other in others:
        mean, low, high = bootstrap_interval(rows[:, 0] - other[:, 0]) if other is not None else (0.0, 0.0, 0.0)
        cells.append(f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]" if other is not rows else "")
    return [cell.replace("0.", ".") for cell in cells]


def main() -> None:
    """Ask, and print the table."""
    parser = argparse.ArgumentParser(description="Measure what each encoder is worth.")
    parser.add_argument("sets", nargs="+", metavar="CLONE=LABELS")
    parser.add_argument("--model", action="append", help="a value of mom.encoder.model; repeat it to compare")
    parser.add_argument("--form", choices=list(USES), action="append")
    parser.add_argument("--limit", type=int, default=600)
    chosen = parser.parse_args()
    pairs = (pair.partition("=") for pair in chosen.sets)
    sets = {clone: sample(load_labels(Path(file)), chosen.limit) for clone, _, file in pairs}
    encoders: dict[str, Encoder | None] = {NO_ENCODER: None}
    encoders |= {found.name: found for found in map(choose, chosen.model or [""])}
    rows = []
    for form in chosen.form or USES:
        asked = {
            name: {clone: ask(Path(clone), labels, form, encoder) for clone, labels in sets.items()}
            for name, encoder in encoders.items()
        }
        rows += rows_of(asked, form)
    sys.stdout.write(table(rows) + "\n")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 1_000 == 0:
        sys.stderr.write(f"{name}: {done} of {total}\n")


if __name__ == "__main__":
    main()
