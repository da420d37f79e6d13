"""Whether a small language model can read: does it know which sentence is about some lines of code?

    python -m mom_lsp.evaluation.model_reading useful fixtures/labels/usefulness.jsonl OWNER/NAME=CLONE …
    python -m mom_lsp.evaluation.model_reading reasons fixtures/labels/reasons.jsonl CLONE …
        [--limit N] [--seed N] [--model FILE.gguf] [--bias]

`useful`: of the memories that wrote a judged line, does it tell the useful ones? `reasons`: of the sentences of a
labelled message, does it choose one that gives the reason for the lines? By the *gain* of a sentence, log p(lines |
sentence) - log p(lines) in nats per token, and by the share of the lines' *attention* that goes to it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np

from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.fit_usefulness import JudgedPair, cross_validated, judged_pairs
from mom_lsp.evaluation.reason_accuracy import RULES, LabelledMessage, labelled_messages
from mom_lsp.extract.documents import is_document
from mom_lsp.extract.message import shorten, split_message
from mom_lsp.extract.quote import is_informative, place_words, quote
from mom_lsp.git import Repository, locate
from mom_lsp.git.values import Commit
from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import STRENGTH, chosen_heads, spread
from mom_lsp.lm.prompts import CLOSE, COMPLETION, NOTES, OPEN, QUOTE_LENGTH, escaped
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.memory import ChatMessage, Part
from mom_lsp.settings import resolve
from mom_lsp.tuning.logit import logit
from mom_lsp.tuning.metrics import auc, bootstrap_interval

NOTE = "note"  # the id of the sentence in its prompt
AROUND = 1  # lines above and below the judged one
LINES, CODE_LENGTH = 3, 200  # that are read, and their characters
MAX_BLOB = 2_000_000  # bytes
PENALTY, DRAWS = 1e-3, 1000
CONTEXT = 1024  # tokens
WROTE, BEST_RULE = "wrote", "first informative"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of a sentence before some lines."""

    likelihood: float  # log p(lines | sentence), nats per token
    attention: float  # the share of the lines' attention on the sentence, on the heads that have traces


@dataclass(slots=True)
class SentenceReader:
    """Reads lines of code after a sentence, with one thread and one model."""

    model: Llama
    biased: bool = False  # whether attention is drawn to the sentence as a trace of full strength draws it
    seconds: list[float] = field(default_factory=list)  # of processor time, of each sentence

    def read(self, path: str, lines: str, sentence: str) -> Reading:
        """Return the reading of lines after a sentence."""
        start = time.process_time()
        heads = chosen_heads(self.model.name, self.model.layers, self.model.heads)
        bias = {NOTE: spread(heads, STRENGTH)} if self.biased else None
        found = self.model.read(prompt(path, sentence), lines, bias=bias)
        self.seconds.append(time.process_time() - start)
        index = tuple(np.array(heads).T)
        return Reading(-float(found.nll.mean()), float(found.mass[NOTE][index].mean()))

    def alone(self, path: str, lines: str) -> float:
        """Return log p(lines) without any sentence, nats per token."""
        return -float(self.model.read(prompt(path, ""), lines, measured=False).nll.mean())


@dataclass(frozen=True, slots=True)
class Features:
    """The features of some pairs, (m,) each."""

    useful: np.ndarray  # whether readers find the memory useful
    repository: np.ndarray
    usefulness: np.ndarray  # log-odds, without the model
    gain: np.ndarray
    attention: np.ndarray


def prompt(path: str, sentence: str) -> list[ChatMessage]:
    """Return the request to write a file after a sentence, which may be "" for none."""
    text = f"[1] {OPEN}{escaped(shorten(sentence, QUOTE_LENGTH))}{CLOSE}\n"
    note = (Part(NOTES), Part(text, NOTE)) if sentence else ()
    return [COMPLETION, ChatMessage("user", (*note, Part(f"Write {escaped(path)}.")))]


# What is useful


