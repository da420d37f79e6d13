"""How often the local model words an answer that holds: at lines that label commits wrote, asked why as a user does.

    python -m mom_lsp.evaluation.model_answers REPO LABELS [--limit 100] [--model FILE.gguf]

An answer holds if at least one of its sentences is held by a memory, and is shown if these give the reason too; its
support is that of its best sentence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from mom_lsp.engine.service import Service
from mom_lsp.git import locate
from mom_lsp.git.values import Commit
from mom_lsp.lm.model_process import ModelProcess
from mom_lsp.lm.support import support
from mom_lsp.lm.wording import WordingQuestion, claimed, everything, gives_the_reason, holder
from mom_lsp.memory import Generator, Memory
from mom_lsp.settings import resolve
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.library.head import Head

SPARE = 6  # times as many labels are looked at, since many lines are gone
FILES = 3  # of a commit


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said at one place."""

    said: int  # sentences
    held: int
    shown: bool
    support: float  # the best sentence's


def places(workspace: Workspace, labels: Path, count: int) -> Iterator[tuple[str, int]]:
    """Yield (path, line) of lines that a label's commit wrote and that are still there."""
    head, repository = workspace.worktree.head(), workspace.worktree.repository
    assert repository is not None
    known = [label.query for label in sample(load_labels(labels), SPARE * count) if repository.has(label.query)]
    yield from islice(filter(None, (_line(workspace, head, commit) for commit in repository.commits(known))), count)


def _line(workspace: Workspace, head: Head, commit: Commit) -> tuple[str, int] | None:
    """Return the first line that a commit wrote and that is still there."""
    for path in [change.path for change in commit.files if change.path in head.tree][:FILES]:
        writers = workspace.worktree.writers(head, path, None)
        mine = [line for line, sha in writers.items() if sha == commit.sha]
        if mine:
            return path, min(mine)
    return None


def asked(generator: Generator, question: WordingQuestion, memories: Sequence[Memory]) -> Answer:
    """Return what the model says, before anything is cut."""
    told = list(claimed(generator, question, memories))
    best = [max(support(one.text, everything(memory), str(question)) for memory in memories) for one in told]
    held = [one for one in told if holder(one, question, memories)]
    return Answer(len(told), len(held), gives_the_reason(held, memories), max(best, default=0.0))


def main() -> None:
    """Print the share of the answers that hold, and the support of their sentences."""
    parser = argparse.ArgumentParser(description="Measure how often the local model's answers hold.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--model", default=resolve(None).settings.model.path)
    chosen = parser.parse_args()
    location = locate(chosen.repository)
    service, process = Service(location.data), ModelProcess(chosen.model)
    try:
        workspace = Workspace(location, service.library, resolve(location.root).settings)
        answers = []
        for path, line in places(workspace, chosen.labels, chosen.limit):
            known = workspace.explain(path, line)
            if known.clues:
                question = WordingQuestion(known.path, known.symbol, known.text)
                answers.append(asked(process, question, [clue.memory for clue in known.clues]))
    finally:
        process.close()
        service.close()
    sys.stdout.write(report(process_name(chosen.model), answers))


def report(name: str, answers: Sequence[Answer]) -> str:
    """Return what is printed."""
    if not answers:
        return "no line of these labels is left\n"
    held = np.array([one.held > 0 for one in answers])
    said, kept = sum(one.said for one in answers), sum(one.held for one in answers)
    shown = np.mean([one.shown for one in answers])
    supports = np.array([one.support for one in answers])
    return (
        f"{name}, {len(answers)} places: {held.mean():.0%} of the answers have a sentence that holds,"
        f" {shown:.0%} also give the reason and are shown;"
        f" of {said} sentences {kept} hold ({kept / max(1, said):.0%});"
        f" support of the best sentence: {supports.mean():.2f}\n"
    )


def process_name(model: str) -> str:
    """Return how the model is called in the report."""
    return Path(model).stem or "SmolLM2"


if __name__ == "__main__":
    main()
