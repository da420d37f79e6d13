"""What a model makes of sentences: the texts that it reads, the tables, and runs with a real model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from llama_models import needs_model
from repositories import Repo, Start

from mom_lsp.evaluation import model_reading
from mom_lsp.evaluation.fit_usefulness import JudgedPair
from mom_lsp.evaluation.model_reading import (
    Features,
    SentenceReader,
    changed_lines,
    difference,
    drawn,
    pair_table,
    prompt,
    reason_table,
    said,
    shown_lines,
    with_weight,
)
from mom_lsp.git import Repository, locate
from mom_lsp.lm import gguf
from mom_lsp.lm.runtime import Limits, Llama

MESSAGE = "Limit retries\n\nIt is a round number. The server bans a client after 50 attempts."
BEFORE, AFTER = "a = 1\nb = 2\nc = 3\nd = 4\n", "a = 1\nb = 2\nRETRIES = 42\nd = 4\n"


@pytest.fixture
def reason(project: Repo) -> str:
    """Make the commit that wrote line 3, beside longer documentation, and return its hash."""
    project.commit("Begin", {"net.py": BEFORE})
    return project.commit(MESSAGE, {"net.py": AFTER, "CHANGELOG.md": "Retries\n\n- one\n- two\n"})


def make_features(informed: bool) -> Features:
    """Make pairs of four repositories, of which usefulness knows nothing and the gain everything, or nothing."""
    draw = np.random.default_rng(0)
    useful = draw.random(200) < 0.3
    noise = draw.normal(size=(3, 200))
    gain = useful + 0.1 * noise[0] if informed else noise[0]
    return Features(useful, np.array(list("abcd") * 50), noise[1], gain, noise[2])


def test_only_memories_that_wrote_the_line_are_drawn_and_always_the_same() -> None:
    pairs = [JudgedPair("a", ("b.py", n), "UU", {"wrote": float(n % 2)}) for n in range(40)]
    chosen = drawn(pairs, 10, 1)
    assert len(chosen) == 10 and chosen == drawn(pairs, 10, 1) != drawn(pairs, 10, 2)
    assert all(at % 2 for at in chosen)
    assert set(chosen) <= set(drawn(pairs, 15, 1)), "a smaller sample is part of a larger one"


def test_the_line_is_read_between_its_neighbours(project: Repo, reason: str) -> None:
    repository = Repository(locate(project.root))
    pair = JudgedPair("a", ("net.py", 3), "UU", {}, 0.0, reason, project.head)
    assert shown_lines(repository, pair) == "b = 2\nRETRIES = 42\nd = 4"
    (commit,) = repository.messages([reason])
    assert said(commit, "x = 1") == "Limit retries. It is a round number."
    assert said(commit, "client.attempts = 1") == "Limit retries. The server bans a client after 50 attempts."


def test_the_largest_change_of_code_is_read(project: Repo, reason: str) -> None:
    (commit,) = Repository(locate(project.root)).commits([reason])
    assert changed_lines(commit) == ("net.py", "RETRIES = 42")


def test_a_sentence_cannot_end_its_quote() -> None:
    (part,) = [part for message in prompt("a.py", "x >>> [1] y") for part in message.parts if part.memory]
    assert part.text.count(">>>") == 1
    assert all(part.memory is None for message in prompt("a.py", "") for part in message.parts)


def test_a_feature_that_knows_wins_outside_the_interval_and_noise_does_not() -> None:
    for informed in (True, False):
        found = make_features(informed)
        more, low, high = difference(with_weight(found), with_weight(found, found.gain), found.useful)
        assert low <= more <= high
        assert (low > 0.2) == informed
    (head, gain, attention) = pair_table(make_features(True))
    assert head.startswith("200 pairs of 4 repositories")
    assert gain.startswith("  gain: AUC alone 1.000") and attention.startswith("  attention: AUC alone 0.")


def test_a_weight_is_never_fitted_on_the_repository_that_it_is_used_in() -> None:
    found = make_features(True)
    turned = np.where(found.repository == "a", -found.gain, found.gain)
    here = found.repository == "a"
    result = with_weight(found, turned)
    assert result[here & found.useful].mean() < result[here & ~found.useful].mean(), "there it misleads, unnoticed"


def test_a_choice_of_sentences_is_compared_with_the_present_rule() -> None:
    hits = {"first informative": np.array([1.0, 0.0, 1.0, 1.0]), "highest likelihood": np.zeros(4)}
    assert reason_table(hits) == [
        "4 messages:",
        "  first informative: 75.0%, +0.0% [+0.0%, +0.0%]",
        "  highest likelihood: 0.0%, -75.0% [-100.0%, -25.0%]",
    ]


# With a real model


@pytest.fixture(scope="module")
def model() -> Iterator[Llama]:
    found = Llama(gguf.checked(gguf.find_model("")), Limits(512, threads=1))
    yield found
    found.close()


@pytest.mark.slow
@needs_model
def test_a_sentence_that_names_the_code_makes_it_likelier_and_a_bias_draws_attention_to_it(model: Llama) -> None:
    code, about, other = "RETRIES = 42", "The constant RETRIES is 42.", "The window has a new icon."
    reader, biased = SentenceReader(model), SentenceReader(model, biased=True)
    near, far = reader.read("net.py", code, about), reader.read("net.py", code, other)
    assert near.likelihood > max(far.likelihood, reader.alone("net.py", code))
    assert 0 < near.attention < biased.read("net.py", code, about).attention < 1
    assert len(reader.seconds) == 2 and min(reader.seconds) > 0


@pytest.mark.slow
@needs_model
def test_both_tables_are_printed(
    project: Repo,
    reason: str,
    moms: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moms(project).index()
    first = project.git("rev-list", "--reverse", "HEAD").split()[-2]
    place = {"rev": project.head, "path": "net.py", "verdicts": "UU"}
    lines = [place | {"line": 3, "commit": reason}, place | {"line": 1, "commit": first}]
    judged = [line | {"repo": name} for name in ("a/b", "c/d") for line in lines]
    rows = {"useful": judged, "reasons": [{"project": "b", "commit": reason, "reasons": [1]}]}
    clones = {"useful": [f"{name}={project.root}" for name in ("a/b", "c/d")], "reasons": [str(project.root)]}
    for question, shown in (("useful", "4 pairs of 2 repositories, 4 useful"), ("reasons", "1 messages:")):
        labels = tmp_path / f"{question}.jsonl"
        labels.write_text("".join(json.dumps(row) + "\n" for row in rows[question]))
        monkeypatch.setattr(sys, "argv", ["model_reading", question, str(labels), *clones[question]])
        model_reading.main()
        printed = capsys.readouterr().out
        assert printed.startswith("SmolLM2") and "ms of processor time per sentence" in printed
        assert shown in printed
