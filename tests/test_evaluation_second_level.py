"""Sub-domains: every vector is in one, and a question opens the nearest up to its budget, inside opened domains."""

from __future__ import annotations

import numpy as np
import pytest

from mom_lsp.cues.arrays import unit
from mom_lsp.evaluation.second_level import divided
from mom_lsp.route.gate import Domains


def test_a_question_opens_the_nearest_sub_domains_of_the_opened_domains() -> None:
    random = np.random.default_rng(0)
    towards = np.eye(4, 16, dtype=np.float32)
    exact = unit(np.repeat(towards, 100, axis=0) + 0.1 * random.standard_normal((400, 16)).astype(np.float32))
    domains = Domains(np.repeat(np.arange(4), 100), ("",) * 4, towards, np.arange(5) * 100)
    levels, order = divided(domains, exact)
    assert sorted(order.tolist()) == list(range(400)) and (order // 100 == np.arange(400) // 100).all()
    assert len(levels.centers) == 40 and levels.starts[-1] == 400
    ranges, compared = levels.opened(domains, exact[250], share=0.7, most=30)
    opened = np.concatenate([order[first:end] for first, end in ranges])
    assert (opened // 100 == 2).all() and compared == 4 + 10
    largest = int(np.diff(levels.starts).max())
    assert 30 <= len(opened) <= 30 + largest
    left = np.setdiff1d(np.arange(200, 300), opened)
    assert (exact[opened] @ exact[250]).mean() > (exact[left] @ exact[250]).mean()
    everything, _ = levels.opened(domains, exact[250], share=1.0, most=1e9)
    assert sum(end - first for first, end in everything) == pytest.approx(400)
