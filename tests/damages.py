"""Damage: each file of a data folder in turn, in each of several ways, then asked: python damages.py"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_questions import Asker
from fault_workload import COMMITS, ROUNDS, work, written
from power_cuts import flaws
from repositories import Repo, import_commits, move_in, step

from mom_lsp import datafolder

BLOCK = 4096  # bytes
Damage = Callable[[Path, random.Random], None]


def _overwrite(file: Path, at: int, data: bytes) -> None:
    with file.open("r+b") as stream:
        stream.seek(at)
        stream.write(data)


def byte(file: Path, chance: random.Random) -> None:
    """One bit is wrong."""
    data = file.read_bytes()
    at = chance.randrange(len(data))
    _overwrite(file, at, bytes([data[at] ^ (1 << chance.randrange(8))]))


def block(file: Path, chance: random.Random) -> None:
    """One block is that of another file."""
    size = file.stat().st_size
    at = chance.randrange(-(-size // BLOCK)) * BLOCK
    _overwrite(file, at, chance.randbytes(min(BLOCK, size - at)))


def zeros(file: Path, chance: random.Random) -> None:
    _overwrite(file, 0, bytes(file.stat().st_size))


def half(file: Path, chance: random.Random) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path, chance: random.Random) -> None:
    os.truncate(file, 0)


def gone(file: Path, chance: random.Random) -> None:
    file.unlink()


def junk(file: Path, chance: random.Random) -> None:
    _overwrite(file, 0, chance.randbytes(file.stat().st_size))


DAMAGES: tuple[Damage, ...] = (byte, block, zeros, half, empty, gone, junk)


def damaged(files: list[Path], share: float, seed: int) -> Iterator[tuple[int, Path, Damage, bool]]:
    """Yield a number, a file, a damage, and whether there is a new commit after it."""
    chance = random.Random(seed)
    every = [(file, damage, commit) for commit in (False, True) for file in files for damage in DAMAGES]
    for number, one in enumerate(every):
        if chance.random() < share:
            yield number, *one


def is_told(file: Path, found: dict[str, Any]) -> bool:
    """Whether the user is told that the file that cannot be rebuilt was damaged."""
    if file.name.startswith(datafolder.JOURNAL):
        return any("was damaged" in problem for problem in found["before"]["journal"].get("problems", []))
    told = [found.get("told", ""), *found.get("messages", [])]
    return file.name.startswith(datafolder.DISCUSSIONS) and any("import" in one.lower() for one in told)


def run(folder: Path, share: float, seed: int, *, only: int | None = None) -> Counter[str]:
    """Try damages, print what was wrong, and return the counts."""
    repo, asker, counts = written(folder / "repo"), Asker(), Counter[str]()
    acknowledged = [f"{what} {name}" for what, name in work(repo)]
    newer = Repo(folder / "newer", [*repo.now])
    shutil.copytree(repo.root, newer.root)
    number = COMMITS * ROUNDS
    import_commits(newer, [step(number, 0, number)], 1_700_000_000 + 10_000 * ROUNDS)
    whole = {}
    for commit, source in ((False, repo), (True, newer)):
        shutil.copytree(source.root, folder / "state")
        whole[commit] = asker.ask(folder / "state")
        shutil.rmtree(folder / "state")
    data = repo.location.data.relative_to(repo.root)
    files = sorted(file.relative_to(repo.root) for file in (repo.root / data).rglob("*") if file.is_file())
    files = [file for file in files if (repo.root / file).stat().st_size]
    for number, file, damage, commit in damaged(files, share, seed):
        if only is not None and number != only:
            continue
        root = folder / "state"
        shutil.copytree((newer if commit else repo).root, root)
        damage(root / file, random.Random(f"{seed} {number}"))
        counts["tried"] += 1
        found = asker.ask(root)
        seen = flaws(found, acknowledged, whole[commit])
        if seen.lost and is_told(file, found):
            counts["told"] += 1
            seen.lost.clear()
        for kind in ("lost", "stuck", "rough"):
            if reasons := getattr(seen, kind):
                counts[kind] += 1
                what = f"{damage.__name__} of {file.relative_to(data)}{' and a commit' if commit else ''}"
                print(f"{number} {what}, {kind}:", *(reason[:300] for reason in reasons), sep="\n  ", flush=True)
        if only is None:
            shutil.rmtree(root)
    asker.close()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of all damages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one damage, whose folder is kept")
    given = parser.parse_args()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="mom-damages-", dir=base))
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder / "home", patch)
        found = run(folder, given.share, given.seed, only=given.only)
    print(f"{found['tried']} damages: {found['stuck']} errors that stay or wrong answers")
    print(f"{found['told']} of the journal or the archive lost something and said so, {found['lost']} did not")
    print(f"{found['rough']} gave an error that says nothing of the rebuild, until it was done")
    if given.only is None:
        shutil.rmtree(folder)
    else:
        print(folder)
    sys.exit(bool(found["stuck"] or found["lost"]))


if __name__ == "__main__":
    main()
