"""The domain of each memory: small, saved between runs by id, and validated when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mom_lsp.route.text_index import packed, unpacked

NAMES = ("ids", "domain", "met", "centers", "names", "built", "model")  # of the saved arrays


@dataclass(frozen=True)
class Partition:
    """Domains and their memories."""

    ids: np.ndarray  # (n,) bytes
    domain: np.ndarray  # (n,) int32
    met: np.ndarray  # (n,) bool: whether its embedding was known
    centers: np.ndarray  # (k, w) float32: the mean of its points
    names: tuple[str, ...] = ()  # (k,) "" for one that has none yet
    built: int = 0  # number of memories when all domains were built
    model: str = ""  # the encoder of the vectors

    @classmethod
    def empty(cls) -> Partition:
        """Return a partition without domains."""
        none = np.zeros(0, np.int32)
        return cls(none.astype("S1"), none, none.astype(bool), np.zeros((0, 0), np.float32))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], model: str | None = None) -> Partition:
        """Return the partition of saved arrays, without domains if they are damaged or from another model."""
        try:
            ids, domain, met, centers = (arrays[name] for name in NAMES[:4])
            names, built = tuple(unpacked(arrays["names"])), int(arrays["built"])
            made_of = "".join(unpacked(arrays["model"]))
        except (KeyError, ValueError, TypeError):
            return cls.empty()
        sound = (
            [part.dtype.kind for part in (ids, domain, met, centers)] == ["S", "i", "b", "f"]
            and ids.shape == domain.shape == met.shape == (len(ids),)
            and centers.ndim == 2
            and len(centers) == len(names)
            and all(name and name.isprintable() for name in names)
            and model in (None, made_of)
            and bool(np.isfinite(centers).all())
            and (not len(domain) or (domain.min() >= 0 and domain.max() < len(names)))
            and bool((np.bincount(domain, minlength=1) <= largest(len(ids))).all())
        )
        if not sound:
            return cls.empty()
        found = cls(ids, domain.astype(np.int32), met, centers.astype(np.float32), names, built, made_of)
        return found if bool((found._in_order[1:] != found._in_order[:-1]).all()) else cls.empty()

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays to save."""
        parts = [self.ids, self.domain, self.met, self.centers, packed(self.names), np.array(self.built)]
        parts.append(packed([self.model]))
        return dict(zip(NAMES, parts, strict=True))

    def called(self, names: Sequence[str], model: str) -> Partition:
        """Return the same partition with names for all domains, and its model."""
        return replace(self, names=tuple(names), model=model)

    @property
    def count(self) -> int:
        """How many domains there are."""
        return len(self.centers)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(k,) how many memories each has."""
        return np.bincount(self.domain, minlength=self.count)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.ids, kind="stable")

    @cached_property
    def _in_order(self) -> np.ndarray:
        """The ids, sorted; each occurs once."""
        return np.asarray(self.ids[self._order])

    def of(self, ids: Sequence[str] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the domain of each memory, -1 if it has none, and whether its embedding was known; (m,) both."""
        keys = np.array(list(ids), "S") if len(ids) else np.zeros(0, "S1")
        if not len(self.ids):
            return np.full(len(keys), -1, np.int32), np.zeros(len(keys), bool)
        at = self._order[np.minimum(np.searchsorted(self._in_order, keys), len(self._order) - 1)]
        known = self.ids[at] == keys
        return np.where(known, self.domain[at], -1).astype(np.int32), self.met[at] & known


def largest(memories: int) -> int:
    """Return the maximum size of a domain: twice that of balanced domains, the square root of all memories."""
    return 2 * int(np.ceil(np.sqrt(max(1, memories))))
