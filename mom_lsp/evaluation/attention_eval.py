"""`mom eval --model`: whether an attention bias on the relevant memory makes the text that was written more likely.

Prequential: queries are in order of time, traces are learned from a query only after it was measured, and the strength
of the bias is the one that was best on the texts before. The router ranks as of the query's own time. The layers were
chosen on another project (choose_layers.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.evaluation.attention_cases import ModelCase, label_stream, make_cases
from mom_lsp.evaluation.choose_layers import CONTEXT
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import STRENGTH, chosen_heads, spread
from mom_lsp.lm.child_messages import AttentionReading
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.lm.trace_learning import Accepted, observe
from mom_lsp.lm.traces import STRENGTHS, AttentionTraces, calibrated
from mom_lsp.memory import Bias
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import Label, load_labels, own_labels
from mom_lsp.tuning.metrics import bootstrap_interval
from mom_lsp.tuning.rank import default_editing_model, scores

ALIKE, CHOSEN = 0.5, STRENGTH  # on all heads, on those of the chosen layers
CITES = "\n\nThis follows from change ["  # read after the text; the next token is the citation's number
PLAIN, CALIBRATED = "no bias", "learned traces, b calibrated"


@dataclass(slots=True)
class AttentionRow:
    """The results of one method, case by case."""

    nll: list[float] = field(default_factory=list)  # nats per token
    cited: list[bool] = field(default_factory=list)
    moved: list[bool] = field(default_factory=list)  # whether it biased anything


class AttentionStudy:
    """The measurements of one model on one stream of cases."""

    def __init__(self, model: Llama, heads: Sequence[tuple[int, int]]) -> None:
        self._model, self._heads = model, list(heads)
        self.traces = AttentionTraces(model.layers, model.heads)
        self.rows: dict[str, AttentionRow] = {}
        self._gains: list[Mapping[float, float]] = []

    def measure(self, case: ModelCase, first: str, later: Set[str]) -> None:
        """Measure every method on a case, then learn the traces of the memories that recur later."""
        plain = self._measure(PLAIN, case, {})
        assert plain is not None
        uniform = spread(self._heads, CHOSEN)
        self._measure(f"oracle, all heads, b = {ALIKE}", case, {case.gold: ALIKE})
        self._measure(f"oracle, chosen layers, b = {CHOSEN}", case, {case.gold: uniform})
        self._measure(f"the router's first, chosen layers, b = {CHOSEN}", case, {first: uniform} if first else {})
        own = self.traces.bias(case.cue, case.memories, CHOSEN)
        self._measure(f"traces of single memories alone, b = {CHOSEN}", case, own)
        for strength in STRENGTHS:
            learned = self.traces.bias(case.cue, case.memories, strength, first)
            self._measure(_learned(strength), case, learned)
        self._calibrated()
        learned = self.traces.bias(case.cue, case.memories, CHOSEN, first)
        self._measure(f"shuffled traces, b = {CHOSEN}", case, _shuffled(learned, case.memories))
        gains = {b: self.rows[PLAIN].nll[-1] - self.rows[_learned(b)].nll[-1] for b in STRENGTHS} if learned else {}
        self._gains.append(gains)
        accepted = Accepted(case.cue, case.messages, case.text, first)
        again = [memory for memory in case.memories if memory in later or memory == first]
        self.traces.step(observe(self._model, accepted, self._heads, plain, gains=gains, memories=again))

    def _measure(self, name: str, case: ModelCase, bias: Bias) -> AttentionReading | None:
        """Read the case's text with a bias; an empty bias reuses the result without bias."""
        row = self.rows.setdefault(name, AttentionRow())
        row.moved.append(bool(bias))
        if name != PLAIN and not bias:
            row.nll.append(self.rows[PLAIN].nll[-1])
            row.cited.append(self.rows[PLAIN].cited[-1])
            return None
        numbers = [str(number) for number in range(1, len(case.memories) + 1)]
        reading = self._model.read(
            case.messages, case.text, bias=bias, measured=name == PLAIN, then=CITES, choices=numbers
        )
        row.nll.append(float(reading.nll.mean()))
        row.cited.append(case.memories[int(np.argmax(reading.choices))] == case.gold)
        return reading

    def _calibrated(self) -> None:
        """Add the result of the strength that was best on the texts before."""
        strength = calibrated(self._gains, CHOSEN)
        row, same = (
            self.rows.setdefault(CALIBRATED, AttentionRow()),
            self.rows[_learned(strength) if strength else PLAIN],
        )
        row.nll.append(same.nll[-1])
        row.cited.append(same.cited[-1])
        row.moved.append(same.moved[-1])


