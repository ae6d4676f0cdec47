"""Imported by the fork server of `nordcrawl.workers`, for its effect: its workers are born warm.

What is warm is made once, and the workers share its memory. Each would take 0.7 s of CPU, again
whenever one is replaced.
"""

from nordcrawl.extract.warm import warm_up

warm_up()
