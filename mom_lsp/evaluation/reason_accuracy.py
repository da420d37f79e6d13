"""How often the sentence that is told of a memory is one that says why, judged by hand-labelled commits.

    python -m mom_lsp.evaluation.reason_accuracy LABELS CLONE...

A label names the sentences of a commit's message, counted from 0, that say why it was made; any of them is right.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.extract.message import prose, rationale, sentences, split_message
from mom_lsp.git import Repository, locate
from mom_lsp.lm.answer import says_something


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """The sentences of one message, and which of them say why."""

    body: str
    told: tuple[str, ...]
    right: frozenset[int]


def cases(labels: Path, clone: Path) -> Iterator[LabelledMessage]:
    """Yield the labelled commits that a clone has."""
    repository = Repository(locate(clone))
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    right = {row["commit"]: frozenset(row["reasons"]) for row in rows if repository.has(row["commit"])}
    for commit in repository.commits(sorted(right)):
        body = split_message(commit.message).body
        yield LabelledMessage(body, tuple(sentences(prose(body))), right[commit.sha])


def first(case: LabelledMessage) -> int:
    """Return the first sentence."""
    return 0


def reasoning(case: LabelledMessage) -> int:
    """Return the first sentence with a word of reasoning, or else the first."""
    found = sentences(prose(rationale(case.body)))
    return case.told.index(found[0]) if found and found[0] in case.told else 0


def telling(case: LabelledMessage) -> int:
    """Return the first sentence that says something, as `mom why` does."""
    return next((at for at, one in enumerate(case.told) if says_something(one)), 0)


RULES = {"first": first, "first with a word of reasoning": reasoning, "first that says something": telling}


def right(made: Sequence[LabelledMessage]) -> dict[str, float]:
    """Return for each rule the share of the messages in which it chooses a sentence that says why."""
    return {name: float(np.mean([rule(case) in case.right for case in made])) for name, rule in RULES.items()}


def main() -> None:
    """Print one line for each clone, and one for all."""
    parser = argparse.ArgumentParser(description="Measure which sentence of a memory is told.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("clones", nargs="+", type=Path)
    chosen = parser.parse_args()
    everything: list[LabelledMessage] = []
    for clone in chosen.clones:
        made = list(cases(chosen.labels, clone))
        everything += made
        _say(clone.name, made)
    _say("all", everything)


def _say(name: str, made: Sequence[LabelledMessage]) -> None:
    shares = ", ".join(f"{rule} {share:.1%}" for rule, share in right(made).items()) if made else "no label"
    sys.stdout.write(f"{name}, {len(made)} messages: {shares}\n")


if __name__ == "__main__":
    main()
