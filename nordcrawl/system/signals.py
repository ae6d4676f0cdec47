"""Signals: what tells a crawl to stop."""

from __future__ import annotations

import signal
from typing import Final

#: Of a person, a terminal or a service manager. After the second the crawl leaves at once.
STOP: Final = (signal.SIGTERM, signal.SIGINT)
#: Of who started several crawls and was told to stop. The crawl may have been told so, too, for a
#: service manager and a terminal tell all processes: so this one never counts as a second signal.
HANDED_ON: Final = signal.SIGUSR1