def evaluate_model(repository: Path, file: Path | None, limit: int, setting: str, step: Step) -> dict[str, Any]:
    """Return the results of all methods, in the format of `mom eval --model --json`.

    Raises:
        UsageError: not a git repository, no labels, or labels of another repository.
        NoIndex: the repository is not indexed, which the router needs.
        ModelError: there is no model, or its attention cannot be biased.
    """
    location = locate(repository)
    if not location.git:
        raise UsageError(f"{repository} is not a git repository")
    labels = load_labels(file) if file else own_labels(repository)
    chosen = label_stream(labels, limit, recurring=True)
    cases = make_cases(Repository(location), labels, chosen)
    if not cases:
        raise UsageError(
            f"{file or repository}: no commit is referenced by several labels, so traces cannot be learned"
        )
    first = first_routed(repository, chosen, cases, step)
    model = Llama(gguf.checked(gguf.find_model(setting)), Limits(context=CONTEXT))
    try:
        study = AttentionStudy(model, chosen_heads(model.name, model.layers, model.heads))
        for done, case in enumerate(cases):
            step("reading", done, len(cases))
            later = {memory for after in cases[done + 1 :] for memory in after.memories}
            study.measure(case, first.get(case.query, ""), later)
        step("reading", len(cases), len(cases))
        router = float(np.mean([first.get(case.query) == case.gold for case in cases]))
        document = {"repository": str(repository), "model": model.name, "asked": len(cases), "router": router}
        return document | {"methods": bias_table(study.rows)}
    finally:
        model.close()


def first_routed(repository: Path, labels: Sequence[Label], cases: Sequence[ModelCase], step: Step) -> dict[str, str]:
    """Return for each query the memory of its prompt that the router ranked first at that time, if it found any."""
    wanted = {case.query: case for case in cases}
    chosen = [label for label in labels if label.query in wanted]
    questions = gather_cases(repository, chosen, step, encoder=configured_encoder(repository))
    model, first = default_editing_model(questions), dict[str, str]()
    for asked in questions:
        score = dict(zip(asked.shas, scores(asked, model).tolist(), strict=True))
        found = [memory for memory in wanted[asked.label.query].memories if memory in score]
        if found:
            first[asked.label.query] = max(found, key=lambda memory: score[memory])
    return first


def bias_table(rows: Mapping[str, AttentionRow]) -> dict[str, dict[str, Any]]:
    """Return for each method its likelihood, the change from no bias, and how often it cites the relevant memory.

    `change_moved` and `better` are of the `moved` cases only, those in which the method biased anything.
    """
    plain = np.array(rows[PLAIN].nll)
    found: dict[str, dict[str, Any]] = {}
    for name, row in rows.items():
        gain, moved = np.array(row.nll) - plain, np.array(row.moved)
        found[name] = {
            "nll": bootstrap_interval(row.nll),
            "change": bootstrap_interval(gain),
            "cited": bootstrap_interval(row.cited),
            "moved": int(moved.sum()),
            "change_moved": bootstrap_interval(gain[moved]) if moved.any() else None,
            "better": float((gain[moved] < 0).mean()) if moved.any() else None,
        }
    return found


def _learned(strength: float) -> str:
    return f"learned traces, b = {strength}"


def _shuffled(learned: Bias, memories: Sequence[str]) -> Bias:
    """Return the same traces on the next memories of the prompt: the same amount of bias, in the wrong place."""
    return {memories[(memories.index(memory) + 1) % len(memories)]: heads for memory, heads in learned.items()}
