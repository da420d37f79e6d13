"""Chooses the layers whose heads a bias goes to: those where drawing attention to the right memory surely helps.

    python -m mom_lsp.evaluation.choose_layers --repo CLONE --labels FILE [--limit N] -o mom_lsp/lm/heads.json

Layers are chosen on one project, in bands, and `mom eval --model` measures them on another. (The heads that by
themselves look most at the right memory were tried first and are worse than all: they look there anyway.)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.attention_cases import ModelCase, make_cases, streams
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import STRENGTH, spread
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.tuning.labels import load_labels
from mom_lsp.tuning.metrics import bootstrap_interval

BAND = 5  # layers that are tried together
CONTEXT = 1024  # tokens: a prompt of cases takes about 500


def bands(layers: int) -> list[list[int]]:
    """Return the layers in groups."""
    return [list(range(first, min(first + BAND, layers))) for first in range(0, layers, BAND)]


def changes(model: Llama, cases: Sequence[ModelCase]) -> Iterator[list[float]]:
    """Yield for each case how a bias on the right memory in each band changes the text's likelihood, nats a token."""
    for case in cases:

        def read(layers: Sequence[int], strength: float, case: ModelCase = case) -> float:
            bias = spread([(layer, head) for layer in layers for head in range(model.heads)], strength)
            return float(model.read(case.messages, case.text, bias={case.gold: bias}).nll.mean())

        plain = read([], 0.0)
        yield [read(band, STRENGTH) - plain for band in bands(model.layers)]


def choose(found: Sequence[Sequence[float]], layers: int) -> list[int]:
    """Return the layers of the bands whose whole 95% interval is a gain, at least half as large as the best one's."""
    means = [bootstrap_interval(column) for column in np.array(found).T]
    best = min(mean for mean, _, _ in means)
    helps = [high < 0 and mean <= best / 2 for mean, _, high in means]
    return [layer for band, kept in zip(bands(layers), helps, strict=True) if kept for layer in band]


def main() -> None:
    """Choose layers and write them beside those of other models."""
    parser = argparse.ArgumentParser(description="Choose the layers that a bias goes to.")
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--model", default="", help="a GGUF file; by default the one that is installed")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    labels = load_labels(chosen.labels)
    cases = make_cases(Repository(locate(chosen.repo)), labels, streams(labels, chosen.limit, recurring=False))
    model = Llama(gguf.checked(gguf.find_model(chosen.model)), Limits(context=CONTEXT))
    found: list[list[float]] = []
    for change in changes(model, cases):
        found.append(change)
        means = " ".join(f"{value:+.4f}" for value in np.mean(found, axis=0))
        sys.stderr.write(f"{len(found)} of {len(cases)}: {means}\n")
    known = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    known[model.name] = {"layers": choose(found, model.layers), "cases": len(found)}
    chosen.out.write_text(json.dumps(known) + "\n", "utf-8")
    model.close()


if __name__ == "__main__":
    main()
