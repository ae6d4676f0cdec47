"""The demo's crawl: ``scrapy crawl`` in a process that does not outlive the demo's.

Its standard input is a pipe into which the demo writes nothing. The pipe's end says that the demo
is gone, however it went, and whenever: a kill leaves it no time to say so.
"""

import os
import sys
import threading

from nordcrawl.errors import ExitCode


def _go_with_the_demo() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    threading.Thread(target=_go_with_the_demo, daemon=True).start()
    from scrapy.cmdline import execute

    execute(["scrapy", "crawl", *sys.argv[1:]])
