"""Replay: a source's spider, run against recorded pages instead of the net.

==============  =====================================================================
`gather`        an archive -> the pages to be replayed
`tape`          these pages in a folder: a WARC file, and what is known of each
`answers`       a WARC record -> the response that Scrapy would have had
`spider`        a source's spider, its links and its network replaced; the rest is its own
`comparison`    what came out, against the archive's records
==============  =====================================================================

Only `answers` and `spider` know Scrapy. Where pages come from is `gather`'s alone: whoever has
other WARC files makes a tape of them.
"""
