"""Chooses the layers whose heads are biased: those where a bias on the relevant memory significantly helps.

    python -m mom_lsp.evaluation.choose_layers --repo CLONE --labels FILE [--limit N] -o mom_lsp/lm/heads.json

Layers are chosen on one project, in bands, and `mom eval --model` evaluates them on another. (The heads with the most
attention on the relevant memory were tried first and do worse than all heads: they attend to it anyway.)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.attention_cases import ModelCase, label_stream, make_cases
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import STRENGTH, spread
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.tuning.labels import load_labels
from mom_lsp.tuning.metrics import bootstrap_interval

BAND = 5  # layers that are biased together
CONTEXT = 1024  # tokens: the prompt of a case takes about 500


def bands(layers: int) -> list[list[int]]:
    """Return the layers in bands."""
    return [list(range(first, min(first + BAND, layers))) for first in range(0, layers, BAND)]


def nll_changes(model: Llama, cases: Sequence[ModelCase]) -> Iterator[list[float]]:
    """Yield for each case the change of the text's NLL by a bias on the relevant memory in each band, nats a token."""
    for case in cases:

        def read(layers: Sequence[int], strength: float, case: ModelCase = case) -> float:
            bias = spread([(layer, head) for layer in layers for head in range(model.heads)], strength)
            return float(model.read(case.messages, case.text, bias={case.gold: bias}).nll.mean())

        plain = read([], 0.0)
        yield [read(band, STRENGTH) - plain for band in bands(model.layers)]


def choose(found: Sequence[Sequence[float]], layers: int) -> list[int]:
    """Return the layers of the bands whose whole 95% interval is a gain, of at least half the best mean gain."""
    means = [bootstrap_interval(column) for column in np.array(found).T]
    best = min(mean for mean, _, _ in means)
    helpful = [high < 0 and mean <= best / 2 for mean, _, high in means]
    return [layer for band, helps in zip(bands(layers), helpful, strict=True) if helps for layer in band]


def main() -> None:
    """Choose the layers of a model and update them in the file."""
    parser = argparse.ArgumentParser(description="Choose the layers whose heads are biased.")
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--model", default="", help="a GGUF file; default: the installed one")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    labels = load_labels(chosen.labels)
    cases = make_cases(Repository(locate(chosen.repo)), labels, label_stream(labels, chosen.limit, recurring=False))
    model = Llama(gguf.checked(gguf.find_model(chosen.model)), Limits(context=CONTEXT))
    found: list[list[float]] = []
    for change in nll_changes(model, cases):
        found.append(change)
        means = " ".join(f"{value:+.4f}" for value in np.mean(found, axis=0))
        sys.stderr.write(f"{len(found)} of {len(cases)}: {means}\n")
    known = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    known[model.name] = {"layers": choose(found, model.layers), "cases": len(found)}
    chosen.out.write_text(json.dumps(known) + "\n", "utf-8")
    model.close()


if __name__ == "__main__":
    main()
