"""Readable names of domains: the common folder, and the most characteristic words of the titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

TERMS = 2  # words in a name
COMMON_SHARE = 0.5  # of the memories of a domain that are in the folder of its name
TERM_SHARE = 0.04  # minimum share of the memories of a domain with a word
WORD = re.compile(r"[^\W\d_][\w+-]{2,29}")
# Words of commit messages that do not describe what was changed.
EMPTY = """
add added adding adds after all allow also and any are avoid back bug bugs but can change changed changes cleanup code
correct does don error errors file files fix fixed fixes fixing for from get github handle has have help improve instead
into issue issues its line lines make makes merge merged minor more move moved new not now one only other out patch
possible problem pull refactor remove removed removes rename replace request revert set should simplify some support
supported that the them then this too tweak two typo typos unused update updated updates use used uses using various was
were when where which while with without work works
"""
EMPTY_WORDS = frozenset(EMPTY.split())


def named(
    names: Sequence[str],
    places: Mapping[int, Sequence[Sequence[str]]],
    titles: Mapping[int, Sequence[str]],
    sample: Sequence[str],
) -> list[str]:
    """Return a distinct name for each domain; existing names stay.

    Args:
        names: (k,) "" for a domain that needs one.
        places: of the domains that need a name, the paths of each of their memories.
        titles: of the domains that need a name, the titles of their memories.
        sample: titles of any memories, to find out how common a word is.
    """
    common, given = _shares(sample), list(names)
    taken = {name for name in names if name}
    for number in sorted(places):
        given[number] = _name(places[number], titles[number], common, taken)
        taken.add(given[number])
    return given


def _name(paths: Sequence[Sequence[str]], titles: Sequence[str], common: Counter[str], taken: set[str]) -> str:
    place = common_place(paths)
    words = salient(titles, common, set(WORD.findall(place.lower())))
    for count in range(TERMS, len(words) + 1):  # more words until the name is distinct
        if (name := _joined(place, words[:count])) not in taken:
            return name
    name, number = _joined(place, words), 2
    while f"{name} ({number})" in taken:
        number += 1
    return name if name not in taken else f"{name} ({number})"


def _joined(place: str, words: Sequence[str]) -> str:
    name = ": ".join(part for part in (place, ", ".join(words)) if part) or "everywhere"
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def common_place(paths: Sequence[Sequence[str]]) -> str:
    """Return the deepest folder or file that half of the memories touch; two folders if there is none, "" if none."""
    touched: Counter[str] = Counter()
    for some in paths:
        touched.update({path[:end] for path in some for end in _ends(path)})
    half = COMMON_SHARE * len(paths)
    deep = [place for place, count in touched.items() if count >= half]
    if deep:
        return min(deep, key=lambda place: (-place.count("/"), -touched[place], place))
    top = [place for place in touched if "/" not in place]
    return ", ".join(sorted(top, key=lambda place: (-touched[place], place))[:2])


def salient(titles: Sequence[str], common: Counter[str], known: set[str]) -> list[str]:
    """Return the most characteristic words of a domain, best first.

    The weight grows with the share of titles that have a word, and with its ratio to the share elsewhere.
    """
    shares, least = _shares(titles), TERM_SHARE
    rest = min(common.values(), default=1.0)
    weight = {
        word: share * float(np.log(share / common.get(word, rest)))
        for word, share in shares.items()
        if share >= least and word not in known
    }
    return sorted((word for word in weight if weight[word] > 0), key=lambda word: (-weight[word], word))[:8]


def _shares(titles: Sequence[str]) -> Counter[str]:
    """Return the share of the titles that have each word."""
    counts: Counter[str] = Counter()
    for title in titles:
        counts.update({word for word in WORD.findall(title.lower()) if word not in EMPTY_WORDS})
    return Counter({word: count / len(titles) for word, count in counts.items()})


def _ends(path: str) -> list[int]:
    """Return where the folders of a path end, and the path."""
    return [*(at for at, sign in enumerate(path) if sign == "/"), len(path)]
