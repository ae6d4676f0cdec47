"""Imported by the fork server of `nordcrawl.workers.pool`, and by nothing else, for its effect.

What extraction needs is loaded there once: workers are born with it, share its memory until they
write to it, and a worker that was killed is replaced at once.
"""

import gc

from nordcrawl.extract.warm import warm_up

warm_up()
gc.collect()
# A collection writes to every object that it looks at, which would end the sharing.
gc.freeze()
