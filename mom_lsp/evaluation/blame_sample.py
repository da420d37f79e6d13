"""Samples lines whose plain blame is a commit that only carried them, to be labelled by hand for blame_accuracy.py.

    python -m mom_lsp.evaluation.blame_sample CLONE --repo OWNER/NAME [--count 40] [--seed 12]

A commit carried a line if it removed the same letters and digits elsewhere, or added them with an import. Only diffs
decide: neither the product's classification of commits nor its blame influences the sample.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mom_lsp.extract.noise import is_generated, is_vendored

LEAST = 12  # letters and digits of a sampled line
OF_COMMIT = 3  # lines per carrying commit
OF_IMPORTS = 8  # lines added by imports
IMPORT = 2000  # lines that an import adds at least; it removes less than a twentieth of that
LARGEST = 20_000_000  # characters of a diff; larger ones are skipped
CODE = re.compile(r"\.(?:py|c|h|go|rs|js|jsx|ts|tsx|mjs|cjs|sh|vim|rb|lua|java|cc|cpp)$")
BLAME = re.compile(r"([0-9a-f]{40}) \d+ (\d+) (\d+)$")


@dataclass(frozen=True, slots=True)
class Diff:
    """The letters and digits that a commit removed, and whether it is an import."""

    removed: str
    imports: bool


class Clone:
    """A clone, read with plain git."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.head = self.git("rev-parse", "HEAD").strip()
        self.diff = cache(self._diff)
        self.blame = cache(self._blame)

    def git(self, *args: str) -> str:
        """Return the output of git."""
        done = subprocess.run(["git", "-C", str(self._root), *args], capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    def files(self) -> dict[str, list[str]]:
        """Return the lines of the committed source files that are neither vendored nor generated."""
        paths = [path for path in self.git("ls-tree", "-r", "--name-only", "HEAD").splitlines() if CODE.search(path)]
        texts = {path: self.git("show", f"HEAD:{path}") for path in paths if not is_vendored(path)}
        return {path: text.split("\n") for path, text in texts.items() if not is_generated(path, text[:2000])}

    def _blame(self, path: str) -> dict[int, str]:
        """Return the commit of each line by blame without options."""
        found = (BLAME.match(line) for line in self.git("blame", "--incremental", "HEAD", "--", path).splitlines())
        return {int(m[2]) + at: m[1] for m in found if m for at in range(int(m[3]))}

    def _diff(self, commit: str) -> Diff:
        text = self.git("show", "--format=", "--no-renames", "--first-parent", "--unified=0", commit)
        if len(text) > LARGEST:
            return Diff("", imports=False)
        lines = text.split("\n")
        removed = [line[1:] for line in lines if line.startswith("-") and not line.startswith("--- ")]
        added = sum(line.startswith("+") for line in lines)
        return Diff("\n".join(map(letters, removed)), imports=added >= IMPORT and len(removed) * 20 < added)


def letters(text: str) -> str:
    """Return the letters, digits and underscores of a text."""
    return re.sub(r"\W+", "", text)


def how_carried(clone: Clone, path: str, line: int, text: str) -> str:
    """Return how the commit of plain blame got a line: "import", "carried", or "" if it wrote the line."""
    content = letters(text)
    commit = clone.blame(path).get(line, "")
    if len(content) < LEAST or not commit:
        return ""
    diff = clone.diff(commit)
    if diff.imports:
        return "import"
    return "carried" if content in diff.removed or content in diff.removed.replace("\n", "") else ""


def sample_lines(clone: Clone, count: int, seed: int) -> Iterator[tuple[str, int, str, str]]:
    """Yield (path, line, commit of plain blame, how it got the line) of a random sample."""
    files = clone.files()
    places = [(path, number) for path, lines in sorted(files.items()) for number in range(1, len(lines) + 1)]
    random.Random(seed).shuffle(places)
    sampled, counts = 0, Counter[str]()
    for path, number in places:
        how = how_carried(clone, path, number, files[path][number - 1])
        commit = clone.blame(path).get(number, "")
        if not how or counts[commit] >= OF_COMMIT or (how == "import" and counts[how] >= OF_IMPORTS):
            continue
        counts.update((commit, how))
        yield path, number, commit, how
        sampled += 1
        if sampled == count:
            return


def main() -> None:
    """Print a JSON object for each sampled line, with an empty "origin"."""
    parser = argparse.ArgumentParser(description="Sample lines whose plain blame is a commit that only carried them.")
    parser.add_argument("clone", type=Path)
    parser.add_argument("--repo", required=True, help="owner/name")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=12)
    chosen = parser.parse_args()
    clone = Clone(chosen.clone)
    for path, number, commit, how in sample_lines(clone, chosen.count, chosen.seed):
        row = {"repo": chosen.repo, "head": clone.head, "path": path, "line": number, "blame": commit, "how": how}
        sys.stdout.write(json.dumps(row | {"origin": ""}) + "\n")


if __name__ == "__main__":
    main()
