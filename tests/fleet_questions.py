"""Questions about real code to a pulled fleet, to be read by hand: is what another repository says useful there?

    python tests/fleet_questions.py FOLDER [--uri URI] [--lines 2000] [--show 100] [--seed 0]

FOLDER is full of clones that the fleet has. Asks about random lines of source files at HEAD, and prints how many got an
answer and by which evidence, then a sample of the answers: place, line, repository, reason, title and why.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mom_lsp.extract.noise import is_generated
from mom_lsp.fleet.asking import Fleet, Found
from mom_lsp.fleet.local_copy import LocalCopy
from mom_lsp.fleet.repositories import own_id
from mom_lsp.git import Repository, locate
from mom_lsp.settings import resolve

SOURCE = (".py", ".c", ".h", ".go", ".js", ".ts", ".rs", ".java", ".rb")
MAX_FILES = 300  # of one repository


def main() -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--uri", default=resolve(None).settings.fleet.uri)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--show", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    clones = sorted(path for path in asked.folder.iterdir() if path.is_dir())
    copy = LocalCopy.to_ask(asked.uri)
    answers: list[tuple[str, str, Found]] = []
    questions = 0
    for clone in clones:
        location = locate(clone)
        fleet = Fleet(copy, own_id(location))
        own = known_ids(copy, own_id(location))
        for path, lines, line in places(Repository(location), chance, asked.lines // len(clones)):
            questions += 1
            found = next((one for one in fleet.for_lines(lines, line, line) if one.memory.id not in own), None)
            if found is not None:
                answers.append((f"{clone.name}/{path}:{line}", lines[line - 1].strip(), found))
    kinds = Counter(found.reason.partition("`")[0].strip() for _, _, found in answers)
    print(f"{questions:,} lines asked about, {len(answers):,} got an answer: {dict(kinds.most_common())}\n")
    for place, line, found in chance.sample(answers, min(asked.show, len(answers))):
        body = " ".join((found.memory.why or found.memory.body).split())[:200]
        print(f"{place}\n    {line}\n    <- {found.repository} [{found.reason}] {found.memory.title}\n       {body}\n")


def known_ids(copy: LocalCopy, repository: str) -> set[str]:
    """Return the ids of the memories of one repository, which its own index has too."""
    own = next(one for one in copy.repositories() if one.about.id == repository)
    return {own.memory(row).id for row in range(own.about.memories)}


def places(repository: Repository, chance: random.Random, count: int) -> Iterator[tuple[str, list[str], int]]:
    """Yield (path, lines, 1-based line) of random lines that are not blank."""
    tree = [path for path in repository.tree("HEAD") if path.endswith(SOURCE) and not is_generated(path)]
    chosen = chance.sample(tree, min(MAX_FILES, len(tree)))
    texts = dict(repository.texts([f"HEAD:{path}" for path in chosen], 500_000))
    lines_of = {path: texts[f"HEAD:{path}"].split("\n") for path in chosen if f"HEAD:{path}" in texts}
    everywhere = [(path, at) for path, lines in lines_of.items() for at, line in enumerate(lines, 1) if line.strip()]
    for path, at in chance.sample(everywhere, min(count, len(everywhere))):
        yield path, lines_of[path], at


if __name__ == "__main__":
    main()
