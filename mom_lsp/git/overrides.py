"""What overrides the parents that commits name: the boundary of a shallow clone, `git replace`, and grafts."""

from __future__ import annotations

from pathlib import Path

from mom_lsp.errors import RepositoryError
from mom_lsp.git.runner import Runner
from mom_lsp.git.small_files import lines_of, signature
from mom_lsp.git.torn import TornHistory

REPLACE = "refs/replace/"
PACKED_HEADER = "# pack-refs with: peeled fully-peeled sorted \n"


class Overrides:
    """The overrides of one repository, as they are now: any of them may change while it is open."""

    def __init__(self, common_dir: Path, run: Runner, torn: TornHistory) -> None:
        """Take the directory that all worktrees share, a runner in the repository, and what is missing from it."""
        self._common_dir, self._run, self._torn = common_dir, run, torn
        self._known: tuple[object, dict[str, str]] = ((), {})  # a stamp, and the replaced objects then

    @property
    def shallow(self) -> frozenset[str]:
        """The boundary commits of a shallow clone, and those before which commits are missing; fetching moves them."""
        return frozenset([*lines_of(self._common_dir / "shallow"), *self._torn.ends])

    @property
    def grafts(self) -> frozenset[str]:
        """The lines of info/grafts: each a commit and the parents it gets."""
        file = self._common_dir / "info" / "grafts"
        return frozenset(line for line in lines_of(file) if not line.startswith("#"))

    @property
    def grafts_file(self) -> Path:
        """Where git looks for grafts."""
        return self._torn.file if self._torn.ends else self._common_dir / "info" / "grafts"

    @property
    def replaced(self) -> dict[str, str]:
        """The objects that `git replace` put in the place of others. Raises RepositoryError."""
        stamp = self._stamp()
        if self._known[0] != stamp:
            self._known = stamp, self._read_replaced()
        return self._known[1]

    @property
    def all(self) -> frozenset[str]:
        """All of them, in a form that changes whenever one does; each begins with the commit that it overrides.

        One of a single word is the boundary of a shallow clone. Raises RepositoryError.
        """
        replaced = {f"{old} {new}" for old, new in self.replaced.items()}
        return self.shallow | replaced | {f"{line} " for line in self.grafts}

    def as_packed_refs(self) -> str:
        """Return the replaced objects as a packed-refs file, "" if there are none. Raises RepositoryError."""
        refs = "".join(f"{new} {REPLACE}{old}\n" for old, new in sorted(self.replaced.items()))
        return PACKED_HEADER + refs if refs else ""

    def _read_replaced(self) -> dict[str, str]:
        pairs = (
            line.split(" ") for line in self._run.lines("for-each-ref", "--format=%(refname) %(objectname)", REPLACE)
        )
        found = {name.removeprefix(REPLACE): new for name, new in pairs}
        return found if found and self._uses_replaced() else {}

    def _uses_replaced(self) -> bool:
        try:
            return self._run.lines("config", "--type=bool", "--get", "core.useReplaceRefs") != ["false"]
        except RepositoryError:  # there is no such setting
            return True

    def _stamp(self) -> object:
        """Return a value that changes with the refs of replaced objects, however git stores its refs."""
        tables = ("packed-refs", "reftable/tables.list", "config")
        loose = self._common_dir / REPLACE
        files = [*sorted(loose.iterdir())] if loose.is_dir() else []
        return tuple(map(signature, [*files, *(self._common_dir / name for name in tables)]))
