"""How well a supported sentence is told from one that is not: sentences made true and false from real memories.

    python -m mom_lsp.evaluation.support_accuracy REPO... [--limit 400] [--cosine]

True are a memory's own sentences and rewordings of them. False are sentences of another memory about the same file, and
true ones with a name or number exchanged, with a "not" put in, or with the end of another sentence, of
the same memory or another. The
threshold is chosen on the first repository and judged on the others. `--cosine` also measures the encoder.
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
from mom_lsp.lm.support import NAME, THRESHOLD, support
from mom_lsp.lm.wording import everything
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
WORDS = range(6, 40)  # of a sentence that is worth citing
Scorer = Callable[[Sequence["Claim"]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about a memory."""

    text: str
    memory: Memory
    kind: str
    true: bool


def claims(memories: Sequence[Memory], chance: random.Random) -> Iterator[Claim]:
    """Yield true and false sentences about each memory."""
    by_path: dict[str, list[Memory]] = {}
    for memory in memories:
        by_path.setdefault(next(iter(memory.paths), ""), []).append(memory)
    for memory in memories:
        told = _sentences(memory)
        others = [one for one in by_path[next(iter(memory.paths), "")] if one.id != memory.id]
        if not told or not others:
            continue
        text, other = chance.choice(told), chance.choice(others)
        foreign = chance.choice(_sentences(other) or [other.title])
        made = {
            ("its own", True): text,
            ("reworded", True): _reworded(text),
            ("beginning and title", True): f"{_half(text, 0)} {memory.title}",
            ("of a neighbour", False): foreign,
            ("other name or number", False): _renamed(text, memory, foreign),
            ("negated", False): VERB.sub(r"\1 not", text, count=1),
            ("own halves mixed", False): f"{_half(text, 0)} {_half(told[-1], 1)}" if len(told) > 1 else "",
            ("foreign end", False): f"{_half(text, 0)} {_half(foreign, 1)}",
        }
        for (kind, true), sentence in made.items():
            if sentence and (kind == "its own" or sentence != text):
                yield Claim(sentence, memory, kind, true)


def overlap(made: Sequence[Claim]) -> np.ndarray:
    """Return the support by words, (n,)."""
    return np.array([support(claim.text, everything(claim.memory)) for claim in made])


def cosine(made: Sequence[Claim]) -> np.ndarray:
    """Return the similarity of each sentence to the nearest sentence of its memory by the encoder, (n,)."""
    from mom_lsp.encode import SentenceEncoder

    encoder, found = SentenceEncoder(), []
    texts = encoder.encode([claim.text for claim in made])
    known: dict[str, np.ndarray] = {}
    for vector, claim in zip(texts, made, strict=True):
        if claim.memory.id not in known:
            known[claim.memory.id] = encoder.encode([claim.memory.title, *_sentences(claim.memory)])
        found.append(float((known[claim.memory.id] @ vector).max()))
    return np.array(found)


def best_threshold(scores: np.ndarray, true: np.ndarray) -> float:
    """Return the threshold with the best mean of true ones kept and false ones cut."""
    tried = np.linspace(0.3, 1.0, 71)
    return float(max(tried, key=lambda at: (scores[true] >= at).mean() + (scores[~true] < at).mean()))


def table(made: Sequence[Claim], scores: np.ndarray, threshold: float) -> list[str]:
    """Return a row for each kind of sentence: how many there are, and the share that is kept."""
    rows = []
    for true, kind in sorted({(not claim.true, claim.kind) for claim in made}):
        chosen = np.array([claim.kind == kind for claim in made])
        rows.append(
            f"  {'false' if true else 'true'}: {kind:<22}{chosen.sum():>6}{(scores[chosen] >= threshold).mean():>8.1%}"
        )
    return rows


def _sentences(memory: Memory) -> list[str]:
    return [one for one in sentences(prose(memory.why or memory.body)) if len(one.split()) in WORDS]


def _reworded(text: str) -> str:
    return " ".join(SYNONYMS.get(word, word) for word in text.split() if word.lower() not in FILLERS)


def _renamed(text: str, memory: Memory, foreign: str) -> str:
    """Return a sentence with its first name or number exchanged for one that the memory does not know."""
    mine = [word for word in re.findall(r"\w+", text) if NAME.fullmatch(word)]
    theirs = [w for w in re.findall(r"\w+", foreign) if NAME.fullmatch(w) and w not in everything(memory)]
    return re.sub(rf"\b{mine[0]}\b", theirs[0], text, count=1) if mine and theirs else ""


def _half(text: str, half: int) -> str:
    words = text.split()
    return " ".join(words[: len(words) // 2] if not half else words[len(words) // 2 :])


def _sample(repository: Path, limit: int) -> list[Memory]:
    """Return memories of neighbours: of the files that have the most reasons."""
    store = Store(locate(repository).data)
    ids = store.columns(["id", "noise", "why"]).to_pylist()
    chosen = sorted(row["id"] for row in ids if not row["noise"] and row["why"])
    random.Random(0).shuffle(chosen)
    return list(store.get(chosen[: 4 * limit]).values())


def main() -> None:
    """Print what is kept of each kind of sentence."""
    parser = argparse.ArgumentParser(description="Measure the check of a sentence against its memory.")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--cosine", action="store_true")
    chosen = parser.parse_args()
    measures: dict[str, Scorer] = {"words": overlap} | ({"cosine": cosine} if chosen.cosine else {})
    thresholds: dict[str, float] = {}
    for repository in chosen.repositories:
        made = list(claims(_sample(repository, chosen.limit), random.Random(0)))[: 7 * chosen.limit]
        true = np.array([claim.true for claim in made])
        for name, measure in measures.items():
            scores = measure(made)
            at = thresholds.setdefault(name, best_threshold(scores, true))
            used = THRESHOLD if name == "words" else at
            kept, cut = (scores[true] >= used).mean(), (scores[~true] < used).mean()
            _say(f"{repository.name}, {name} >= {used:.2f} (best on the first repository: {at:.2f}):")
            _say(f"  of the true ones {kept:.1%} kept, of the false ones {cut:.1%} cut")
            _say("\n".join(table(made, scores, used)))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
