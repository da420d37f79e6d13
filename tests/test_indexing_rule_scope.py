"""Rules for agents in a real repository: the files that they belong to."""

from __future__ import annotations

from repositories import Repo

from mom_lsp.git import locate
from mom_lsp.indexing.extraction_worker import Task, extract
from mom_lsp.indexing.index_rules import IndexRules

RULE = "Never return a bare string as an error, because the clients match on the code of an error."


def test_a_rule_is_anchored_at_the_files_of_the_tree_that_its_globs_match(project: Repo) -> None:
    path = ".cursor/rules/errors.mdc"
    files = {
        path: f"---\nglobs: src/**/*.ts\n---\n{RULE}\n",
        "src/a/b.ts": "let b\n",
        "src/a.py": "",
        "c.ts": "let c\n",
    }
    project.commit("Add a rule", files)
    blob = project.git("rev-parse", f"HEAD:{path}").strip()
    (memory,) = extract(Task(locate(project.root), IndexRules(), files=((path, blob),)))
    assert memory.paths == (path, "src/a/b.ts")
