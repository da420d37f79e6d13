"""`mom eval --model`: whether an attention bias on the relevant memory makes the text that was written more likely.

Prequential: queries are in order of time, traces are learned from a query only after it was measured, and the strength
of the bias is the one that was best on the texts before. The router ranks as of the query's own time. The layers were
chosen on another project (choose_layers.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.evaluation.attention_cases import ModelCase, label_stream, make_cases
from mom_lsp.evaluation.attention_table import LEARNED, PLAIN, RULE, Reading, ReadText, document_of, line_of
from mom_lsp.evaluation.choose_layers import CONTEXT
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import STRENGTH, chosen_heads, spread
from mom_lsp.lm.child_messages import AttentionReading
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.lm.trace_learning import NUDGE, Accepted, observe
from mom_lsp.lm.traces import STRENGTHS, AttentionTraces, calibrated
from mom_lsp.memory import Bias
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import Label, load_labels, own_labels
from mom_lsp.tuning.rank import default_editing_model, scores

RULE_STRENGTHS = (NUDGE, STRENGTH)  # of the plain rule; the first is read anyway, to measure the importance
CITES = "\n\nThis follows from change ["  # read after the text; the next token is the citation's number


class AttentionStudy:
    """The measurements of one model on one stream of cases."""

    def __init__(self, model: Llama, heads: Sequence[tuple[int, int]]) -> None:
        self._model, self._heads = model, list(heads)
        self.traces = AttentionTraces(model.layers, model.heads)
        self._gains: dict[str, list[Mapping[float, float]]] = {RULE: [], LEARNED: []}

    def measure(self, case: ModelCase, first: str, later: Set[str], repository: str = "") -> ReadText:
        """Return how each method reads a case, then learn the traces of the memories that recur later."""
        reader = CaseReader(self._model, case)
        found = {PLAIN: reader.reading({})}
        found[f"oracle, chosen layers, b = {STRENGTH}"] = reader.reading({case.gold: spread(self._heads, STRENGTH)})
        rule: Callable[[float], Bias] = lambda b: {first: spread(self._heads, b)} if first else {}  # noqa: E731
        found |= self._calibrated(reader, RULE, rule, RULE_STRENGTHS, STRENGTH)
        learned: Callable[[float], Bias] = lambda b: self.traces.bias(case.cue, case.memories, b, first)  # noqa: E731
        found |= self._calibrated(reader, LEARNED, learned, STRENGTHS, STRENGTH)
        accepted = Accepted(case.cue, case.messages, case.text, first)
        again = [memory for memory in case.memories if memory in later or memory == first]
        self.traces.step(observe(reader, accepted, self._heads, reader.plain, gains={}, memories=again))
        return ReadText(repository, case.query, first == case.gold, found)

    def _calibrated(
        self, reader: CaseReader, name: str, bias: Callable[[float], Bias], tried: Sequence[float], before: float
    ) -> dict[str, Reading]:
        """Return the readings with every strength, and with the one that was best on the texts before."""
        by_strength = {b: reader.reading(bias(b)) for b in tried}
        best = calibrated(self._gains[name], before, tried)
        plain = reader.reading({})
        moved = any(one.moved for one in by_strength.values())
        self._gains[name].append({b: plain.nll - one.nll for b, one in by_strength.items()} if moved else {})
        named = {name.replace("calibrated", f"= {b}"): one for b, one in by_strength.items()}
        return named | {name: by_strength[best] if best else plain}


class CaseReader:
    """Reads the text of one case with any bias, each only once."""

    def __init__(self, model: Llama, case: ModelCase) -> None:
        self._model, self._case = model, case
        self._known: dict[str, AttentionReading] = {}
        self._numbers = [str(number) for number in range(1, len(case.memories) + 1)]
        self.plain = self._read({}, measured=True)

    def reading(self, bias: Bias) -> Reading:
        """Return the result of a method that biases the prompt like this."""
        found = self._read(bias)
        right = self._case.memories[int(np.argmax(found.choices))] == self._case.gold
        return Reading(float(found.nll.mean()), right, bool(bias))

    def read(self, *_: Any, bias: Bias | None = None, **__: Any) -> AttentionReading:
        """Read it as `observe` asks for; it asks for this case alone."""
        return self._read(bias or {})

    def _read(self, bias: Bias, *, measured: bool = False) -> AttentionReading:
        key, case = repr(sorted(bias.items())), self._case
        if key not in self._known:
            self._known[key] = self._model.read(
                case.messages, case.text, bias=bias, measured=measured, then=CITES, choices=self._numbers
            )
        return self._known[key]


def evaluate_model(
    repository: Path, file: Path | None, limit: int, setting: str, step: Step, out: Path | None = None
) -> dict[str, Any]:
    """Return the results of all methods, in the format of `mom eval --model --json`.

    Args:
        repository: an indexed clone.
        file: of labels; None for those of the history.
        limit: how many labels.
        setting: mom.model.path.
        step: called with the progress.
        out: where to write each text as soon as it was read, as JSON lines; None for nowhere.

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
    texts: list[ReadText] = []
    if out:
        out.write_text("", "utf-8")
    try:
        study = AttentionStudy(model, chosen_heads(model.name, model.layers, model.heads))
        for done, case in enumerate(cases):
            step("reading", done, len(cases))
            later = {memory for after in cases[done + 1 :] for memory in after.memories}
            texts.append(study.measure(case, first.get(case.query, ""), later, repository.resolve().name))
            if out:
                with out.open("a", encoding="utf-8") as lines:
                    lines.write(line_of(texts[-1], model.name))
        step("reading", len(cases), len(cases))
        return document_of(texts, model.name)
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
