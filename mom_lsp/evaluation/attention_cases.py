"""Makes a prompt of each label: its memory among distractors, and the text that was really written.

Only a clone is needed. The text is the message of the later commit without the lines that reference the earlier one.
The distractors are memories that other labels reference: earlier, close in time, and in the same files where possible,
so that they are as plausible as search results.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mom_lsp.errors import UsageError
from mom_lsp.extract.message import prose, shorten, split_message
from mom_lsp.git import Repository
from mom_lsp.git.values import Commit
from mom_lsp.lm.traces import cue_of
from mom_lsp.memory import ChatMessage, Part
from mom_lsp.tuning.labels import Label
from mom_lsp.tuning.situation import REFERENCE, REVERTING

MEMORIES = 3  # in a prompt, as in a suggestion
NEAR = 40  # labels before a query, whose memories may be distractors
MEMORY_LENGTH, TEXT_LENGTH, LEAST_TEXT = 350, 300, 40  # characters
FILES = 2  # listed in the prompt
SYSTEM = "You know this repository's history. Write what is asked for, using the earlier changes where they matter."


@dataclass(frozen=True, slots=True)
class ModelCase:
    """One label as a prompt and its continuation."""

    query: str
    cue: str  # the top folder of most of its files
    gold: str
    memories: tuple[str, ...]  # in the order of the prompt
    messages: tuple[ChatMessage, ...]
    text: str

    @property
    def others(self) -> tuple[str, ...]:
        """The distractors."""
        return tuple(memory for memory in self.memories if memory != self.gold)


def label_stream(labels: Sequence[Label], count: int, *, recurring: bool) -> list[Label]:
    """Return about `count` labels in order of time; `recurring`: whether other labels reference the same memory.

    Labels that share a memory stay together, so that a trace learned from one applies to the next.
    """
    references = Counter(gold for label in labels for gold in label.gold[:1])
    groups: dict[str, list[Label]] = {}
    for label in labels:
        groups.setdefault(label.gold[0], []).append(label)
    wanted = [group for gold, group in groups.items() if (references[gold] > 1) == recurring]
    random.Random(0).shuffle(wanted)
    chosen: list[Label] = []
    for group in wanted:
        if len(chosen) >= count:
            break
        chosen += group
    return sorted(chosen, key=lambda label: (label.time, label.query))


def make_cases(repository: Repository, labels: Sequence[Label], chosen: Sequence[Label]) -> list[ModelCase]:
    """Return the cases of the chosen labels, in order, without those whose text is too short."""
    ordered = sorted(labels, key=lambda label: (label.time, label.query))
    position = {label.query: at for at, label in enumerate(ordered)}
    near = {
        label.query: [one.gold[0] for one in ordered[max(0, position[label.query] - NEAR) : position[label.query]]]
        for label in chosen
    }
    wanted = {sha for label in chosen for sha in (label.query, label.gold[0], *near[label.query])}
    known = [sha for sha in sorted(wanted) if repository.has(sha)]
    commits = {commit.sha: commit for commit in repository.commits(known)}
    if not commits:
        raise UsageError("the labels reference no commit of this repository")
    made = [_case(label, near[label.query], commits) for label in chosen]
    return [case for case in made if case is not None]


def _case(label: Label, near: Sequence[str], commits: Mapping[str, Commit]) -> ModelCase | None:
    query, gold = commits.get(label.query), commits.get(label.gold[0])
    if query is None or gold is None or len(text := _text(query)) < LEAST_TEXT:
        return None
    paths = {change.path for change in query.files}
    pool = [commits[sha] for sha in dict.fromkeys(reversed(near)) if sha in commits and sha not in label.gold]
    pool.sort(key=lambda commit: -len(paths & {change.path for change in commit.files}))  # stable: newest first
    shown = [gold, *pool[: MEMORIES - 1]]
    random.Random(label.query).shuffle(shown)
    return ModelCase(
        query=label.query,
        cue=cue_of(change.path for change in query.files),
        gold=gold.sha,
        memories=tuple(commit.sha for commit in shown),
        messages=(ChatMessage("system", (Part(SYSTEM),)), ChatMessage("user", _parts(query, shown))),
        text=text,
    )


def _parts(query: Commit, shown: Sequence[Commit]) -> tuple[Part, ...]:
    parts = [Part("Earlier changes:\n")]
    for number, commit in enumerate(shown, 1):
        parts += [Part(f"[{number}] "), Part(shorten(commit.message.strip(), MEMORY_LENGTH), commit.sha), Part("\n\n")]
    places = [f"{change.path} {change.hunks[0].header if change.hunks else ''}".strip() for change in query.files]
    listed = "\n".join(places[:FILES])
    return (*parts, Part(f"I am changing:\n{listed}\nWrite the commit message."))


def _text(query: Commit) -> str:
    message = split_message(query.message)
    if REVERTING.match(message.subject):  # it quotes the memory
        return ""
    lines = [message.subject, *prose(message.body).splitlines()]
    return shorten("\n".join(line for line in lines if line.strip() and not REFERENCE.search(line)), TEXT_LENGTH)
