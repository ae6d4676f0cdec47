"""Cluster: work on the machines of a Ray cluster (extra ``ray``).

===========  =================================================================================
`alike`      what all machines must have in common, and the refusal where they have not
`join`       join and leave one; the one door to Ray
`machine`    what a machine is told, and what it holds between two blocks of work
`stream`     blocks of items -> the machines -> what comes of them, by Ray Data
===========  =================================================================================

A block is a list of items that one machine works on at a time: what is begun anew when it dies.
Nothing here knows what the work is. `nordcrawl.fleet` runs crawls on a cluster.
"""
