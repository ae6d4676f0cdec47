"""Capture: pages as they were fetched, as WARC records. Bytes in, bytes out; no Scrapy.

==========  ==================================================================================
`write`     an exchange -> the gzip members of its records
`read`      the gzip members of a WARC file -> its records, and its captures
`stream`    a WARC file of others, compressed in any way -> its records, one at a time
`cdxj`      a WARC file -> its index
`surt`      an address -> its key in an index
==========  ==================================================================================

A **capture** is the `response` or `revisit` record of an exchange, with the `request` and the
`metadata` record behind it. Each record is a gzip member, so each can be read alone.
Source: ISO 28500:2017, WARC 1.1 (iipc.github.io/warc-specifications); docs/captures.md says what of
an exchange is not as it was sent.
"""
