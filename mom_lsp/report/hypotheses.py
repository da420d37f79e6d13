"""The seed's hypotheses on an internal language of motifs, each with a null model. Pure functions of arrays.

Source: persistent_traces_math, "Experimental Design for Emergent Language Analysis" and "Information-Theoretic Bounds";
motifs are the routes from a place to a memory that recur (`activations.py`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.report.activations import Activations, vocabulary
from mom_lsp.report.coding import code_lengths, word_bits
from mom_lsp.report.measures import entropy, information, mutual_information, shuffles, silhouette

SEED = 0
SURE = 0.05  # p below which a null model is rejected
CALLS = 0.8  # least P(i active | j active) for i to be above j (Sanderson and Croft 1999)
TOGETHER = 2  # sessions that two motifs share at least
MEANINGFUL = 0.5  # silhouette that the seed asks for
FEWEST = 8  # motifs for a test


@dataclass(frozen=True, slots=True)
class Finding:
    """One measurement beside what the null model gives."""

    hypothesis: str  # "H1"
    measure: str
    value: float
    null: tuple[float, float, float] | None = None  # mean, and the 2.5th and 97.5th percentile; None without one
    p: float | None = None  # share of the null model's draws that are as large
    expected: str = ""  # of the seed
    holds: bool | None = None  # None where nothing is claimed


@dataclass(frozen=True, slots=True)
class Pair:
    """Two memories that were needed together."""

    above: str  # needed in as many sessions or more
    below: str
    sessions: int
    bits: float  # mutual information


@dataclass(frozen=True, slots=True)
class Texts:
    """The titles of the memories that motifs lead to, and of others."""

    motifs: Mapping[str, str]  # by id
    others: Sequence[str] = ()


def findings(found: Activations, vectors: Mapping[str, np.ndarray], texts: Texts, draws: int = 200) -> list[Finding]:
    """Return all measurements; [] for too few motifs.

    Args:
        found: questions in order of time.
        vectors: (d,) unit vectors of questions, by their id, as far as they are known.
        texts: for the seed's compression ratio.
        draws: of each null model.
    """
    if len(found.motifs) < FEWEST:
        return []
    random = np.random.default_rng(SEED)
    measured = [
        *hierarchy(found, random, draws),
        *coherence(found, vectors, random, draws),
        *efficiency(found, texts, random, draws),
        *bounds(found, random, draws),
    ]
    return sorted(measured, key=lambda one: one.hypothesis)


def hierarchy(found: Activations, random: np.random.Generator, draws: int) -> list[Finding]:
    """H1 and H3: do motifs of different memories call each other, and combine, more than their frequencies imply?

    The null model shuffles which motifs are active in which session, but keeps how often each is, and how many each
    session has.
    """
    by_session, chosen = _by_session(found)
    measured = _structure(by_session, len(chosen))
    drawn = np.array([_structure(shuffled, len(chosen)) for shuffled in shuffles(by_session, random, draws)])
    names = (
        ("H1", "depth of the graph of motifs that call others", "deeper than chance"),
        ("H1", "branching: edges per motif", "more than chance"),
        ("H3", "pairs of motifs active together in two sessions or more", "more than chance"),
        ("H3", "their mutual information, bits in all", "more than chance"),
    )
    return [
        against(hypothesis, name, value, drawn[:, at], expected)
        for at, ((hypothesis, name, expected), value) in enumerate(zip(names, measured, strict=True))
    ]


def _by_session(found: Activations) -> tuple[list[frozenset[int]], list[int]]:
    """Return which of some motifs, one a memory, are active in each session, and these motifs."""
    active = found.matrix
    chosen = vocabulary(found.motifs, active.sum(0))
    count = int(found.sessions.max(initial=-1)) + 1
    per_session = [active[found.sessions == number][:, chosen].any(0) for number in range(count)]
    return [frozenset(np.flatnonzero(one).tolist()) for one in per_session], chosen


def _together(sessions: Sequence[frozenset[int]]) -> tuple[Counter[int], dict[tuple[int, int], int]]:
    """Return the number of sessions of each motif, and of each pair that shares enough, the more frequent one first."""
    count, shared = Counter[int](), Counter[tuple[int, int]]()
    for session in sessions:
        members = sorted(session)
        count.update(members)
        shared.update((i, j) for at, i in enumerate(members) for j in members[at + 1 :])
    often = {pair: n for pair, n in shared.items() if n >= TOGETHER}
    return count, {((i, j) if count[i] >= count[j] else (j, i)): n for (i, j), n in often.items()}


def _structure(sessions: Sequence[frozenset[int]], size: int) -> tuple[float, float, float, float]:
    """Return depth and branching of the graph of calls, and number and mutual information of the pairs."""
    count, together = _together(sessions)
    calls: dict[int, list[int]] = defaultdict(list)
    for (above, below), n in together.items():
        if count[above] > count[below] and n / count[below] >= CALLS:
            calls[above].append(below)
    depth: dict[int, int] = {}
    for node in sorted(range(size), key=lambda one: count[one]):  # those that are called are less frequent
        depth[node] = 1 + max((depth[below] for below in calls.get(node, ())), default=0)
    bits = sum(mutual_information(n, count[i], count[j], len(sessions)) for (i, j), n in together.items())
    return max(depth.values(), default=0), sum(map(len, calls.values())) / max(1, size), len(together), bits


def pairs(found: Activations) -> list[Pair]:
    """Return the memories that were needed together in several sessions, the most informative first."""
    sessions, chosen = _by_session(found)
    count, together = _together(sessions)
    memories = [found.motifs[at].memory for at in chosen]
    measured = [
        Pair(memories[i], memories[j], n, mutual_information(n, count[i], count[j], len(sessions)))
        for (i, j), n in together.items()
    ]
    return sorted(measured, key=lambda one: (-one.bits, one.above, one.below))


def coherence(
    found: Activations, vectors: Mapping[str, np.ndarray], random: np.random.Generator, draws: int
) -> list[Finding]:
    """H2: do motifs of one folder mean similar things? The null model gives the folders to motifs at random."""
    known = np.array([one.id in vectors for one in found.questions])
    chosen = [at for at in vocabulary(found.motifs, found.matrix.sum(0)) if (found.matrix[:, at] & known).any()]
    if len(chosen) < FEWEST:
        return []
    means = []
    for at in chosen:
        fired = np.flatnonzero(found.matrix[:, at] & known).tolist()
        means.append(np.mean([vectors[found.questions[number].id] for number in fired], axis=0))
    points = np.array(means, float)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    folders = np.array([found.motifs[at].place[1] for at in chosen])
    names, counts = np.unique(folders, return_counts=True)
    kept = np.isin(folders, names[counts > 1])  # a folder of one motif has no inside
    if len(np.unique(folders[kept])) < 2:
        return []
    distances, folders = 1.0 - points[kept] @ points[kept].T, folders[kept]
    drawn = np.array([silhouette(distances, random.permutation(folders)) for _ in range(draws)])
    value = silhouette(distances, folders)
    name = f"silhouette of {len(folders)} motifs by folder"
    return [
        against("H2", name, value, drawn, "more than chance"),
        Finding(
            "H2", f"{name}, against the theory's threshold", value, None, None, f"> {MEANINGFUL}", value > MEANINGFUL
        ),
    ]


def efficiency(found: Activations, texts: Texts, random: np.random.Generator, draws: int) -> list[Finding]:
    """H4: does a language of motifs take fewer bits to name what is needed?

    Each answer is coded by what came before it. The null model gives the places of the questions to them at random.
    The seed's compression ratio, the bits of a text's words by those of a name, is set beside that of other memories:
    a number names any memory as briefly.
    """
    bits = code_lengths(found.questions)
    order = (random.permutation(len(found.questions)).tolist() for _ in range(draws))
    places = [one.places for one in found.questions]
    drawn = np.array([code_lengths(found.questions, [places[at] for at in one])[2] for one in order])
    measured = [
        Finding("H4", "bits to name an answer, any memory alike", bits[0]),
        Finding("H4", "bits by what was needed before, anywhere", bits[1], None, None, "fewer", bits[1] < bits[0]),
        against("H4", "bits that the place saves beside that", bits[1] - bits[2], bits[1] - drawn, "more than chance"),
    ]
    mine = sorted({one.memory for one in found.motifs if one.memory in texts.motifs})
    if len(mine) < FEWEST or len(texts.others) < len(mine):
        return measured
    lengths = word_bits([*(texts.motifs[memory] for memory in mine), *texts.others])
    own, others = lengths[: len(mine)], lengths[len(mine) :]
    name = math.log2(len(mine))
    ratios = np.array([random.choice(others, len(mine), replace=False).mean() / name for _ in range(draws)])
    return [
        *measured,
        against(
            "H4", "bits of a title's words by those of a motif's name", own.mean() / name, ratios, "more than others"
        ),
    ]


def bounds(found: Activations, random: np.random.Generator, draws: int) -> list[Finding]:
    """Return the seed's information bounds, and what the place tells about the memory."""
    counts = found.matrix.sum(0).astype(float)
    size = len(counts)
    effective, most = entropy(counts), math.log2(size)
    zipf = entropy(1.0 / np.arange(1, size + 1))
    pairs = [(place[1], memory) for one in found.questions for place in one.places[:1] for memory in one.memories]
    folders, memories = (np.unique([pair[at] for pair in pairs], return_inverse=True)[1] for at in (0, 1))
    told = information(folders, memories)
    drawn = np.array([information(random.permutation(folders), memories) for _ in range(draws)])
    return [
        Finding("bounds", f"largest entropy of {size} motifs, log2, bits", most),
        Finding(
            "bounds", "their entropy, bits", effective, None, None, f"at most {most:.2f}", effective <= most + 1e-9
        ),
        Finding("bounds", "entropy of as many by Zipf's law, bits (the theory: about 10 for 500)", zipf),
        against("bounds", "what the folder tells about the memory, bits", told, drawn, "more than chance"),
    ]


def against(hypothesis: str, measure: str, value: float, drawn: np.ndarray, expected: str) -> Finding:
    """Return a finding that holds if few draws of the null model are as large."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    p = (1 + int((drawn >= value - 1e-12).sum())) / (1 + len(drawn))
    null = (float(drawn.mean()), float(low), float(high))
    return Finding(hypothesis, measure, float(value), null, p, expected, p < SURE)
