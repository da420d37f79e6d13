"""What readers of exports return: a discussion, or a part of one."""

from __future__ import annotations

from typing import NamedTuple

from mom_lsp.discussions.values import Discussion


class Reading(NamedTuple):
    """A discussion, or a part of one: then it has no title."""

    discussion: Discussion  # its project is "" where the export does not say it
    typed: bool = True  # False: an issue, or the pull request with the same number
