"""Rights: what sites and pages reserve, and whether that keeps them out of an archive.

Pure: bytes and values in, values out. Reads nothing from the network and decides nothing about
robots.txt's Allow and Disallow. docs/rights.md has the table of signals with its reasons.

==============  =====================================================================
`signals`       the table: what each signal is worth; `Statement`, one as it stood
`directives`    robots meta and X-Robots-Tag
`patterns`      paths with ``*`` and ``$``
`tdmrep`        /.well-known/tdmrep.json
`usage`         Content-Signal and Content-Usage
`site`          `SiteRights`: what a host says for itself
`policy`        `PageRights`, what holds, `decide`, and what a record gets
==============  =====================================================================
"""

from __future__ import annotations

from nordcrawl.rights.directives import OTHER_AGENTS
from nordcrawl.rights.policy import (
    Denial,
    PageRights,
    Policy,
    decide,
    holding,
    read_page,
    recorded,
    recorded_again,
    remembered,
)
from nordcrawl.rights.signals import SIGNALS, Place, Signal, Statement, join
from nordcrawl.rights.site import Fetched, SiteRights, read_site
from nordcrawl.rights.tdmrep import PATH as TDMREP_PATH

__all__ = [
    "OTHER_AGENTS",
    "SIGNALS",
    "TDMREP_PATH",
    "Denial",
    "Fetched",
    "PageRights",
    "Place",
    "Policy",
    "Signal",
    "SiteRights",
    "Statement",
    "decide",
    "holding",
    "join",
    "read_page",
    "read_site",
    "recorded",
    "recorded_again",
    "remembered",
]
