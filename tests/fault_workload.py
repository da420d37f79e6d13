"""What a user does with a repository for the tests of power cuts and damage: python fault_workload.py ROOT

Each thing that the product acknowledged is printed as one line, the moment it was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from discussions import pull_request
from hash_encoder import hashed
from memories import dump
from repositories import Mom, Repo, fill, import_commits, make_repository, step

from mom_lsp.discussions.archive import Archive
from mom_lsp.store import Store, writer_lease

WORDS = "callers rely order"  # of a question that has answers at any time
PLACE = ("src/worker_0.py", 2)
ROUNDS, COMMITS = 4, 24  # of them in each round


def acknowledge(what: str, name: object) -> None:
    sys.stdout.write(f"acknowledged {what} {name}\n")
    sys.stdout.flush()


def written(root: Path) -> Repo:
    """Make the repository of the first round."""
    repo = make_repository(root)
    fill(repo, COMMITS, files=6)
    return repo


def encode(mom: Mom) -> None:
    """Write vectors of all memories, as the indexer does in batches."""
    with writer_lease(mom.location.data, timeout=10.0):
        store = Store(mom.location.data, create=True, rules=rules(mom))
        contents = [row["content"] for row in dump(store)]
        missing = [content for content in contents if content not in store.encoded("hash")]
        if missing:
            store.put_vectors("hash", missing, hashed("hash", missing))
        store.compact_vectors()


def rules(mom: Mom) -> str:
    from mom_lsp.indexing.index_rules import IndexRules

    return IndexRules.of(mom.settings).of_commits


def work(repo: Repo) -> Iterator[tuple[str, object]]:
    """Index, give feedback, import discussions, commit and forget; yield what is acknowledged."""
    mom = Mom(repo.root)
    for number in range(ROUNDS):
        if number:
            made = range(COMMITS * number, COMMITS * number + 6)
            import_commits(repo, (step(n, n % 6, n // 6) for n in made), 1_700_000_000 + 10_000 * number)
        yield "head", repo.head
        mom.index(encode=False)
        encode(mom)
        found = mom.search(WORDS)
        yield "event", pinned(mom, found[number]["id"])
        mom.call("note", text=f"Note {number}: callers rely on it.", path=PLACE[0], line=PLACE[1])
        yield "event", mom.service.library.journal.last_seq()
        mom.suggest(*PLACE)
        with Archive(mom.location.data, create=True) as archive:
            archive.put("export", [pull_request(number + 1, body="Because callers rely on it.")])
        yield "discussion", number + 1
        if number == 2:
            mom.call("forget", id=found[5]["id"])
            yield "event", mom.service.library.journal.last_seq()
            mom.index(encode=False)
    mom.service.close()


def pinned(mom: Mom, memory: str) -> int:
    mom.call("pin", id=memory)
    return mom.service.library.journal.last_seq()


if __name__ == "__main__":
    for what, name in work(Repo(Path(sys.argv[1]))):
        acknowledge(what, name)
