"""How well the check of lm/support.py separates supported from unsupported sentences, made from real memories.

    python -m mom_lsp.evaluation.support_accuracy REPO... [--limit 400] [--cosine]

True sentences are a memory's own and rewordings of them. False ones are sentences of another memory about the same
file, and true ones with a name or number exchanged, with a "not" inserted, or with the end of another sentence of the
same or another memory. The threshold is chosen on the first repository and evaluated on the others. `--cosine` also
measures the encoder.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.extract.message import prose, sentences
from mom_lsp.git import locate
from mom_lsp.lm.prompts import told
from mom_lsp.lm.support import NAME, THRESHOLD, support
from mom_lsp.memory import Memory
from mom_lsp.store import Store

SYNONYMS = {
    "fix": "repair", "fixes": "repairs", "fixed": "repaired", "remove": "delete", "removed": "deleted",
    "avoid": "prevent", "use": "employ", "uses": "employs", "used": "employed", "ensure": "guarantee",
    "because": "since", "error": "failure", "add": "introduce", "added": "introduced", "allow": "permit",
    "returns": "gives", "instead": "rather", "needed": "required", "wrong": "incorrect", "check": "test",
}  # fmt: skip
FILLERS = {"the", "a", "an", "also", "just", "really", "very", "actually", "simply", "then", "now", "still", "quite"}
VERB = re.compile(r"\b(is|was|are|were|can|could|does|should|will|would|must|may|has|have)\b(?! not)")
WORDS = range(6, 40)  # number of words of a sentence that is used
Scorer = Callable[[Sequence["Claim"]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about a memory."""

    text: str
    memory: Memory
    kind: str
    true: bool


def made_claims(memories: Sequence[Memory], draw: random.Random) -> Iterator[Claim]:
    """Yield true and false sentences about each memory."""
    by_path: dict[str, list[Memory]] = {}
    for memory in memories:
        by_path.setdefault(next(iter(memory.paths), ""), []).append(memory)
    for memory in memories:
        own = _sentences(memory)
        others = [one for one in by_path[next(iter(memory.paths), "")] if one.id != memory.id]
        if not own or not others:
            continue
        text, other = draw.choice(own), draw.choice(others)
        foreign = draw.choice(_sentences(other) or [other.title])
        made = {
            ("original", True): text,
            ("reworded", True): _reworded(text),
            ("first half and title", True): f"{_half(text, 0)} {memory.title}",
            ("other memory", False): foreign,
            ("other name or number", False): _renamed(text, memory, foreign),
            ("negated", False): VERB.sub(r"\1 not", text, count=1),
            ("halves of two", False): f"{_half(text, 0)} {_half(own[-1], 1)}" if len(own) > 1 else "",
            ("other memory's ending", False): f"{_half(text, 0)} {_half(foreign, 1)}",
        }
        for (kind, true), sentence in made.items():
            if sentence and (kind == "original" or sentence != text):
                yield Claim(sentence, memory, kind, true)


def overlap(made: Sequence[Claim]) -> np.ndarray:
    """Return the support by word overlap, (n,)."""
    return np.array([support(claim.text, told(claim.memory)) for claim in made])


def cosine(made: Sequence[Claim]) -> np.ndarray:
    """Return the similarity of each sentence to the nearest sentence of its memory by the encoder, (n,)."""
    from mom_lsp.encode import choose

    encoder, found = choose(bulk=True), []
    texts = encoder.encode([claim.text for claim in made])
    known: dict[str, np.ndarray] = {}
    for vector, claim in zip(texts, made, strict=True):
        if claim.memory.id not in known:
            known[claim.memory.id] = encoder.encode([claim.memory.title, *_sentences(claim.memory)])
        found.append(float((known[claim.memory.id] @ vector).max()))
    return np.array(found)


def best_threshold(scores: np.ndarray, true: np.ndarray) -> float:
    """Return the threshold with the best balanced accuracy."""
    tried = np.linspace(0.3, 1.0, 71)
    return float(max(tried, key=lambda at: (scores[true] >= at).mean() + (scores[~true] < at).mean()))


def accepted_by_kind(made: Sequence[Claim], scores: np.ndarray, threshold: float) -> list[str]:
    """Return a row for each kind of sentence: its number, and the share that is accepted as supported."""
    rows = []
    for false, kind in sorted({(not claim.true, claim.kind) for claim in made}):
        chosen = np.array([claim.kind == kind for claim in made])
        rows.append(
            f"  {'false' if false else 'true'}: {kind:<22}{chosen.sum():>6}{(scores[chosen] >= threshold).mean():>8.1%}"
        )
    return rows


def _sentences(memory: Memory) -> list[str]:
    """Return the sentences of a memory that a prompt shows."""
    shown = told(memory)
    return [one for one in sentences(prose(memory.why or memory.body)) if one in shown and len(one.split()) in WORDS]


def _reworded(text: str) -> str:
    return " ".join(SYNONYMS.get(word, word) for word in text.split() if word.lower() not in FILLERS)


def _renamed(text: str, memory: Memory, foreign: str) -> str:
    """Return a sentence with its first name or number replaced by one that the memory does not contain."""
    mine = [word for word in re.findall(r"\w+", text) if NAME.fullmatch(word)]
    theirs = [w for w in re.findall(r"\w+", foreign) if NAME.fullmatch(w) and w not in told(memory)]
    return re.sub(rf"\b{mine[0]}\b", theirs[0], text, count=1) if mine and theirs else ""


def _half(text: str, half: int) -> str:
    words = text.split()
    return " ".join(words[: len(words) // 2] if not half else words[len(words) // 2 :])


def _sample(repository: Path, limit: int) -> list[Memory]:
    """Return a random sample of memories with reasons."""
    store = Store(locate(repository).data)
    ids = store.columns(["id", "noise", "why"]).to_pylist()
    chosen = sorted(row["id"] for row in ids if not row["noise"] and row["why"])
    random.Random(0).shuffle(chosen)
    return list(store.get(chosen[: 4 * limit]).values())


def main() -> None:
    """Print the share of each kind of sentence that is accepted."""
    parser = argparse.ArgumentParser(description="Measure the check that a memory supports a sentence.")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--cosine", action="store_true")
    chosen = parser.parse_args()
    measures: dict[str, Scorer] = {"words": overlap} | ({"cosine": cosine} if chosen.cosine else {})
    thresholds: dict[str, float] = {}
    for repository in chosen.repositories:
        made = list(made_claims(_sample(repository, chosen.limit), random.Random(0)))[: 7 * chosen.limit]
        true = np.array([claim.true for claim in made])
        for name, measure in measures.items():
            scores = measure(made)
            at = thresholds.setdefault(name, best_threshold(scores, true))
            used = THRESHOLD if name == "words" else at
            sensitivity, specificity = (scores[true] >= used).mean(), (scores[~true] < used).mean()
            _print(f"{repository.name}, {name} >= {used:.2f} (best threshold on the first repository: {at:.2f}):")
            _print(f"  {sensitivity:.1%} of the true sentences accepted, {specificity:.1%} of the false ones rejected")
            _print("\n".join(accepted_by_kind(made, scores, used)))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
