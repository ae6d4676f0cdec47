"""Quarantine: whether a batch of records looks like what its source gave before.

Which of its records are held back follows in `nordcrawl.archive.write.gate`; what becomes of them
then in `nordcrawl.archive.keep.quarantine`.
"""
