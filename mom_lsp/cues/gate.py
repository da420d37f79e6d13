"""A learned gate between two read-outs: y = g a + (1 - g) b with g = sigmoid(w . x) (math.md section 5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.cues.arrays import sigmoid, softmax

LOGGED = 1000  # decisions that are kept
STEPS, RATE = 300, 0.1  # of the fit
DECAY = 0.9, 0.99  # of the moving moments of the gradient (Adam)


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with two read-outs of its candidates, to fit a gate on."""

    x: np.ndarray  # (f,) features of the question
    first: np.ndarray  # (m,) scores
    second: np.ndarray  # (m,) scores
    correct: np.ndarray  # (m,) whether a candidate is correct


class Gate:
    """A gate with its log."""

    def __init__(self, weights: np.ndarray) -> None:
        """Take the weights (f,); zeros make the mean of both read-outs."""
        self.weights = np.asarray(weights, float)
        self.log: deque[tuple[float, np.ndarray]] = deque(maxlen=LOGGED)  # g and x of each question, the newest

    def open(self, x: np.ndarray) -> float:
        """Return g, in [0, 1], for the features of a question, (f,), and log it."""
        g = float(sigmoid(self.weights @ x))
        self.log.append((g, x))
        return g

    def mix(self, x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return g first + (1 - g) second, (m,)."""
        g = self.open(x)
        return np.asarray(g * first + (1.0 - g) * second)


def fit_gate(choices: Sequence[Choice], *, penalty: float = 0.01) -> Gate:
    """Return the gate that makes the correct candidates most likely, by gradient steps from the mean of both.

    Args:
        choices: at least one; those without a correct candidate do not count.
        penalty: on the squared weights, beside the mean negative log-likelihood of a question.
    """
    known = [one for one in choices if one.correct.any()]
    weights = np.zeros(len(choices[0].x))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1 if known else 1):
        gradient = 2 * penalty * weights - sum(_slope(one, weights) for one in known) / len(known)
        mean = DECAY[0] * mean + (1 - DECAY[0]) * gradient
        square = DECAY[1] * square + (1 - DECAY[1]) * gradient**2
        corrected = np.sqrt(square / (1 - DECAY[1] ** step)) + 1e-8
        weights = weights - RATE * mean / (1 - DECAY[0] ** step) / corrected
    return Gate(weights)


def log_likelihood(choice: Choice, g: float) -> float:
    """Return the log of the probability of the correct candidates under the softmax of the mixed scores."""
    scores = g * choice.first + (1.0 - g) * choice.second
    return float(np.log(softmax(scores)[choice.correct].sum()))


def _slope(choice: Choice, weights: np.ndarray) -> np.ndarray:
    """Return the gradient of the log-likelihood by the weights, (f,)."""
    g = float(sigmoid(weights @ choice.x))
    scores = g * choice.first + (1.0 - g) * choice.second
    among = np.zeros(len(scores))
    among[choice.correct] = softmax(scores[choice.correct])
    by_gate = (among - softmax(scores)) @ (choice.first - choice.second)
    return np.asarray(by_gate * g * (1.0 - g) * choice.x)
