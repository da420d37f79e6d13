"""Two small maximum-likelihood fits by Newton's method: a conditional logit, and a calibration of scores to chances.

Both losses are convex and have few parameters, so that some ten exact steps find the minimum to machine precision.
Source: D. McFadden, Conditional logit analysis of qualitative choice behavior, 1974; J. Platt, Probabilistic outputs
for support vector machines, 1999.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 100  # Newton takes about ten, and more only where a penalty alone bounds the weights
FLAT = 1e-10  # the largest slope at which a loss counts as minimal
HALVINGS = 40  # of a step that overshoots

Point = tuple[float, np.ndarray, np.ndarray]  # loss, slope (f,), curvature (f, f)


def conditional_logit(
    x: np.ndarray, right: np.ndarray, sizes: np.ndarray, *, start: np.ndarray, penalty: float
) -> np.ndarray:
    """Return the weights (f,) that make the right candidate of each query likeliest among those of its query.

    Args:
        x: (m, f) features of the candidates, query after query.
        right: (m,) whether a candidate is right; each query has at least one, and all its right ones weigh the same.
        sizes: (q,) how many candidates each query has, at least one.
        start: (f,) weights to depart from.
        penalty: on the squared distance from `start`, beside the mean negative log-likelihood of a query; above 0.
    """
    starts, query = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    target = right / np.add.reduceat(right.astype(float), starts)[query]

    def at(weights: np.ndarray) -> Point:
        score = x @ weights
        score -= np.maximum.reduceat(score, starts)[query]
        total = np.add.reduceat(np.exp(score), starts)
        chance = np.exp(score) / total[query]
        away = weights - start
        loss = (np.log(total).sum() - target @ score) / len(sizes) + penalty * (away @ away)
        slope = x.T @ (chance - target) / len(sizes) + 2 * penalty * away
        weighted = x * chance[:, None]
        means = np.add.reduceat(weighted, starts)  # (q, f)
        curvature = (x.T @ weighted - means.T @ means) / len(sizes) + 2 * penalty * np.eye(len(start))
        return float(loss), slope, curvature

    return minimum(at, start)


def calibration(scores: np.ndarray, right: np.ndarray, *, penalty: float = 1e-6) -> tuple[float, float]:
    """Return slope and intercept that make scores log-odds of being right.

    Args:
        scores: (m,) of candidates.
        right: (m,) whether each is right; both occur.
        penalty: on half the squared slope, beside the summed negative log-likelihood: it bounds the slope where some
            score tells all right ones from all wrong ones.
    """
    x = np.column_stack([scores, np.ones(len(scores))])
    bound = np.array([penalty, 0.0])

    def at(line: np.ndarray) -> Point:
        odds = x @ line
        chance = 0.5 * (1 + np.tanh(0.5 * odds))  # the logistic function, which does not overflow like this
        loss = np.logaddexp(0, odds).sum() - odds @ right + 0.5 * bound @ line**2
        slope = x.T @ (chance - right) + bound * line
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + np.diag(bound)
        return float(loss), slope, curvature

    slope, intercept = minimum(at, np.zeros(2)).tolist()
    return slope, intercept


def minimum(at: Callable[[np.ndarray], Point], start: np.ndarray) -> np.ndarray:
    """Return where a convex loss is minimal, (f,): Newton's steps, each halved until the loss falls enough.

    Args:
        at: the loss at a place, with its slope and curvature.
        start: (f,) where to begin.
    """
    here, (loss, slope, curvature) = np.asarray(start, float), at(np.asarray(start, float))
    for _ in range(STEPS):
        if np.abs(slope).max() < FLAT:
            break
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        falls = slope @ step  # by how much a step would lower the loss if its slope stayed
        for _ in range(HALVINGS):
            found = at(here - step)
            if found[0] <= loss - 1e-4 * falls:
                break
            step, falls = step / 2, falls / 2
        else:
            break  # no step lowers the loss any more: it is minimal as far as floats can tell
        here, (loss, slope, curvature) = here - step, found
    return here
