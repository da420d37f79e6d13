"""The fit of usefulness: on a real repository with verdicts of our own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from repositories import Repo, Start, copy_of, indexed_fixtures

from mom_lsp.evaluation import fit_usefulness
from mom_lsp.evaluation.fit_usefulness import JudgedPair, cross_validated, fitted, judged_pairs, outcome
from mom_lsp.evaluation.verdicts import agreement
from mom_lsp.route.usefulness import ABOUT, WORTH, Usefulness

LABELS = Path(__file__).parent.parent / "fixtures" / "labels" / "usefulness.jsonl"
TELLING = "Avoid a crash of part {} when the peer hangs\n\nIt answers late, since the queue is full."
DULL = "Add a limit to part {}"
PATH, PARTS = "src/parts.py", 6


def code(limits: Sequence[int]) -> str:
    """Return functions far from each other, with one number in each."""
    return "\n".join(
        f"def part_{n}(peer):\n    return peer.ask({limit})\n" + "\n" * 20 for n, limit in enumerate(limits)
    )


def write_parts(project: Repo) -> None:
    limits = [0] * PARTS
    project.commit("Add the parts of the machine", {PATH: code(limits)})
    for n in range(PARTS):
        limits[n] = 100 + n
        project.commit((DULL if n % 2 else TELLING).format(n), {PATH: code(limits)})


def labelled(repo: Repo, name: str) -> list[dict[str, object]]:
    """Judge what wrote each line, and a change elsewhere."""
    commits = repo.git("rev-list", "--reverse", "HEAD").split()[1:]
    lines = [n for n, line in enumerate((repo.root / PATH).read_text().splitlines(), 1) if "ask" in line]
    place = {"repo": name, "rev": repo.head, "path": PATH}
    wrote = [(line, commits[n], "DD" if n % 2 else "UU") for n, line in enumerate(lines)]
    other = [(line, commits[(n + 3) % PARTS], "II") for n, line in enumerate(lines)]
    return [place | {"line": line, "commit": sha, "verdicts": said} for line, sha, said in (*wrote, *other)]


template, project, _ = indexed_fixtures(write_parts)


def pair(verdicts: str, line: int = 1, score: float = 0.0, repository: str = "ada/one", **facts: float) -> JudgedPair:
    features = dict.fromkeys((*ABOUT, *WORTH), 0.0) | facts
    return JudgedPair(repository, (PATH, line), verdicts, features, score)


def written(probabilities: list[float]) -> Usefulness:
    """Return the usefulness of memories that wrote a line."""
    return Usefulness(np.array(probabilities), np.ones(len(probabilities)), np.ones(len(probabilities), bool))


def test_what_a_pair_is_follows_from_both_verdicts() -> None:
    assert [pair(v).useful for v in ("UU", "UD", "DD", "UI")] == [1.0, 0.5, 0.0, 0.5]
    assert [pair(v).about for v in ("UU", "DI", "II", "DD")] == [1.0, 0.5, 0.0, 1.0]


def test_readers_who_agree_by_chance_have_a_kappa_of_zero() -> None:
    assert agreement(["UU", "DD", "II"]) == (1.0, pytest.approx(1.0))
    assert agreement(["UU", "UD", "DU", "DD"]) == (0.5, pytest.approx(0.0))


def test_a_fact_that_speaks_against_a_memory_has_no_weight() -> None:
    pairs = [pair("UU", wrote=1.0, informative=2.0, surprise=-1.0)] * 5 + [
        pair("DD", wrote=1.0, informative=-2.0, surprise=1.0),
        pair("II", informative=2.0),
    ] * 5
    models = fitted(pairs)
    assert models.about.weights["wrote"] > 0 and models.worth.weights["informative"] > 0
    assert "surprise" not in models.worth.weights
    assert all(weight >= 0 for model in (models.about, models.worth) for weight in model.weights.values())
    useful, dull, irrelevant = models.usefulness([pairs[0], pairs[5], pairs[6]]).probability.tolist()
    assert useful > 0.5 > max(dull, irrelevant)


def test_a_threshold_shows_the_best_three_of_a_line_by_their_score() -> None:
    pairs = [pair(v, line=1, score=s) for v, s in (("DD", 4.0), ("II", 3.0), ("DD", 2.0), ("UU", 1.0))]
    pairs += [pair("UU", line=2), pair("II", line=3)]
    certain = outcome(pairs, written([0.9, 0.1, 0.9, 0.9, 0.9, 0.9]), 0.5)
    assert (certain.lines, certain.answered, certain.first) == (3, 3, ["DD", "UU", "II"])
    assert (certain.known, certain.found) == (2, 2)
    assert str(certain) == ("answered 3 of 3 lines, first useful 33%, irrelevant 33%; useful memory shown 2 of 2")
    everything = outcome(pairs, written([1.0] * 6), 0.5)
    assert everything.found == 1  # the useful memory of the first line is the fourth
    nothing = outcome(pairs, written([0.0] * 6), 0.5)
    assert (nothing.answered, nothing.first, nothing.known, nothing.found) == (0, [], 2, 0)


def test_a_repository_is_judged_by_the_models_of_the_others() -> None:
    pairs = [pair(v, repository=name, wrote=float(v != "II")) for name in ("a", "b", "c") for v in ("UU", "DD", "II")]
    before = cross_validated(pairs).probability[:3]
    other = [replace(one, verdicts="II") if one.repository == "a" else one for one in pairs]
    assert cross_validated(other).probability[:3] == pytest.approx(before)
    assert cross_validated(other).probability[3:] != pytest.approx(cross_validated(pairs).probability[3:])


def test_the_pairs_of_an_indexed_clone_have_the_facts_of_the_product(project: Repo, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    rows = labelled(project, "ada/one")
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    pairs = judged_pairs(labels, {"ada/one": project.root})
    assert sorted(one.verdicts for one in pairs) == sorted(str(row["verdicts"]) for row in rows)
    assert {(one.verdicts != "II", one.features["wrote"]) for one in pairs} == {(True, 1.0), (False, 0.0)}
    informative = {v: [one.features["informative"] for one in pairs if one.verdicts == v] for v in ("UU", "DD")}
    assert min(informative["UU"]) > max(informative["DD"])
    lines = {one.line for one in pairs}
    assert all(max((one.score, one.verdicts) for one in pairs if one.line == line)[1] != "II" for line in lines)


def test_the_fit_of_two_repositories_is_written_as_models(
    project: Repo,
    template: Repo,
    moms: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = copy_of(template, tmp_path / "other")
    rows = [*labelled(project, "ada/one"), *labelled(other, "ada/two")]
    labels, out, curve = tmp_path / "labels.jsonl", tmp_path / "usefulness.json", tmp_path / "calibration.svg"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    repositories = [f"--repo=ada/one={project.root}", f"--repo=ada/two={other.root}"]
    monkeypatch.setattr(sys, "argv", ["", str(labels), *repositories, "--curve", str(curve), "-o", str(out)])
    fit_usefulness.main()
    printed = capsys.readouterr().out
    assert (
        f"{4 * PARTS} pairs, {PARTS} useful, {2 * PARTS} irrelevant; the readers agree on 100.0%, kappa 1.00" in printed
    )
    assert "AUC of usefulness: 1.000; of pairs about the line 1.000" in printed
    assert (
        f"usefulness >= 0.40: answered {PARTS} of {2 * PARTS} lines, first useful 100%, irrelevant 0%;"
        f" useful memory shown {PARTS} of {PARTS}"
    ) in printed
    made = json.loads(out.read_text("utf-8"))
    assert made["about"]["weights"].keys() <= set(ABOUT) and made["worth"]["weights"].keys() <= set(WORTH)
    assert made["about"]["weights"]["wrote"] > 0 and made["worth"]["weights"]["informative"] > 0
    assert curve.read_text("utf-8").count("<circle") >= 2


def test_the_labels_contain_only_hashes_lines_and_verdicts() -> None:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    assert all(row.keys() == {"repo", "rev", "path", "line", "commit", "verdicts"} for row in rows)
    assert all(len(row["rev"]) == len(row["commit"]) == 40 and row["line"] >= 1 for row in rows)
    assert all(len(row["verdicts"]) == 2 and set(row["verdicts"]) <= set("UDI") for row in rows)
    assert len({(row["repo"], row["path"], row["line"], row["commit"]) for row in rows}) == len(rows)
    assert len({(row["repo"], row["rev"]) for row in rows}) == len({row["repo"] for row in rows})
