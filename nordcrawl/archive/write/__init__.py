"""Write: from an accepted line to a commit, and back after a crash.

The face of this shelf and of the private one below it: others name what is listed here.
"""

from nordcrawl.archive.local.polls import Poll, Row
from nordcrawl.archive.local.spool import is_spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.write.recovery import rebuild_state, ship_left_over
from nordcrawl.archive.write.writer import Limits, Shipped, ShipReport, Writer

__all__ = [
    "Limits",
    "Poll",
    "Row",
    "ShipReport",
    "Shipped",
    "State",
    "Writer",
    "is_spool",
    "rebuild_state",
    "ship_left_over",
]
