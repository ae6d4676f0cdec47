"""Alerts: what is amiss with an archive's sources, told once to whoever looks after them.

``gather`` reads the archive, ``runs`` and ``texts`` judge (pure), ``memory`` knows who was told
what, ``deliver`` sends; ``look`` is all of it.
"""
