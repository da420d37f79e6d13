"""Chooses the heads that a bias goes to: those that look at the right memory while the real text is read.

    python -m mom_lsp.evaluation.heads --repo CLONE --labels FILE [--limit N] -o mom_lsp/lm/heads.json

Heads are chosen on one project and `mom eval --model` measures them on another.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.labels import load_labels
from mom_lsp.evaluation.model_cases import ModelCase, make_cases, streams
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.llama import Limits, Llama

CHOSEN = 24  # heads: about one in eleven of SmolLM2's
CONTEXT = 2048


def contrasts(model: Llama, cases: Sequence[ModelCase]) -> Iterator[np.ndarray]:
    """Yield for each case how much more of each head's attention the right memory gets than the others, a token."""
    for case in cases:
        spans = {memory: end - start for memory, start, end in model.tokenizer.prompt(case.messages).spans}
        mass = model.read(case.messages, case.text).mass
        density = {memory: mass[memory] / spans[memory] for memory in case.memories}
        total = sum(density.values(), np.full((model.layers, model.heads), 1e-12))
        yield density[case.gold] / total - 1 / len(case.memories)


def choose(found: Sequence[np.ndarray], count: int = CHOSEN) -> list[tuple[int, int]]:
    """Return the heads whose contrast is surest: the largest mean in units of its error."""
    stack = np.stack(found)  # (cases, layers, heads)
    sure = stack.mean(0) / (stack.std(0) / np.sqrt(len(stack)) + 1e-9)
    best = np.argsort(-sure, axis=None, kind="stable")[:count]
    return sorted((int(at // sure.shape[1]), int(at % sure.shape[1])) for at in best)


def main() -> None:
    """Choose heads and write them beside those of other models."""
    parser = argparse.ArgumentParser(description="Choose the heads that a bias goes to.")
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--model", default="", help="a GGUF file; by default the one that is installed")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    labels = load_labels(chosen.labels)
    cases = make_cases(Repository(locate(chosen.repo)), labels, streams(labels, chosen.limit, recurring=False))
    model = Llama(gguf.checked(gguf.find_model(chosen.model)), Limits(context=CONTEXT))
    found = []
    for contrast in contrasts(model, cases):
        found.append(contrast)
        sys.stderr.write(f"{len(found)} of {len(cases)}\n")
    heads = choose(found)
    known = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    known[model.name] = {"heads": heads, "cases": len(found)}
    chosen.out.write_text(json.dumps(known) + "\n", "utf-8")
    means = np.stack(found).mean(0)
    for layer, head in heads:
        sys.stderr.write(f"layer {layer} head {head}: {means[layer, head]:+.3f}\n")
    model.close()


if __name__ == "__main__":
    main()
