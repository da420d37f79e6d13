"""Whether another process is there."""

from __future__ import annotations

import os


def is_alive(process_id: int) -> bool:
    """Whether a process of this machine is alive; False on Windows, where asking would end it."""
    if os.name == "nt" or process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):  # a number that is no process's
        return False
    except PermissionError:
        pass
    return True
