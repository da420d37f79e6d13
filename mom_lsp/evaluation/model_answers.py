"""How often the local model gives a supported answer to why a line is as it is, for lines written by label commits.

    python -m mom_lsp.evaluation.model_answers REPO LABELS [--limit 100] [--model FILE.gguf]

An answer is supported if a memory supports at least one of its sentences, and shown if these also give the reason; its
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
from mom_lsp.lm.prompts import told
from mom_lsp.lm.support import support
from mom_lsp.lm.wording import WordingQuestion, cited_sentences, gives_the_reason, supporting_memory
from mom_lsp.memory import Generator, Memory
from mom_lsp.settings import resolve
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.library.head import Head

OVERSAMPLE = 6  # times as many labels are sampled, since many lines are gone
FILES = 3  # of a commit that are searched for a line


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's answer for one line."""

    sentences: int
    supported: int  # sentences
    shown: bool
    support: float  # of the best sentence


def label_lines(workspace: Workspace, labels: Path, count: int) -> Iterator[tuple[str, int]]:
    """Yield (path, line) of lines that the commits of labels wrote and that still exist."""
    head, repository = workspace.worktree.head(), workspace.worktree.repository
    assert repository is not None
    known = [label.query for label in sample(load_labels(labels), OVERSAMPLE * count) if repository.has(label.query)]
    yield from islice(filter(None, (_line(workspace, head, commit) for commit in repository.commits(known))), count)


def _line(workspace: Workspace, head: Head, commit: Commit) -> tuple[str, int] | None:
    """Return the first line that a commit wrote and that still exists."""
    for path in [change.path for change in commit.files if change.path in head.tree][:FILES]:
        writers = workspace.worktree.writers(head, path, None)
        mine = [line for line, sha in writers.items() if sha == commit.sha]
        if mine:
            return path, min(mine)
    return None


def measure_answer(generator: Generator, question: WordingQuestion, memories: Sequence[Memory]) -> Answer:
    """Return how well memories support the whole answer of the model, before unsupported sentences are dropped."""
    claims = list(cited_sentences(generator, question, memories))
    best = [max(support(one.text, told(memory), str(question)) for memory in memories) for one in claims]
    held = [one for one in claims if supporting_memory(one, question, memories)]
    return Answer(len(claims), len(held), gives_the_reason(held, memories), max(best, default=0.0))


def main() -> None:
    """Print the share of supported answers, and their support."""
    parser = argparse.ArgumentParser(description="Measure how often the local model's answers are supported.")
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
        for path, line in label_lines(workspace, chosen.labels, chosen.limit):
            known = workspace.explain(path, line)
            if known.clues:
                question = WordingQuestion(known.path, known.symbol, known.text)
                answers.append(measure_answer(process, question, [clue.memory for clue in known.clues]))
    finally:
        process.close()
        service.close()
    sys.stdout.write(report(model_label(chosen.model), answers))


def report(name: str, answers: Sequence[Answer]) -> str:
    """Return the line to print."""
    if not answers:
        return "no line of these labels exists any more\n"
    supported = np.mean([one.supported > 0 for one in answers])
    every, held = sum(one.sentences for one in answers), sum(one.supported for one in answers)
    shown = np.mean([one.shown for one in answers])
    supports = np.array([one.support for one in answers])
    return (
        f"{name}, {len(answers)} lines: {supported:.0%} of the answers have a supported sentence,"
        f" {shown:.0%} also give the reason and are shown;"
        f" {held} of {every} sentences are supported ({held / max(1, every):.0%});"
        f" mean support of the best sentence: {supports.mean():.2f}\n"
    )


def model_label(model: str) -> str:
    """Return the model's name for the report."""
    return Path(model).stem or "SmolLM2"


if __name__ == "__main__":
    main()
