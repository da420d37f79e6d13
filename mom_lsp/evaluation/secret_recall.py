"""How many secrets are masked, in every place where people leave them; and how often something else is.

    python -m mom_lsp.evaluation.secret_recall [--seed N] [--missed]
    python -m mom_lsp.evaluation.secret_recall --alarms CLONE … [--show]

The first writes a repository with a secret of each kind in each place, with git notes, an export of its pull requests
and notes of the user, indexes it, and looks for the secrets in every byte of the data folder and in every answer.
`--missed` prints those that are there. The second counts the memories of indexed clones in which something is masked;
`--show` prints them, to be judged by a person.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.importing import import_discussions
from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.evaluation.secret_repository import PLACES, Planted, SecretRepository, plant
from mom_lsp.git.location import Location, locate
from mom_lsp.indexing import index
from mom_lsp.redact import MARK
from mom_lsp.settings import Settings
from mom_lsp.settings.fields import EncoderSettings
from mom_lsp.store import Store
from mom_lsp.store.arrow_rows import SCHEMA

SETTINGS = replace(Settings(), encoder=EncoderSettings(enable=False))
QUESTIONS = ("because it failed", "login", "nobody else", "Change", "must use", "Decide", "Merge")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missed", action="store_true", help="print the secrets that were found")
    parser.add_argument(
        "--alarms", nargs="+", type=Path, metavar="CLONE", help="count what is masked in indexed clones"
    )
    parser.add_argument("--show", action="store_true", help="print the texts in which something is masked")
    options = parser.parse_args(argv)
    if options.alarms:
        for clone in options.alarms:
            _print_alarms(clone, show=options.show)
        return 0
    _print_recall(options.seed, missed=options.missed)
    return 0


def leaks(folder: Path, planted: Sequence[Planted]) -> list[Planted]:
    """Plant secrets in a repository made in a folder, index it, and return those that can be found."""
    root = folder / "repository"
    export = SecretRepository(root).write(planted)
    location = locate(root)
    index(location, lambda: SETTINGS, report=lambda progress: None, stop=threading.Event(), encode=False)
    import_discussions(
        location.data,
        [export],
        name="export",
        named=str(export),
        report=lambda phase, done, total: None,
        stop=threading.Event(),
    )
    index(location, lambda: SETTINGS, report=lambda progress: None, stop=threading.Event(), encode=False)
    service = Service(location.data)
    try:
        for one in planted:
            if one.place == "own note":
                answer(
                    service,
                    "note",
                    {"root": str(root), "text": f"It must be {one.text}", "path": "src/part1.py", "line": 1},
                )
        shown = "\n".join(_shown(service, root))
    finally:
        service.close()
    everything = "\n".join([*_kept(location), shown])
    return [one for one in planted if any(secret in everything for secret in one.hidden)]


def _shown(service: Service, root: Path) -> Iterator[str]:
    for question in QUESTIONS:
        found = answer(service, "search", {"root": str(root), "text": question, "k": 50})
        yield repr(found)
        yield from (repr(answer(service, "show", {"root": str(root), "id": one["id"]})) for one in found["suggestions"])


def _kept(location: Location) -> Iterator[str]:
    """Yield every text in the data folder: of the index, the databases, the archive, and other files as they are."""
    yield repr(Store(location.data).columns(SCHEMA.names).to_pylist())
    with Archive(location.data) as archive:
        yield repr(list(archive.all()))
    for path in location.data.rglob("*"):
        yield str(path)
        if path.suffix == ".sqlite":
            database = sqlite3.connect(path)
            yield "\n".join(database.iterdump())
            database.close()
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


def _print_recall(seed: int, *, missed: bool) -> None:
    planted = list(plant(seed))
    with tempfile.TemporaryDirectory() as folder:
        found = leaks(Path(folder), planted)
    total, leaked = Counter(one.place for one in planted), Counter(one.place for one in found)
    print(f"{'place':15}{'planted':>9}{'found':>7}")
    for place in PLACES:
        print(f"{place:15}{total[place]:9}{leaked[place]:7}")
    kinds = len({one.kind for one in planted})
    masked = 1 - len(found) / len(planted)
    print(f"{kinds} kinds, {len(PLACES)} places, {len(planted)} secrets: {len(found)} found, {masked:.2%} masked")
    for one in found if missed else ():
        print(f"  {one.kind}, {one.place}: {one.text[:100]!r}")


def _print_alarms(clone: Path, *, show: bool) -> None:
    rows = Store(locate(clone).data).columns(["id", "title", "body", "why", "paths"]).to_pylist()
    masked = [row for row in rows if MARK in repr(row)]
    print(f"{clone.name}: {len(masked)} of {len(rows)} memories, {1000 * len(masked) / max(1, len(rows)):.2f} in 1,000")
    for row in masked if show else ():
        text = "\n".join(str(row[name]) for name in ("title", "body", "why", "paths"))
        print(f"  {row['id']}", *(line.strip()[:160] for line in text.split("\n") if MARK in line), sep="\n    ")


if __name__ == "__main__":
    sys.exit(main())
