"""The memories, their state on a HEAD, the worktree, and the feedback on them."""
