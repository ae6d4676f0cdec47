"""Write: from an accepted line to a commit, and back after a crash.

The face of this shelf and of the private one below it: others name what is listed here.
"""

from nordcrawl.archive.local.polls import Poll, Row
from nordcrawl.archive.local.sealed import is_spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.archive_id import give_id, read_id
from nordcrawl.archive.write.gate import Held, Judge
from nordcrawl.archive.write.limits import Limits, Shipped, ShipReport
from nordcrawl.archive.write.recovery import has_commits_of, rebuild_state, ship_left_over
from nordcrawl.archive.write.writer import Writer

__all__ = [
    "Held",
    "Judge",
    "Limits",
    "Poll",
    "Row",
    "ShipReport",
    "Shipped",
    "State",
    "Writer",
    "give_id",
    "has_commits_of",
    "is_spool",
    "read_id",
    "rebuild_state",
    "ship_left_over",
]
