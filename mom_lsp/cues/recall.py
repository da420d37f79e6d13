"""Free recall simulated with a drifting context, and the two curves that show how recall is organised.

Source of the curves: M. Kahana, Associative retrieval processes in free recall, 1996 (lag-CRP).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mom_lsp.cues.arrays import softmax, unit
from mom_lsp.cues.cue import Event
from mom_lsp.cues.temporal_context import ContextOptions, TemporalContext

OPTIONS = ContextOptions(drift=0.7, learned_in=0.45, learned_out=0.85)
SHARPNESS = 10.0  # of the choice among activations


def make_list(
    items: int, width: int, categories: int, likeness: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a list of items, (items, width) of length 1, and their categories, (items,), in random order.

    Two items have a cosine of `likeness` if they are of one category, and of 0 otherwise.
    """
    category = random.permutation(np.arange(items) % categories)
    directions = np.linalg.qr(random.standard_normal((width, categories + items)))[0].T
    vectors = np.sqrt(likeness) * directions[category] + np.sqrt(1 - likeness) * directions[categories:]
    return unit(vectors).astype(np.float32), category


def recall_list(
    items: np.ndarray, recalls: int, random: np.random.Generator, options: ContextOptions = OPTIONS
) -> list[int]:
    """Return the positions of the items in the order in which they are recalled after one study of the list.

    Recall starts from a random item's context, so that the end of the list has no advantage. No item is recalled twice.

    Args:
        items: (n, d) of length 1, in the order of study.
        recalls: how many to recall, at most n.
        random: chooses in proportion to exp(activation).
        options: of the context.
    """
    model = TemporalContext(items.shape[1], options)
    for item in items:
        model.observe(Event(item, item))
    order = [int(random.integers(len(items)))]
    while len(order) < recalls:
        model.experience(items[order[-1]])
        activation = SHARPNESS * model.activation(items)
        activation[order] = -np.inf
        order.append(int(random.choice(len(items), p=softmax(activation.astype(float)))))
    return order


def lag_crp(orders: Sequence[Sequence[int]], items: int, furthest: int) -> dict[int, float]:
    """Return the probability of a transition of each lag, given that it was possible, by lag (Kahana 1996)."""
    made, possible = np.zeros(2 * items - 1), np.zeros(2 * items - 1)
    for order in orders:
        left = set(range(items)) - {order[0]}
        for here, there in pairwise(order):
            for other in left:
                possible[other - here + items - 1] += 1
            made[there - here + items - 1] += 1
            left.discard(there)
    share = made / np.maximum(possible, 1)
    return {lag: float(share[lag + items - 1]) for lag in range(-furthest, furthest + 1) if lag}


def clustering(orders: Sequence[Sequence[int]], categories: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the share of transitions within a category, and the share expected by chance.

    Args:
        orders: of each list, the positions of the recalled items.
        categories: of each list, (n,) the category of each item.
    """
    within, chance = list[bool](), list[float]()
    for order, category in zip(orders, categories, strict=True):
        left = set(range(len(category))) - {order[0]}
        for here, there in pairwise(order):
            within.append(bool(category[here] == category[there]))
            chance.append(float(np.mean(category[list(left)] == category[here])))
            left.discard(there)
    return float(np.mean(within)), float(np.mean(chance))
