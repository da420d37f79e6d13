"""What attention, a neural memory and an episodic memory cost: exact counts, and what they take on a machine.

Seed cmr_conversation (the table of 6/20/2025) in the form of math.md section 5, with what that table leaves out: the
projections of attention, 4 d^2 a token; the read of a neural memory, d^2 a token; and that a linear one is d x d,
whatever M is. Products are multiply-adds, two FLOPs each; `Cost.elementwise` has the rest.

Symbols: L tokens, d width, H heads, M slots, rho share of the slots that are updated, B bytes per number.
"""

from __future__ import annotations

from dataclasses import dataclass

SOFTMAX = 6  # elementwise operations per logit: scale, maximum, subtract it, exp, sum, divide


@dataclass(frozen=True, slots=True)
class Cost:
    """What some tokens cost."""

    products: int  # multiply-adds
    elementwise: int  # other arithmetic operations
    state: int  # bytes kept between tokens: keys and values, or the memory
    weights: int  # bytes of projections, which do not change

    @property
    def flops(self) -> int:
        """Floating-point operations: a multiply-add is two."""
        return 2 * self.products + self.elementwise

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.products + other.products,
            self.elementwise + other.elementwise,
            self.state + other.state,
            self.weights + other.weights,
        )


def attention(tokens: int, d: int, heads: int, size: int, *, before: int = 0, causal: bool = True) -> Cost:
    """Return the cost of self-attention of one block for `tokens` tokens after `before` others.

    A token: attention(1, before=L - 1). A sequence: attention(L). A chunk of C by itself: attention(C); one that sees
    what came before: attention(C, before=P).

    Args:
        tokens: how many are processed.
        d: width; each of the heads has d / H of it.
        heads: H. It changes the number of softmaxes only, not the products.
        size: B, bytes per number.
        before: tokens whose keys and values are kept.
        causal: whether a token sees only those before it and itself. Code that computes the whole rectangle and masks
            it pays for all.
    """
    seen = tokens * before + (tokens * (tokens + 1) // 2 if causal else tokens * tokens)  # pairs of query and key
    return Cost(
        products=4 * d * d * tokens + 2 * d * seen,  # Q, K, V and output; scores and weighted sum
        elementwise=SOFTMAX * heads * seen,
        state=2 * (before + tokens) * d * size,
        weights=4 * d * d * size,
    )


def neural(tokens: int, d: int, slots: int, rho: float, size: int) -> Cost:
    """Return the cost of a linear neural memory W (d, d) that is read by each token, and updated rho M times.

    An update with key k and value v: the error W k - v, the surprise s <- eta s - theta (W k - v) k^T, and
    W <- (1 - a) W + s. The seed's rho M d^2 counts the updates once, and no reads.

    Args:
        tokens: of the sequence or the chunk; each reads W q.
        d: width.
        slots: M, events of the sequence that could be stored.
        rho: share of them that is.
        size: B, bytes per number.
    """
    updates = round(rho * slots)
    return Cost(
        products=tokens * d * d + updates * 2 * d * d,  # reads; error and outer product
        elementwise=updates * (4 * d * d + 2 * d),  # eta s, -, (1 - a) W, +; W k - v, theta
        state=2 * d * d * size,  # W and s
        weights=0,
    )


def episodic(
    tokens: int,
    d: int,
    slots: int,
    size: int,
    *,
    heads: int = 1,
    key: int | None = None,
    value: int | None = None,
    writes: int = 0,
) -> Cost:
    """Return the cost of an episodic memory of M key-value pairs that is read by each token.

    Each of H heads has keys of its own: a query is projected, compared with M keys, and the softmax weighs M values.
    Writing is once an episode, of one slot: both projections. The seed's M d is the comparison alone.

    Args:
        tokens: each reads once.
        d: width of a token.
        slots: M.
        size: B, bytes per number.
        heads: H; keys and values of each are `key` and `value` wide.
        key: width of a key; None for d / H.
        value: width of a value; None for d / H.
        writes: episodes that are stored.
    """
    k, v = (width if width is not None else d // heads for width in (key, value))
    read = heads * (d * k + slots * k + slots * v + v * d)  # query, scores, weighted sum, back to d
    return Cost(
        products=tokens * read + writes * heads * (d * k + d * v),
        elementwise=tokens * heads * SOFTMAX * slots,
        state=heads * slots * (k + v) * size,
        weights=heads * d * (k + v) * size,
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """The architecture of a language model, from the header of its file."""

    layers: int
    d: int  # width of a token
    heads: int
    kv_heads: int  # heads of keys and values, shared by several query heads
    key: int  # width of a head's key
    value: int  # width of a head's value
    hidden: int  # width of the feed-forward part
    vocabulary: int
    context: int  # tokens that it was trained on

    @property
    def weights(self) -> int:
        """Multiply-adds a token takes without attending to others, which is the number of weights it meets."""
        q, kv = self.heads * (self.key + self.value), self.kv_heads * (self.key + self.value)
        return self.layers * self.d * (q + kv + 3 * self.hidden) + self.d * self.vocabulary

    def products(self, tokens: int, *, before: int = 0, answers: int | None = None) -> int:
        """Return the multiply-adds of some tokens after others.

        Args:
            tokens: that are decoded.
            before: that are in the cache.
            answers: of how many the next token is predicted, which meets the vocabulary; None for all.
        """
        seen = tokens * before + tokens * (tokens + 1) // 2
        unasked = (tokens - (tokens if answers is None else answers)) * self.d * self.vocabulary
        return self.weights * tokens - unasked + self.layers * self.heads * (self.key + self.value) * seen

    def cache(self, tokens: int, size: int = 2) -> int:
        """Return the bytes of keys and values of a context."""
        return self.layers * self.kv_heads * (self.key + self.value) * tokens * size


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast one thread of a machine computes, for a kind of code; measured."""

    products: float  # multiply-adds per second, when they are many and in cache
    elementwise: float  # other operations per second, each over an array
    memory: float  # bytes per second that are read from memory
    cached: float  # bytes per second of what stays in a cache
    cache: int  # bytes that stay in a cache
    call: float = 0.0  # seconds that any call of a library takes

    def seconds(self, cost: Cost, *, read: int, calls: int = 0) -> float:
        """Return the time of a computation: of products or reading, whichever is longer, of elements, and of calls.

        Args:
            cost: of it.
            read: bytes that it goes through.
            calls: of library functions.
        """
        reading = read / (self.cached if read <= self.cache else self.memory)
        return max(cost.products / self.products, reading) + cost.elementwise / self.elementwise + calls * self.call
