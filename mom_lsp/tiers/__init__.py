"""What becomes of a memory with time and use."""

DAY = 86_400  # seconds
HOLD, LET_GO, TOUCH = 1, -1, 0  # what an event does to decay: a pin stops it, an unpin lets it go on
