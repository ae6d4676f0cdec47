"""Imported by the fork server of `nordcrawl.workers.pool`, and by nothing else, for its effect.

A signal to stop goes to the whole process group (a terminal's Ctrl-C, some service managers).
Whether to stop, and when, is the crawler's to say: its fork server and workers outlast the signal
and end with it. Both are gone as soon as the crawler is, because their pipes close.

And whatever a library has to say to standard error, no worker dies of it being full.
"""

import os
import signal
import sys

from nordcrawl.system.streams import prepare_for_crawl
from nordcrawl.workers import excepthook

# numpy's threads, one a core, are of no use to a worker, and each takes address space.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
prepare_for_crawl()
sys.excepthook = excepthook.tell
