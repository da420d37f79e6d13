"""The baseline of searches: `git log -i --all-match --grep=WORD …` with the rarest words of a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mom_lsp.git import Repository

WORD = re.compile(r"[\w.-]{3,}")
WORDS = 3  # at first; as long as no commit has all of them, the commonest is left out


@dataclass(frozen=True, slots=True)
class LogGrep:
    """The messages of a history in lower case, newest first."""

    messages: Sequence[tuple[str, str]]  # commit, message

    @classmethod
    def of(cls, repository: Repository) -> LogGrep:
        """Read the messages of HEAD's history."""
        history = repository.history(repository.resolve() or "")
        read = {commit.sha: commit.message.lower() for commit in repository.messages(history)}
        return cls([(sha, read[sha]) for sha in history if sha in read])

    def found(self, question: str) -> list[str]:
        """Return the commits that have the rarest words of a question, newest first."""
        words = dict.fromkeys(WORD.findall(question.lower()))
        with_word = {word: [sha for sha, message in self.messages if word in message] for word in words}
        rarest = sorted((word for word in words if with_word[word]), key=lambda word: len(with_word[word]))[:WORDS]
        while rarest:
            common = set.intersection(*(set(with_word[word]) for word in rarest))
            if common:
                return [sha for sha in with_word[rarest[0]] if sha in common]
            rarest.pop()
        return []
