"""Fits informativeness: which messages tell their reader something that the code does not.

    python -m mom_lsp.evaluation.fit_informative LABELS --repo OWNER/NAME=CLONE … [-o mom_lsp/extract/informative.json]

A label is 2 for a message that a person who edits the code is glad to have read, 1 for something in between, 0 for a
dull one. Prints the AUC of each repository with weights fitted on the others, beside that of simpler rules.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.clones import clones_of
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.informative import CATEGORIES, category_features, length_features, message_words
from mom_lsp.extract.message import has_rationale
from mom_lsp.git import Repository, locate
from mom_lsp.tuning.logit import logit
from mom_lsp.tuning.metrics import auc

LEAST_MESSAGES, LEAST_REPOSITORIES = 15, 4  # that have a word
PENALTY = 1e-3  # on squared weights of words; lengths and the intercept are nearly free
FREE = 1e-6


@dataclass(frozen=True, slots=True)
class JudgedMessage:
    """A message and its label."""

    repository: str
    title: str
    body: str
    informative: float  # 0, 0.5 or 1


def judged_messages(labels: Path, clones: Mapping[str, Path]) -> list[JudgedMessage]:
    """Return the messages of the labelled commits that the clones have."""
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    found = []
    for name, clone in clones.items():
        label_of = {row["commit"]: row["informative"] / 2 for row in rows if row["repo"] == name}
        repository = Repository(locate(clone))
        known = sorted(sha for sha in label_of if repository.has(sha))
        for commit in repository.messages(known):
            memory = commit_memory(commit, sanitize=str)
            found.append(JudgedMessage(name, memory.title, memory.body, label_of[commit.sha]))
    return found


def vocabulary(messages: Sequence[JudgedMessage]) -> list[str]:
    """Return the words that are common enough, in several repositories, in alphabetical order."""
    times, places = Counter[str](), dict[str, set[str]]()
    for one in messages:
        for word in message_words(one.title, one.body):
            times[word] += 1
            places.setdefault(word, set()).add(one.repository)
    common = (word for word, count in times.items() if count >= LEAST_MESSAGES)
    return sorted(word for word in common if len(places[word]) >= LEAST_REPOSITORIES)


def design(messages: Sequence[JudgedMessage], words: Sequence[str]) -> np.ndarray:
    """Return the features of messages: words, lengths and a one, (m, w + 3)."""
    at = {word: column for column, word in enumerate(words)}
    x = np.zeros((len(messages), len(words) + 3))
    x[:, -1] = 1.0
    for row, one in enumerate(messages):
        x[row, [at[word] for word in message_words(one.title, one.body) if word in at]] = 1.0
        x[row, len(words) : -1] = length_features(one.title, one.body)
    return x


def fitted(x: np.ndarray, messages: Sequence[JudgedMessage]) -> np.ndarray:
    """Return the weights of the columns of `design`."""
    penalty = np.array([PENALTY] * (x.shape[1] - 3) + [FREE] * 3)
    return logit(x, np.array([one.informative for one in messages]), penalty=penalty)


def cross_validated(messages: Sequence[JudgedMessage]) -> np.ndarray:
    """Return the log-odds of each message with weights and words fitted on the other repositories, (m,)."""
    found, names = np.zeros(len(messages)), np.array([one.repository for one in messages])
    for name in dict.fromkeys(names.tolist()):
        others = [one for one in messages if one.repository != name]
        words = vocabulary(others)
        weights = fitted(design(others, words), others)
        found[names == name] = design([one for one in messages if one.repository == name], words) @ weights
    return found


def category_design(messages: Sequence[JudgedMessage]) -> np.ndarray:
    """Return the features by which texts in other languages are judged, and a one, (m, CATEGORIES + 1)."""
    return np.array([(*category_features(one.title, one.body), 1.0) for one in messages])


def fitted_categories(messages: Sequence[JudgedMessage]) -> np.ndarray:
    """Return the weights of the columns of `category_design`."""
    labels = np.array([one.informative for one in messages])
    return logit(category_design(messages), labels, penalty=np.full(len(CATEGORIES) + 1, FREE))


def categories_cross_validated(messages: Sequence[JudgedMessage]) -> np.ndarray:
    """Return the log-odds of each message by categories, with weights fitted on the other repositories, (m,)."""
    found, names = np.zeros(len(messages)), np.array([one.repository for one in messages])
    for name in dict.fromkeys(names.tolist()):
        weights = fitted_categories([one for one in messages if one.repository != name])
        found[names == name] = category_design([one for one in messages if one.repository == name]) @ weights
    return found


def main() -> None:
    """Print how well the model orders messages, and write it."""
    parser = argparse.ArgumentParser(description="Fit which messages tell something.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("-o", "--out", type=Path)
    chosen = parser.parse_args()
    messages = judged_messages(chosen.labels, clones_of(chosen.repo))
    labels = np.array([one.informative for one in messages])
    rules = {
        "words and lengths": cross_validated(messages),
        "categories": categories_cross_validated(messages),
        "length of the text": np.array([len(one.body) for one in messages]),
        "a word of reasoning": np.array([has_rationale(one.body) for one in messages]),
    }
    names = np.array([one.repository for one in messages])
    for name in [*dict.fromkeys(names.tolist()), "all"]:
        at = (names == name) | (name == "all")
        shares = ", ".join(f"{rule} {auc(values[at], labels[at] == 1):.3f}" for rule, values in rules.items())
        _print(f"{name}: {at.sum()} messages, {int((labels[at] == 1).sum())} informative; AUC of {shares}")
    if chosen.out:
        words = vocabulary(messages)
        weights = fitted(design(messages, words), messages).round(3).tolist()
        by_category = dict(zip((*CATEGORIES, "intercept"), fitted_categories(messages).round(3).tolist(), strict=True))
        model = {
            "words": dict(zip(words, weights, strict=False)),
            "lengths": weights[-3:-1],
            "intercept": weights[-1],
            "categories": by_category,
        }
        chosen.out.write_text(json.dumps(model, indent=0) + "\n", "utf-8")
        _print(f"{len(words)} words in {chosen.out}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
