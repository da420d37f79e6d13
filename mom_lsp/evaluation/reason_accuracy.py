"""How often the sentence quoted from a memory is one that gives the reason, on hand-labelled commits.

    python -m mom_lsp.evaluation.reason_accuracy LABELS CLONE...

A label lists the sentences of a commit's message as it was written, counted from 0, that give the reason; any of them
is correct.
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
from mom_lsp.extract.quote import is_informative, quote
from mom_lsp.git import Repository, locate
from mom_lsp.git.values import Commit


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """The sentences of one message, and which of them give the reason."""

    commit: Commit
    body: str
    sentences: tuple[str, ...]
    reasons: frozenset[int]


def labelled_messages(labels: Path, clone: Path) -> Iterator[LabelledMessage]:
    """Yield the messages of the labelled commits that a clone has."""
    repository = Repository(locate(clone))
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    reasons = {row["commit"]: frozenset(row["reasons"]) for row in rows if repository.has(row["commit"])}
    for commit in repository.commits(sorted(reasons)):
        message = split_message(commit.message)
        yield LabelledMessage(commit, message.body, tuple(sentences(prose(message.written))), reasons[commit.sha])


def first_sentence(message: LabelledMessage) -> int:
    """Return the index of the first sentence."""
    return 0


def first_reasoning(message: LabelledMessage) -> int:
    """Return the index of the first sentence with a word of reasoning, or else 0."""
    found = sentences(prose(rationale(message.body)))
    return message.sentences.index(found[0]) if found and found[0] in message.sentences else 0


def first_informative(message: LabelledMessage) -> int:
    """Return the index of the first informative sentence."""
    return next((at for at, one in enumerate(message.sentences) if is_informative(one)), 0)


def quoted(message: LabelledMessage) -> int:
    """Return the index of the first sentence of the quote that fits any place."""
    text = quote("", message.body).text
    return next((at for at, one in enumerate(message.sentences) if text and text.startswith(one[:100])), 0)


RULES = {
    "first": first_sentence,
    "first with a word of reasoning": first_reasoning,
    "first informative": first_informative,
    "quoted": quoted,
}


def accuracy(messages: Sequence[LabelledMessage]) -> dict[str, float]:
    """Return for each rule the share of the messages in which it chooses a sentence that gives the reason."""
    return {name: float(np.mean([rule(one) in one.reasons for one in messages])) for name, rule in RULES.items()}


def main() -> None:
    """Print a line for each clone, and one for all."""
    parser = argparse.ArgumentParser(description="Measure how often the quoted sentence of a memory gives the reason.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("clones", nargs="+", type=Path)
    chosen = parser.parse_args()
    everything: list[LabelledMessage] = []
    for clone in chosen.clones:
        messages = list(labelled_messages(chosen.labels, clone))
        everything += messages
        _print(clone.name, messages)
    _print("all", everything)


def _print(name: str, messages: Sequence[LabelledMessage]) -> None:
    shares = ", ".join(f"{rule} {share:.1%}" for rule, share in accuracy(messages).items()) if messages else "no label"
    sys.stdout.write(f"{name}, {len(messages)} messages: {shares}\n")


if __name__ == "__main__":
    main()
