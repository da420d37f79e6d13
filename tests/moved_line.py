"""A line with a reason that was reformatted and moved since: six commits."""

from __future__ import annotations

from repositories import Repo

HEAD = "import socket\n\n\n"
CONNECT = (
    "def connect(host, port, attempts=3, wait=0.5):\n"
    "    for attempt in range(attempts):\n"
    "        try:\n"
    "            return socket.create_connection((host, port), timeout=17)\n"
    "        except OSError:\n"
    "            time.sleep(wait)\n"
)
SEND = "\n\ndef send(sock, text):\n    sock.sendall(text.encode('ascii', 'replace'))\n    return len(text)\n"
REASON = "            headers = {'Connection' : 'close', 'Expect' : ''}\n"
BLACK = '            headers = {"Connection": "close", "Expect": ""}\n'
WITH = CONNECT.replace("        try:\n", "        try:\n" + REASON)
FORMATTED = WITH.replace(REASON, BLACK)
WHY = "Close each connection\n\nBecause the proxy counts the open ones, and refuses us after a hundred."


def six_commits(project: Repo) -> dict[str, str]:
    """Write a line with its reason, reformat it, move it; return the commits by their subject."""
    start = project.commit("Add url", {"lib/url.py": HEAD + CONNECT + SEND})
    reason = project.commit(WHY, {"lib/url.py": HEAD + WITH + SEND})
    project.commit("Add a file beside it", {"lib/other.py": "def other():\n    return 17\n"})
    black = project.commit("Run black", {"lib/url.py": (HEAD + FORMATTED + SEND).replace("'", '"')})
    project.commit("Say what send returns", {"lib/other.py": "def other():\n    return 18\n"})
    moved = project.commit(
        "Move connect to lib/conn.py",
        {
            "lib/url.py": (HEAD + "from lib.conn import connect\n" + SEND).replace("'", '"'),
            "lib/conn.py": HEAD + FORMATTED,
        },
    )
    return {"start": start, "reason": reason, "black": black, "moved": moved}
