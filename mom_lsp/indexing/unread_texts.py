"""Which messages and files of a commit's history are too long to be read in full, for `mom doctor`."""

from __future__ import annotations

from mom_lsp.extract.comments import find_lexer
from mom_lsp.extract.documents import is_document
from mom_lsp.git import Repository
from mom_lsp.indexing.extraction_worker import wanted_file
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.limits import MAX_DOCUMENT, MAX_MESSAGE, MAX_SOURCE
from mom_lsp.phrases import count

NAMED = 3  # files


def unread_texts(repository: Repository, rules: IndexRules) -> list[str]:
    """Return what is cut or left out because of its length, one sentence for each kind."""
    head = repository.resolve()
    if head is None:
        return []
    long = sum(len(commit.message) > MAX_MESSAGE for commit in repository.messages(repository.history(head)))
    found = [f"only the first {MAX_MESSAGE:,} characters of {count(long, 'message')} are read"] if long else []
    left_out, cut = [], []
    for path, entry in repository.tree(head).items():
        document = is_document(path)
        if not (rules.documents if document else rules.comments and find_lexer(path)) or not wanted_file(path, rules):
            continue
        if entry.size > rules.max_file_size or (entry.size > MAX_SOURCE and not document):
            left_out.append(path)
        elif entry.size > MAX_DOCUMENT:
            cut.append(path)
    if left_out:
        limit = f"mom.index.maxFileSize, {rules.max_file_size:,} bytes, or {MAX_SOURCE:,} characters"
        found.append(
            f"{count(len(left_out), 'file')} not read, because longer than the limit ({limit}): {_some(left_out)}"
        )
    if cut:
        found.append(
            f"only the first {MAX_DOCUMENT:,} characters of {count(len(cut), 'document')} are read: {_some(cut)}"
        )
    return found


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more
