"""Whether another process is alive."""

from __future__ import annotations

import os


def is_alive(process_id: int) -> bool:
    """Whether a process is alive; always False on Windows, where the check would kill it."""
    if os.name == "nt" or process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):  # not the number of a process
        return False
    except PermissionError:
        pass
    return True
