"""The seed's hypotheses on motifs, in short, for a report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mom_lsp.report.activations import Activations
from mom_lsp.report.exhibit import Exhibit, Table
from mom_lsp.report.facts import Facts
from mom_lsp.report.hypotheses import Finding, Texts, findings
from mom_lsp.report.meaning_map import vectors_of

DRAWS = 50  # of each null model; python -m mom_lsp.evaluation.hypotheses takes more
OTHERS = 600  # memories that motifs are compared with
TITLE = "Is there a language of motifs?"
VERDICTS = {True: "yes", False: "no", None: ""}
COLUMNS = ("measured", "value", "by chance", "95% of chance", "p", "expected", "holds")


def language(facts: Facts) -> Exhibit:
    """Return what the hypotheses H1 to H4 and the information bounds come to in this repository."""
    found = facts.history
    catalog = facts.state.snapshot.catalog
    known = vectors_of(facts, [catalog.row_of[one.id] for one in found.questions])
    vectors = {catalog.ids[row]: vector for row, vector in known.items()}
    measured = measure(facts, found, vectors, DRAWS)
    if not measured:
        return Exhibit(
            "language",
            TITLE,
            "Too few commits here name earlier ones twice at a place. With more, this tests whether what is needed"
            " together forms a hierarchy, clusters by meaning, combines, and takes fewer bits to name than chance"
            " would.",
        )
    text = (
        f"Four hypotheses, tested on {len(found.motifs)} motifs (routes from a place to a memory that recur in the"
        f" {len(found.questions):,} newest commits that name earlier ones) against a null model. H1: motifs call"
        " each other. H2: those of a folder mean similar things. H3: they combine. H4: they save bits."
    )
    return Exhibit("language", TITLE, text, Table.of(COLUMNS, [row(one) for one in measured]), open=True)


def measure(facts: Facts, found: Activations, vectors: Mapping[str, np.ndarray], draws: int) -> list[Finding]:
    """Return the measurements on some activations; for `vectors` and `draws` see `findings`."""
    ids = facts.state.snapshot.catalog.ids
    motifs = facts.state.get(list({one.memory for one in found.motifs}))
    others = facts.state.get([ids[row] for row in facts.sample(facts.rows, OTHERS).tolist()])
    texts = Texts({i: one.title for i, one in motifs.items()}, [m.title for i, m in others.items() if i not in motifs])
    return findings(found, vectors, texts, draws)


def row(one: Finding) -> tuple[str, ...]:
    """Return a finding as the row of a table."""
    null = (f"{one.null[0]:.2f}", f"{one.null[1]:.2f} to {one.null[2]:.2f}") if one.null else ("", "")
    p = "" if one.p is None else f"{one.p:.3f}"
    return (f"{one.hypothesis}: {one.measure}", f"{one.value:.2f}", *null, p, one.expected, VERDICTS[one.holds])