def drawn(pairs: Sequence[JudgedPair], limit: int, seed: int) -> list[int]:
    """Return the places of at most `limit` pairs whose memory wrote the line."""
    wrote = [at for at, pair in enumerate(pairs) if pair.features[WROTE] > 0]
    random.Random(seed).shuffle(wrote)
    return sorted(wrote[:limit])  # in the order of the lines, each of which is read once without a sentence


def read_pairs(
    reader: SentenceReader,
    pairs: Sequence[JudgedPair],
    clones: Mapping[str, Path],
    chosen: Sequence[int],
    step: Callable[[int, int], None],
) -> Features:
    """Return the features of the chosen pairs; their usefulness is by models fitted on the other repositories."""
    probability = np.clip(cross_validated(pairs).probability[chosen], 1e-6, 1 - 1e-6)
    some = [pairs[at] for at in chosen]
    alone = cache(reader.alone)
    readings, before = [], []
    for done, pair in enumerate(some):
        step(done, len(some))
        repository = Repository(locate(clones[pair.repository]))
        code = shown_lines(repository, pair)
        (commit,) = repository.messages([pair.commit])
        readings.append(reader.read(pair.line[0], code, said(commit, code)))
        before.append(alone(pair.line[0], code))
    return Features(
        np.array([pair.useful >= 0.5 for pair in some]),
        np.array([pair.repository for pair in some]),
        np.log(probability / (1 - probability)),
        np.array([one.likelihood for one in readings]) - before,
        np.array([one.attention for one in readings]),
    )


def shown_lines(repository: Repository, pair: JudgedPair) -> str:
    """Return the judged line between its neighbours."""
    path, number = pair.line
    ((_, text),) = repository.texts([f"{pair.revision}:{path}"], MAX_BLOB)
    return cut(text.split("\n")[max(0, number - 1 - AROUND) : number + AROUND])


def said(commit: Commit, code: str) -> str:
    """Return what is shown of a commit at some lines: its title, and what it says of them."""
    message = split_message(commit.message)
    reason = quote(message.subject, message.body, place_words(code.split("\n"))).text
    return f"{message.subject.rstrip('.')}. {reason}".strip()


def cut(lines: Iterable[str]) -> str:
    """Return lines of code, of limited length."""
    return "\n".join(lines)[:CODE_LENGTH].rstrip() or "\n"


def with_weight(found: Features, *added: np.ndarray) -> np.ndarray:
    """Return the log-odds that each pair is useful, with a weight for each added feature, fitted on the others.

    The weights are fitted on the pairs of the other repositories.
    """
    x = np.column_stack([found.usefulness, *added])
    scale = x.std(0)
    x = np.hstack([x / np.where(scale > 0, scale, 1.0), np.ones((len(x), 1))])
    penalty, result = np.array([PENALTY] * (x.shape[1] - 1) + [0.0]), np.zeros(len(x))
    for name in np.unique(found.repository):
        here = found.repository == name
        result[here] = x[here] @ logit(x[~here], found.useful[~here].astype(float), penalty=penalty)
    return result


def difference(first: np.ndarray, second: np.ndarray, useful: np.ndarray) -> tuple[float, float, float]:
    """Return by how much the second AUC is above the first, with its 95% bootstrap interval over pairs."""
    draw = np.random.default_rng(0)
    picks = draw.integers(len(useful), size=(DRAWS, len(useful)))
    gains = [auc(second[pick], useful[pick]) - auc(first[pick], useful[pick]) for pick in picks]
    low, high = np.percentile(gains, [2.5, 97.5])
    return auc(second, useful) - auc(first, useful), float(low), float(high)


def pair_table(found: Features) -> list[str]:
    """Return the rows about what is useful."""
    plain = with_weight(found)
    rows = [
        f"{len(found.useful)} pairs of {len(set(found.repository))} repositories, {found.useful.sum()} useful:"
        f" AUC of usefulness {auc(found.usefulness, found.useful):.3f}, refitted {auc(plain, found.useful):.3f}"
    ]
    for name, values in (("gain", found.gain), ("attention", found.attention)):
        both = with_weight(found, values)
        more, low, high = difference(plain, both, found.useful)
        alone, added = auc(values, found.useful), auc(both, found.useful)
        rows.append(f"  {name}: AUC alone {alone:.3f}, added {added:.3f}, {more:+.3f} [{low:+.3f}, {high:+.3f}]")
    return rows


