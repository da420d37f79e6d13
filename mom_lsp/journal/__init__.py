"""The journal: what the user did (pins, forgets, notes, uses) as append-only events in SQLite.

It stores and iterates over events, and does not interpret them. An event is on disk when `append` returns (WAL with
`synchronous=EXTRA`; on network disks, where WAL is not safe, a rollback journal). A damaged file is moved aside, its
intact events and those of the second copy go on in a new one, and `problems` says so.
"""

from mom_lsp.journal.event import Event, EventType
from mom_lsp.journal.journal import Journal
from mom_lsp.journal.sqlite_file import on_network_disk

__all__ = ["Event", "EventType", "Journal", "on_network_disk"]
