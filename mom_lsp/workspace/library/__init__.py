"""What there is to choose from: the memories, their state on a HEAD, the worktree, and what the user said of them."""
