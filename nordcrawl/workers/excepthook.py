"""What the fork server says of a worker that could not start."""

from __future__ import annotations

import sys
import traceback
from multiprocessing import synchronize
from types import TracebackType


def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an error as Python does, but one: a worker that starts while its pool is closed finds
    the pool's locks gone. Nobody waits for it any more, and a crawl's standard error is for what
    is wrong.
    """
    frames = traceback.extract_tb(trace)
    if (
        issubclass(kind, FileNotFoundError)
        and frames
        and frames[-1].filename == synchronize.__file__
    ):
        return
    sys.__excepthook__(kind, error, trace)
