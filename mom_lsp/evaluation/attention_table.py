"""The tables of `mom eval --model`, for one repository or for the texts of several together.

    python -m mom_lsp.evaluation.attention_table FILE.jsonl …

prints them from what `mom eval --model --out FILE.jsonl` wrote, also while it is still running.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.tuning.metrics import bootstrap_interval

PLAIN = "no bias"
RULE, LEARNED = "the router's first, chosen layers, b calibrated", "learned traces, b calibrated"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one text was read by one method."""

    nll: float  # nats per token
    cited: bool  # whether the model names the right memory
    moved: bool  # whether anything was biased


@dataclass(frozen=True, slots=True)
class ReadText:
    """One text, read by every method."""

    repository: str
    query: str  # the commit whose message it is
    ranked: bool  # whether the router's first of the memories is the right one
    methods: Mapping[str, Reading]


def bias_table(texts: Sequence[ReadText]) -> dict[str, dict[str, Any]]:
    """Return for each method its likelihood, the change from no bias, and how often it cites the relevant memory.

    `change_moved` and `better` are of the `moved` texts only, those in which the method biased anything.
    """
    plain = np.array([text.methods[PLAIN].nll for text in texts])
    found: dict[str, dict[str, Any]] = {}
    for name in texts[0].methods:
        readings = [text.methods[name] for text in texts]
        nll, moved = np.array([one.nll for one in readings]), np.array([one.moved for one in readings])
        gain = nll - plain
        found[name] = {
            "nll": bootstrap_interval(nll),
            "change": bootstrap_interval(gain),
            "cited": bootstrap_interval([one.cited for one in readings]),
            "moved": int(moved.sum()),
            "change_moved": bootstrap_interval(gain[moved]) if moved.any() else None,
            "better": float((gain[moved] < 0).mean()) if moved.any() else None,
        }
    return found


def against_rule(texts: Sequence[ReadText]) -> dict[str, Any]:
    """Return by how much learned traces change the likelihood from what the plain rule gives on the same texts.

    The rule biases the router's first memory alike on all heads of the chosen layers. Either has the strength that was
    best on the texts before. {"texts", "difference": (mean, low, high) in nats per token, "verdict"}
    """
    difference = [text.methods[LEARNED].nll - text.methods[RULE].nll for text in texts]
    mean, low, high = bootstrap_interval(difference)
    verdict = "traces win" if high < 0 else "the rule wins" if low > 0 else "a tie"
    return {"texts": len(texts), "difference": (mean, low, high), "verdict": verdict}


def document_of(texts: Sequence[ReadText], model: str) -> dict[str, Any]:
    """Return everything about some texts, in the format of `mom eval --model --json`."""
    return {
        "repository": ", ".join(dict.fromkeys(text.repository for text in texts)),
        "model": model,
        "asked": len(texts),
        "router": float(np.mean([text.ranked for text in texts])),
        "methods": bias_table(texts),
        "against_rule": against_rule(texts),
    }


def line_of(text: ReadText, model: str) -> str:
    """Return a text as one line of JSON."""
    return json.dumps({"model": model} | asdict(text)) + "\n"


def texts_of(line: str) -> tuple[str, ReadText]:
    """Return the model and the text of a line."""
    values = json.loads(line)
    model = str(values.pop("model"))
    methods = {name: Reading(**reading) for name, reading in values.pop("methods").items()}
    return model, ReadText(**values, methods=methods)


def main() -> None:
    """Print the table of each file's repository, and that of all texts."""
    parser = argparse.ArgumentParser(description="Print the tables of `mom eval --model --out`.")
    parser.add_argument("files", nargs="+", type=Path)
    found = [texts_of(line) for file in parser.parse_args().files for line in file.read_text("utf-8").splitlines()]
    groups: dict[str, list[ReadText]] = {}
    for _, text in found:
        groups.setdefault(text.repository, []).append(text)
    documents = [document_of(texts, found[0][0]) for texts in groups.values()]
    if len(groups) > 1:
        documents.append(document_of([text for _, text in found], found[0][0]))
    json.dump(documents, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
