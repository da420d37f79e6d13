"""What an encoder is worth: labels and searches asked with it and without, on an index that stays as it is."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from memories import HashEncoder
from repositories import Repo, Start, add_followups

from mom_lsp.evaluation import encoder_choice, encoder_cost, fit_search, search_accuracy
from mom_lsp.evaluation.encoder_choice import USES, ask, rows_of, table
from mom_lsp.evaluation.log_grep import LogGrep
from mom_lsp.evaluation.other_vectors import open_encoded
from mom_lsp.route.features import FEATURES
from mom_lsp.store import Store, content_hash, embedding_text
from mom_lsp.tuning.labels import own_labels

SEARCHES = Path(__file__).parent.parent / "fixtures" / "labels" / "searches.jsonl"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(module: object, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["", *map(str, arguments)])
    monkeypatch.setattr(module, "choose", HashEncoder)
    module.main()  # type: ignore[attr-defined]


def test_vectors_that_an_index_lacks_are_kept_outside_of_it(project: Repo, moms: Start) -> None:
    add_followups(project, 3)
    moms(project).index()
    first, data = HashEncoder("first"), project.location.data
    contents, vectors = open_encoded(project.root, first, lambda *_: None)(data).vectors("first")
    texts = {content_hash(embedding_text(one)): embedding_text(one) for one in Store(data).get(_ids(data)).values()}
    assert texts.keys() == set(contents)
    assert vectors == pytest.approx(HashEncoder("first").encode([texts[one] for one in contents]), abs=1e-3)
    again, other = HashEncoder("first"), HashEncoder("other")
    open_encoded(project.root, again, lambda *_: None)
    assert again.texts == [] and len(first.texts) == len(contents)
    unlike = open_encoded(project.root, other, lambda *_: None)(data).vectors("other")[1]
    assert not np.allclose(unlike, vectors, atol=0.1)
    assert [Store(data).vectors(one)[0] for one in ("first", "other")] == [[], []]


def _ids(data: Path) -> list[str]:
    return [str(one) for one in Store(data).columns(["id"])["id"].to_pylist()]


def test_each_encoder_is_asked_the_same_labels(project: Repo, moms: Start) -> None:
    add_followups(project, 24)
    moms(project).index()
    labels, clone = own_labels(project.root), str(project.root)
    asked = {
        name: {
            clone: ask(project.root, labels, "intent", encoder),
            "twin": ask(project.root, labels, "intent", encoder),
        }
        for name, encoder in {"none": None, "hash": HashEncoder()}.items()
    }
    queries = {name: [case.label.query for case in cases[clone]] for name, cases in asked.items()}
    assert queries["none"] == queries["hash"] == [label.query for label in labels]
    assert not any(case.features["cosine"].any() for case in asked["none"][clone])
    assert all(case.features["cosine"].any() for case in asked["hash"][clone])
    rows = rows_of(asked, "intent")
    assert [(row.use, row.encoder) for row in rows[:4]] == [
        ("suggest --intent, no line", name) for name in ("none", "hash")
    ] * 2
    assert all(row.own is not None and row.own.shape == row.shipped.shape == (24, 2) for row in rows)
    head, _, *lines = table(rows).splitlines()
    assert len(lines) == 8 and all(line.count("|") == head.count("|") for line in lines)
    none, found = (np.array(row.own)[:, 0] for row in rows[:2])
    assert f"{(found - none).mean():+.3f}".replace("0.", ".") in lines[1]


def test_the_table_is_printed(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add_followups(project, 4)
    moms(project).index()
    labels = tmp_path / "labels.jsonl"
    rows = [{"query": label.query, "gold": label.gold} for label in own_labels(project.root)]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(encoder_choice, monkeypatch, f"{project.root}={labels}", "--model", "one", "--model", "two")
    lines = capsys.readouterr().out.splitlines()[2:]
    uses = [(line.split(" | ")[0][2:], line.split(" | ")[3]) for line in lines]
    assert uses == [(use.name, name) for form in USES.values() for use in form for name in ("none", "one", "two")]


def test_searches_count_what_a_reader_accepts(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zebra = project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    horse = project.commit("Add horses and a zebra\n\nBecause they were missing.", {"horse.py": "h = 1\n"})
    moms(project).index()
    searches = tmp_path / "searches.jsonl"
    rows = [
        {"repo": "a/zoo", "question": "zebras", "useful": [zebra], "read": []},
        {"repo": "a/zoo", "question": "horses", "useful": ["docs/horse.md"], "read": [horse]},
        {"repo": "another/one", "question": "horses", "useful": [horse], "read": []},
    ]
    searches.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(search_accuracy, monkeypatch, searches, "--repo", f"a/zoo={project.root}", "--show", "3")
    lines = capsys.readouterr().out.splitlines()
    for name in ("git log --grep", "none"):
        (found,) = (line for line in lines if line.startswith(f"{name}: "))
        assert found.startswith(f"{name}: 2 searches; Hit@1 0.500 [0.000, 1.000], Hit@3 0.500 ")
        assert "MRR 0.500" in found
    assert not any(horse in line for line in lines if "'horses'" in line)  # it was read


def test_git_searches_the_rarest_words_that_a_commit_has_together() -> None:
    log = LogGrep([("c", "add horses and zebras"), ("b", "add zebras"), ("a", "add horses, and feed the zebras")])
    assert log.found("horses or zebras?") == ["c", "a"]
    assert log.found("feed the unicorns") == ["a"]
    assert log.found("unicorns") == []


def test_the_searches_have_full_hashes_or_paths() -> None:
    rows = [json.loads(line) for line in SEARCHES.read_text("utf-8").splitlines()]
    assert len(rows) == len({row["question"] for row in rows}) == 90
    assert {key for row in rows for key in row} == {"repo", "question", "useful", "read"}
    for row in rows:
        assert row["useful"] and not set(row["useful"]) & set(row["read"])
        assert all(len(one) == 40 or "." in one for one in row["useful"] + row["read"])


def test_an_encoder_costs_what_only_it_needs(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_followups(project, 2)
    moms(project).index()
    monkeypatch.setattr(encoder_cost, "ROUNDS", 1)
    monkeypatch.setattr(sys, "argv", ["", str(project.root), "--texts", "4"])
    encoder_cost.main()
    numbers = re.findall(r"[\d.]+", capsys.readouterr().out)
    disk, load, speed, resident, peak = map(float, numbers)
    assert disk > 21 and load > 0 and speed > 0 and peak >= resident > 0  # the weights alone have 21 MB


def zoo(question: str, useful: list[str], repository: str = "a/zoo") -> str:
    return json.dumps({"repo": repository, "question": question, "useful": useful, "read": []}) + "\n"


def test_weights_of_searches_are_fitted_on_questions_and_saved_beside_the_others(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each animal is named once in a title, the answer, and often in the text of the next commit."""
    animals = ["zebra", "horse", "camel", "otter", "tapir", "lemur"]
    commits = []
    for at, animal in enumerate(animals):
        other = animals[at - 1]
        message = (
            f"Feed the {animal}\n\nBecause it is hungry, and the keeper of the {other} wants it fed at noon as well."
        )
        commits.append(project.commit(message, {f"{at}.py": f"x = {at}\n"}))
    moms(project).index()
    questions = [
        zoo(animal, [sha], f"a/zoo{at % 2}") for at, (animal, sha) in enumerate(zip(animals, commits, strict=True))
    ]
    searches, weights = tmp_path / "searches.jsonl", tmp_path / "weights.json"
    searches.write_text("".join(questions) + zoo("unicorn", ["docs/unicorn.md"], "a/zoo0") + zoo("cow", [], "b/farm"))
    weights.write_text('{"hints": {"kept": 1}, "search": {}}\n')
    clones = [f"--repo=a/zoo{at}={project.root}" for at in (0, 1)]
    run(fit_search, monkeypatch, searches, *clones, "-o", weights)
    *metrics, printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in metrics] == [", ".join(fit_search.SEARCH), ", ".join(fit_search.WORDS)]
    assert all("7 questions; Hit@1 " in line and " Hit@3 0.857 Hit@10 0.857 MRR " in line for line in metrics)
    saved = json.loads(weights.read_text())
    assert saved == {"hints": {"kept": 1}, "search": json.loads(printed)}
    assert saved["search"]["weights"]["bm25"] > 0


def case(repository: str, sign: float) -> fit_search.Candidates:
    """Return five candidates; the one with the best words is the answer if the sign is positive, else the worst."""
    signal = np.arange(5.0)
    features = {name: sign * signal if name == "bm25" else np.zeros(5) for name in FEATURES}
    return fit_search.Candidates(repository, np.arange(5), features, signal == 4)


def test_a_repository_is_measured_with_weights_fitted_on_the_others() -> None:
    alike = [case(name, 1.0) for name in ("a", "b", "c")]
    assert fit_search.cross_validated(alike, fit_search.WORDS) == "Hit@1 1.000 Hit@3 1.000 Hit@10 1.000 MRR 1.000"
    unlike = [case("a", 1.0), case("b", -1.0)]
    assert fit_search.cross_validated(unlike, fit_search.WORDS) == "Hit@1 0.000 Hit@3 0.000 Hit@10 1.000 MRR 0.200"
