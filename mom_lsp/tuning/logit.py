"""Maximum-likelihood fits by Newton's method: conditional logit, logit, and calibration of scores to probabilities.

Both losses are convex and have few parameters, so about ten exact steps find the minimum to machine precision.
Source: D. McFadden, Conditional logit analysis of qualitative choice behavior, 1974; J. Platt, Probabilistic outputs
for support vector machines, 1999.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 100  # Newton takes about ten, and more only where a penalty alone bounds the weights
FLAT = 1e-10  # the largest gradient at which a loss counts as minimal
HALVINGS = 40  # of a step that overshoots

Point = tuple[float, np.ndarray, np.ndarray]  # loss, gradient (f,), Hessian (f, f)


def conditional_logit(
    x: np.ndarray, correct: np.ndarray, sizes: np.ndarray, *, start: np.ndarray, penalty: float
) -> np.ndarray:
    """Return the weights (f,) that make the correct candidate of each query most likely among its candidates.

    Args:
        x: (m, f) features of the candidates, query after query.
        correct: (m,) whether a candidate is correct; each query has at least one, and all of them weigh the same.
        sizes: (q,) number of candidates of each query, at least one.
        start: (f,) weights to start from.
        penalty: on the squared distance from `start`, beside the mean negative log-likelihood of a query; above 0.
    """
    starts, query = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    target = correct / np.add.reduceat(correct.astype(float), starts)[query]

    def at(weights: np.ndarray) -> Point:
        score = x @ weights
        score -= np.maximum.reduceat(score, starts)[query]
        total = np.add.reduceat(np.exp(score), starts)
        probability = np.exp(score) / total[query]
        away = weights - start
        loss = (np.log(total).sum() - target @ score) / len(sizes) + penalty * (away @ away)
        gradient = x.T @ (probability - target) / len(sizes) + 2 * penalty * away
        weighted = x * probability[:, None]
        means = np.add.reduceat(weighted, starts)  # (q, f)
        hessian = (x.T @ weighted - means.T @ means) / len(sizes) + 2 * penalty * np.eye(len(start))
        return float(loss), gradient, hessian

    return minimum(at, start)


def logit(x: np.ndarray, target: np.ndarray, *, penalty: np.ndarray) -> np.ndarray:
    """Return the weights (f,) that make some outcomes most likely.

    Args:
        x: (m, f) features; a column of ones for the intercept.
        target: (m,) the probability of each outcome, in [0, 1].
        penalty: (f,) on the squared weights, beside the mean negative log-likelihood.
    """

    def at(weights: np.ndarray) -> Point:
        log_odds = x @ weights
        probability = 0.5 * (1 + np.tanh(0.5 * log_odds))
        loss = (np.logaddexp(0, log_odds) - target * log_odds).mean() + penalty @ weights**2
        gradient = x.T @ (probability - target) / len(x) + 2 * penalty * weights
        hessian = (x * (probability * (1 - probability))[:, None]).T @ x / len(x) + 2 * np.diag(penalty)
        return float(loss), gradient, hessian

    return minimum(at, np.zeros(x.shape[1]))


def calibration(scores: np.ndarray, correct: np.ndarray, *, penalty: float = 1e-6) -> tuple[float, float]:
    """Return slope and intercept that turn scores into log-odds of being correct.

    Args:
        scores: (m,) of candidates.
        correct: (m,) whether each is correct; both occur.
        penalty: on half the squared slope, beside the summed negative log-likelihood: it bounds the slope where some
            score separates the correct from the other candidates perfectly.
    """
    x = np.column_stack([scores, np.ones(len(scores))])
    bound = np.array([penalty, 0.0])

    def at(line: np.ndarray) -> Point:
        log_odds = x @ line
        probability = 0.5 * (1 + np.tanh(0.5 * log_odds))  # the logistic function in a form that does not overflow
        loss = np.logaddexp(0, log_odds).sum() - log_odds @ correct + 0.5 * bound @ line**2
        gradient = x.T @ (probability - correct) + bound * line
        hessian = (x * (probability * (1 - probability))[:, None]).T @ x + np.diag(bound)
        return float(loss), gradient, hessian

    slope, intercept = minimum(at, np.zeros(2)).tolist()
    return slope, intercept


def minimum(at: Callable[[np.ndarray], Point], start: np.ndarray) -> np.ndarray:
    """Return the minimiser of a convex loss, (f,): Newton's steps, each halved until the loss decreases enough.

    Args:
        at: returns the loss at a point, with its gradient and Hessian.
        start: (f,) the first point.
    """
    point, (loss, gradient, hessian) = np.asarray(start, float), at(np.asarray(start, float))
    for _ in range(STEPS):
        if np.abs(gradient).max() < FLAT:
            break
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        decrease = gradient @ step  # of the loss, if the gradient stayed constant over the step
        for _ in range(HALVINGS):
            found = at(point - step)
            if found[0] <= loss - 1e-4 * decrease:
                break
            step, decrease = step / 2, decrease / 2
        else:
            break  # no step lowers the loss: it is minimal to float precision
        point, (loss, gradient, hessian) = point - step, found
    return point
