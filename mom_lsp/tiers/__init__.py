"""How time and use change a memory: strength, tier, status."""

DAY = 86_400  # seconds
HOLD, RELEASE, TOUCH = 1, -1, 0  # how an event affects decay: a pin stops it, an unpin resumes it
