"""The fit of informativeness: on messages of real repositories with labels of our own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from repositories import Repo, make_repository

from mom_lsp.evaluation import fit_informative
from mom_lsp.evaluation.fit_informative import (
    LEAST_MESSAGES,
    LEAST_REPOSITORIES,
    JudgedMessage,
    cross_validated,
    design,
    fitted,
    judged_messages,
    vocabulary,
)
from mom_lsp.extract.informative import CATEGORIES

LABELS = Path(__file__).parent.parent / "fixtures" / "labels" / "messages.jsonl"
TELLING = "Avoid a crash of part {} when the peer hangs\n\nIt answers late, since the queue is full.\n\nCloses #12"
DULL = "Update part {}"


def judged(*titles: tuple[str, float], repositories: int = LEAST_REPOSITORIES) -> list[JudgedMessage]:
    """Return each title a few times in each of some repositories, in all of them often enough to be known."""
    each = -(-LEAST_MESSAGES // LEAST_REPOSITORIES)
    return [
        JudgedMessage(f"ada/{at}", title, "", informative)
        for at in range(repositories)
        for title, informative in titles * each
    ]


def write_parts(repo: Repo, name: str) -> list[dict[str, object]]:
    """Commit telling and dull changes, and return their labels."""
    messages = [(text.format(n), label) for n in range(3) for text, label in ((TELLING, 2), (DULL, 0))]
    return [
        {"repo": name, "commit": repo.commit(message, {f"part{at}.py": f"x = {at}\n"}), "informative": label}
        for at, (message, label) in enumerate(messages)
    ]


def test_a_word_is_known_if_it_is_common_in_several_repositories() -> None:
    messages = judged(("avoid it", 1.0), ("update it", 0.0))
    assert {"title avoid", "first avoid", "title update", "first update", "title it"} == set(vocabulary(messages))
    assert vocabulary([one for one in messages * 2 if one.repository != "ada/0"]) == []
    rare = [one for one in messages if one.title == "avoid it"][: LEAST_MESSAGES - 1]
    assert len({one.repository for one in rare}) == LEAST_REPOSITORIES and vocabulary(rare) == []


def test_words_of_telling_messages_get_positive_weights() -> None:
    messages = judged(("avoid it", 1.0), ("update it", 0.0))
    words = vocabulary(messages)
    x = design(messages, words)
    assert x.shape == (len(messages), len(words) + 3)
    weight = dict(zip(words, fitted(x, messages).tolist(), strict=False))
    assert weight["title avoid"] > 0.5 and weight["title update"] < -0.5
    assert weight["title it"] == pytest.approx(0, abs=0.01)


def test_a_repository_is_judged_with_the_words_of_the_others() -> None:
    messages = judged(("avoid it", 1.0), ("update it", 0.0), repositories=LEAST_REPOSITORIES + 1)
    found, telling = cross_validated(messages), np.array([one.informative == 1 for one in messages])
    assert found[telling].min() > found[~telling].max()
    odd = [JudgedMessage("grace/odd", title, "", 1.0) for title in ("avoid it", "update it")]
    assert np.diff(cross_validated([*messages, *odd])[-2:])[0] < 0  # their own labels do not count


def test_the_fit_of_two_repositories_is_written_as_a_model(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_repository(tmp_path / "other")
    rows = [*write_parts(project, "ada/one"), *write_parts(other, "ada/two")]
    unknown = {"repo": "ada/one", "commit": "0" * 40, "informative": 2}
    labels, out = tmp_path / "labels.jsonl", tmp_path / "informative.json"
    labels.write_text("".join(json.dumps(row) + "\n" for row in [*rows, unknown]))
    (first, *_) = judged_messages(labels, {"ada/one": project.root})
    assert (first.repository, first.informative) == ("ada/one", 1.0)
    assert first.body == "It answers late, since the queue is full."  # as a memory has it
    assert len(judged_messages(labels, {"ada/one": project.root, "ada/two": other.root})) == len(rows)

    repositories = [f"--repo=ada/one={project.root}", f"--repo=ada/two={other.root}"]
    monkeypatch.setattr(sys, "argv", ["", str(labels), *repositories, "-o", str(out)])
    fit_informative.main()
    printed = capsys.readouterr().out
    for name, count in (("ada/one", 6), ("ada/two", 6), ("all", 12)):
        assert f"{name}: {count} messages, {count // 2} informative; AUC of words and lengths 1.000," in printed
    made = json.loads(out.read_text("utf-8"))
    assert made.keys() == {"words", "lengths", "intercept", "categories"}
    assert made["categories"].keys() == {*CATEGORIES, "intercept"}
    assert made["words"] == {}  # none is common enough
    assert len(made["lengths"]) == 2 and made["lengths"][0] > 0


def test_the_labels_contain_only_hashes_and_verdicts() -> None:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    assert all(row.keys() == {"repo", "commit", "informative"} and len(row["commit"]) == 40 for row in rows)
    assert {row["informative"] for row in rows} == {0, 1, 2}
    assert len({(row["repo"], row["commit"]) for row in rows}) == len(rows)
