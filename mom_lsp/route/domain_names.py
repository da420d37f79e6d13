"""Readable names of domains: the place of most of its memories, and the words that tell them from all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

TERMS = 3  # words in a name, at most
FEWEST = 2  # words in a name, where there are as many
CLOSE = 0.35  # of the weight of the first word that a third one needs
COMMON_SHARE = 0.5  # of the memories of a domain that are in the place of its name
DEEPER = 0.8  # of the weight of the most characteristic place that a file or folder inside of it needs
MEMORIES = 2  # of a domain with a word, at least
LIFT = 1.5  # how much more frequent a word is in its domain than elsewhere, at least
PHRASE = 0.5  # of the titles with a word that have it beside the same neighbour: these two are one term
STEM = 4  # letters that two forms of a word share at least
WORD = re.compile(r"[^\W\d_][\w+-]*[\w+]")
# Addresses, people, commits, versions.
NO_WORDS = re.compile(r"https?://\S+|\S*@[\w/-]+|\b[0-9a-f]{7,40}\b|\S*\d\.\d\S*")
# Words of commit messages and questions that do not describe what was changed.
EMPTY = """
about according add added adding adds after again all allow allowed allowing allows already also always and any are
avoid back bad basic be because been before being better bit both bug bugs but by call called can case cases cause
causes change changed changes check clarify clean cleanup code consistent correct correctly could current default did
different do does doesn don done during each either else enable ensure error errors etc even ever every everything
example existing extra feature features few file files first fix fixed fixes fixing foo for found from get github give
given go good got great handle handling has have help here hopefully how however if ignore ignored impl implement
implemented improve improved improvement improvements improves in include including incorrect incorrectly instead into
invalid is issue issues it its just keep last later less let like likely line lines little longer look made main make
makes making many may maybe mention merge merged might minor miscellaneous missing more most move moved moving much
must my need needed needs never new next nice nicer no non not note notes nothing now of off often old on one ones
only option optional options or other others our out over own part patch permit possible prevent probably problem
properly pull put quite rather really reduce refactor release relevant remove removed removes rename replace request
revert right run running same second see seems set should show simple simplify since slightly small so some someone
something sometimes soon special specific specified still such support supported sure take tests than thank thanks
that the their them then there these they thing things this those though thus tiny to todo together too touchups try
tweak two typo typos under unless unnecessary unused up update updated updates upon usage use used useful user users
uses using value values various very via was way we well were what when where whether which while who whole why will
with within without won work works would wrong yes yet you your
"""
EMPTY_WORDS = frozenset(EMPTY.split())


def named(
    names: Sequence[str],
    places: Mapping[int, Sequence[Sequence[str]]],
    titles: Mapping[int, Sequence[str]],
    sample: Sequence[str],
    sample_places: Sequence[Sequence[str]],
) -> list[str]:
    """Return a distinct name for each domain; existing names stay.

    Args:
        names: (k,) "" for a domain that needs one.
        places: of the domains that need a name, the paths of each of their memories.
        titles: of the domains that need a name, the titles of their memories.
        sample: titles of any memories, to find out how common a word is.
        sample_places: the paths of the same memories.
    """
    words, where, given = _shares(map(_terms, sample)), _shares(map(_places, sample_places)), list(names)
    taken = {name for name in names if name}
    for number in sorted(places):
        place = common_place(places[number], where)
        given[number] = _name(place, salient(titles[number], words, place), taken)
        taken.add(given[number])
    return given


def _name(place: str, weights: Mapping[str, float], taken: set[str]) -> str:
    words, best = list(weights), max(weights.values(), default=0.0)
    count = sum(at < FEWEST or weights[word] >= CLOSE * best for at, word in enumerate(words[:TERMS]))
    for end in range(count, len(words) + 1):  # more words until the name is distinct
        if (name := _joined(place, words[:end])) not in taken:
            return name
    name, number = _joined(place, words[:count]), 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _joined(place: str, words: Sequence[str]) -> str:
    name = ": ".join(part for part in (place, ", ".join(words)) if part) or "everywhere"
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def common_place(paths: Sequence[Sequence[str]], elsewhere: Mapping[str, float]) -> str:
    """Return the most characteristic folder or file that half of the memories touch.

    Two top folders if there is none, "" if there are no paths.

    Args:
        paths: of each memory.
        elsewhere: the share of all memories that touch a place. One that every change touches says little.
    """
    touched = _shares(map(_places, paths))
    weight = _weights({place: share for place, share in touched.items() if share >= COMMON_SHARE}, elsewhere)
    if weight:
        least = max(weight.values()) - (1 - DEEPER) * abs(max(weight.values()))
        close = [place for place in weight if weight[place] >= least]
        return min(close, key=lambda place: (-place.count("/"), -weight[place], place))
    top = [place for place in touched if "/" not in place]
    return ", ".join(sorted(top, key=lambda place: (-touched[place], place))[:2])


def salient(titles: Sequence[str], elsewhere: Mapping[str, float], place: str) -> dict[str, float]:
    """Return the most characteristic words and pairs of words of a domain with their weights, best first.

    Args:
        titles: of its memories.
        elsewhere: the share of all titles that have a word.
        place: in its name; what that says is left out.
    """
    shares = _shares(map(_terms, titles))
    frequent = {term: share for term, share in shares.items() if share * len(titles) >= MEMORIES}
    weight = _weights(frequent, elsewhere, LIFT)
    for pair in [term for term in weight if " " in term]:
        words = pair.split(" ")
        if shares[pair] >= PHRASE * max(shares[word] for word in words):
            weight[pair] = max(weight[pair], *(weight.pop(word, 0.0) for word in words))
        else:
            del weight[pair]
    known, found = re.split(r"[^\w+]", place.lower()), dict[str, float]()
    for term in sorted(weight, key=lambda term: (-weight[term], term)):
        parts = re.split("[ _-]", term)
        if any(not _says_same(part, known) for part in parts) and not any(_says_same(part, found) for part in parts):
            found[term] = weight[term]
    return found


def _weights(shares: Mapping[str, float], elsewhere: Mapping[str, float], lift: float = 0.0) -> dict[str, float]:
    """Return how characteristic each term is: its share by the logarithm of the ratio to its share elsewhere."""
    least = min(elsewhere.values(), default=1.0)
    ratio = {term: share / elsewhere.get(term, least) for term, share in shares.items()}
    return {term: shares[term] * float(np.log(ratio[term])) for term in shares if ratio[term] > lift}


def _says_same(word: str, others: Iterable[str]) -> bool:
    """Whether a word, or another form of it, is in other terms."""
    parts = [part for other in others for part in re.split("[ _-]", other) if part]
    return any(word == part or _is_form(word, part) or _is_form(part, word) for part in parts)


def _is_form(word: str, stem: str) -> bool:
    return len(stem) >= STEM and word.startswith(stem)


def _terms(title: str) -> set[str]:
    """Return the telling words of a title, and the pairs of them that are neighbours."""
    text = NO_WORDS.sub("\n", title.lower())
    telling = [match for match in WORD.finditer(text) if len(match[0]) > 2 and match[0] not in EMPTY_WORDS]
    pairs = {
        f"{first[0]} {second[0]}" for first, second in pairwise(telling) if text[first.end() : second.start()] == " "
    }
    return {match[0] for match in telling} | pairs


def _places(paths: Sequence[str]) -> set[str]:
    """Return the files of a memory and the folders that they are in."""
    return {path[:end] for path in paths for end in (*(at for at, sign in enumerate(path) if sign == "/"), len(path))}


def _shares(terms: Iterable[set[str]]) -> dict[str, float]:
    """Return the share of the memories that have each term."""
    counts: Counter[str] = Counter()
    size = 0
    for some in terms:
        counts.update(some)
        size += 1
    return {term: count / size for term, count in counts.items()}