# Which sentence


def changed_lines(commit: Commit) -> tuple[str, str]:
    """Return the path and first lines of the largest change of a commit, of code where it has any; "" for none."""
    code = [change for change in commit.files if not is_document(change.path)] or commit.files
    hunks = [(change.path, hunk) for change in code for hunk in change.hunks]
    if not hunks:
        return "", ""
    path, hunk = max(hunks, key=lambda one: (len(one[1].added), len(one[1].removed)))
    lines = [line for line in hunk.added or hunk.removed if line.strip()]
    return path, cut(lines[:LINES])


def chosen_sentences(
    reader: SentenceReader, messages: Sequence[LabelledMessage], step: Callable[[int, int], None]
) -> dict[str, np.ndarray]:
    """Return for each rule whether it chooses a sentence that gives the reason, (messages,)."""
    found: dict[str, list[bool]] = {}
    for done, message in enumerate(messages):
        step(done, len(messages))
        path, lines = changed_lines(message.commit)
        readings = [reader.read(path, lines, one) for one in message.sentences]
        choices = {name: rule(message) for name, rule in RULES.items()}
        choices["longest"] = int(np.argmax([len(one) for one in message.sentences]))
        telling = np.array([is_informative(one) for one in message.sentences])
        for name in ("likelihood", "attention"):
            values = np.array([getattr(one, name) for one in readings])
            choices[f"highest {name}"] = int(np.argmax(values))
            choices[f"highest {name} of the informative"] = int(np.argmax(values - 1e6 * ~telling))
        for name, choice in choices.items():
            found.setdefault(name, []).append(choice in message.reasons)
    chance = [len(message.reasons) / len(message.sentences) for message in messages]
    return {"by chance": np.array(chance)} | {name: np.array(hits, float) for name, hits in found.items()}


def reason_table(hits: Mapping[str, np.ndarray]) -> list[str]:
    """Return the rows about the choice of a sentence, each with its difference to the rule that is best without it."""
    best, rows = hits[BEST_RULE], [f"{len(hits[BEST_RULE])} messages:"]
    for name, values in hits.items():
        mean, low, high = bootstrap_interval(values - best)
        rows.append(f"  {name}: {values.mean():.1%}, {mean:+.1%} [{low:+.1%}, {high:+.1%}]")
    return rows


def main() -> None:
    """Print the table of one question."""
    parser = argparse.ArgumentParser(description="Measure whether a language model knows what is about some lines.")
    parser.add_argument("question", choices=("useful", "reasons"))
    parser.add_argument("labels", type=Path)
    parser.add_argument("clones", nargs="+", metavar="CLONE")
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default=resolve(None).settings.model.path)
    parser.add_argument("--bias", action="store_true", help="draw attention to the sentence as a trace does")
    chosen = parser.parse_args()
    model = Llama(gguf.checked(gguf.find_model(chosen.model)), Limits(CONTEXT, threads=1))
    reader = SentenceReader(model, biased=chosen.bias)
    try:
        if chosen.question == "useful":
            clones = clones_of(chosen.clones)
            pairs = judged_pairs(chosen.labels, clones)
            at = drawn(pairs, chosen.limit, chosen.seed)
            rows = pair_table(read_pairs(reader, pairs, clones, at, _step))
        else:
            known = [one for clone in chosen.clones for one in labelled_messages(chosen.labels, Path(clone))]
            changed = [one for one in known if all(changed_lines(one.commit))]
            random.Random(chosen.seed).shuffle(changed)
            rows = reason_table(chosen_sentences(reader, changed[: chosen.limit], _step))
    finally:
        model.close()
    speed = f"{1000 * median(reader.seconds):.0f} ms of processor time per sentence (median of {len(reader.seconds)})"
    sys.stdout.write("\n".join([f"{model.name}{', biased' * chosen.bias}: {speed}", *rows, ""]))


def _step(done: int, count: int) -> None:
    sys.stderr.write(f"{done + 1} of {count}\n")


if __name__ == "__main__":
    main()
