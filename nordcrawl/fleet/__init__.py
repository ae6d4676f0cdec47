"""Fleet: the shards of all sources on the machines of a Ray cluster.

===========  =================================================================================
`order`      what a shard's machine is told: which part, which settings, which sources
`holding`    the hosts of a shard, held in the archive's store; who can't hold them must stop
`shard`      a shard on this machine: hold, crawl in a subprocess, try again, let go
`worker`     the end of the line at which a cluster's worker sits: it goes, the shard stops
`cluster`    Ray (extra ``ray``), and the one module that knows it
`gather`     how the shards ended: lines, report, exit code
===========  =================================================================================

A shard's line: driver -> Ray worker -> the process of `shard` -> ``nordcrawl crawl --all --shard``
-> a crawl for each source. Nothing here knows what a crawl does.
"""
