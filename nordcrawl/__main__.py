"""``nordcrawl``, and ``python -m nordcrawl``: load what every command needs, and call it."""

import signal
import sys


def main() -> int:
    """Run the command line of this process and return its exit status.

    Ctrl-C while the first modules load ends the process as the signal does: nothing has begun that
    could be ended in order, and a traceback of an import tells nobody anything.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nordcrawl.cli.main import main as command

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return command()


if __name__ == "__main__":
    sys.exit(main())
