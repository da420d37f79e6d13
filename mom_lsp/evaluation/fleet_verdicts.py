"""What readers say about the answers of other repositories: how many are useful, and how many noise.

    python -m mom_lsp.evaluation.fleet_verdicts LABELS [--seed N] [--reader FILE …]

LABELS are those of `fleet_questions`; with --seed, only those of one draw. With --reader, first adds to them what a
reader said: a line for each answer, with its number and a letter, U for useful, D for dull, I for irrelevant; what
follows is a remark.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mom_lsp.evaluation.verdicts import IRRELEVANT, USEFUL, agreement

LETTERS = frozenset("UDI")
Labels = Sequence[Mapping[str, Any]]


def add_reader(labels: Sequence[dict[str, Any]], lines: Sequence[str]) -> None:
    """Add to the labels what one more reader said.

    Raises:
        ValueError: a number is missing or there twice, or a letter is another one.
    """
    said = [line.split()[:2] for line in lines if line.strip()]
    letters = {int(number): letter for number, letter in said}
    once = len(said) == len(labels) and set(letters) == set(range(1, len(labels) + 1))
    if not once or not set(letters.values()) <= LETTERS:
        raise ValueError(f"each number from 1 to {len(labels)} needs one of {sorted(LETTERS)}, once")
    for number, one in enumerate(labels, 1):
        one["verdicts"] = one.get("verdicts", "") + letters[number]


def table(labels: Labels) -> list[str]:
    """Return rows of Markdown: lines and searches, what lines have in common, and all."""
    lines, searches = ([one for one in labels if ("line" in one) == wanted] for wanted in (True, False))
    kinds = {
        f"lines: {kind}": [one for one in lines if one["kind"] == kind]
        for kind in sorted({one["kind"] for one in lines})
    }
    groups = {"lines": lines, **kinds, "searches": searches, "all": labels}
    head = ["| | answers | useful to all readers | to some | irrelevant to all |", "|---|---|---|---|---|"]
    return [*head, *(_row(name, group) for name, group in groups.items() if group)]


def _row(name: str, labels: Labels) -> str:
    verdicts = [str(one["verdicts"]) for one in labels]
    both, some = sum(set(one) == {USEFUL} for one in verdicts), sum(USEFUL in one for one in verdicts)
    noise = sum(set(one) == {IRRELEVANT} for one in verdicts)
    shares = [f"{count} ({count / len(labels):.0%})" for count in (both, some - both, noise)]
    return f"| {' | '.join([name, str(len(labels)), *shares])} |"


def main() -> None:
    """Print the table, and how far two readers agree if there are two."""
    parser = argparse.ArgumentParser(description="Count what readers say about the answers of other repositories.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--reader", type=Path, action="append", default=[], metavar="FILE")
    chosen = parser.parse_args()
    every = [json.loads(line) for line in chosen.labels.read_text("utf-8").splitlines()]
    labels = [one for one in every if chosen.seed in (None, one["seed"])]
    for reader in chosen.reader:
        add_reader(labels, reader.read_text("utf-8").splitlines())
    if chosen.reader:
        chosen.labels.write_text("".join(f"{json.dumps(one)}\n" for one in every), "utf-8")
    _print(*table(labels))
    verdicts = [str(one["verdicts"]) for one in labels]
    useful = [sum(letter == USEFUL for letter in said) for said in zip(*verdicts, strict=True)]
    _print(f"useful to each reader: {', '.join(map(str, useful))}")
    if len(useful) == 2:
        equal, kappa = agreement(verdicts)
        _print(f"they agree on {equal:.1%}, kappa {kappa:.2f}")


def _print(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
