"""The archive: clean articles and the crawl's ledger, as gzipped JSON Lines with a commit log, and
pages as they were fetched.

::

    _nordcrawl.json                                       the marker: this is an archive
    schema/article-1.json  schema/ledger-1.json           JSON Schema of the lines
    articles-v1/source=<source>/date=<day>/<writer>-<first seq>.jsonl.gz
    ledger-v1/source=<source>/date=<day>/<writer>-<first seq>.jsonl.gz
    captures-v1/source=<source>/date=<day>/<id>-<number>.warc.gz, .cdxj     pages as fetched
    quarantine-v1/source=<source>/date=<day>/...          what is held back
    commits/<writer>/000000000001.json ...                what of it counts
    runs/<run id>.json                                    reports
    checkpoints/  erasures/                               folded state; what is not to be here

Seven shelves, the higher on the lower; `local` and `log` are private to the archive:

- `format`: keys, lines, seals, commits, cursors, orders, checkpoints as bytes. No I/O.
- `store`: a folder or a bucket behind one `protocol`; `address` tells them apart.
- `log`: the logs of all writers added up to a `snapshot` of what is live; `erasures` in force;
  `wholeness` for those that delete.
- `local`: the `spool` and the `state` on this machine's disk, and their `database`.
- `read`: each record once, every digest checked, with a cursor to go on from.
- `write`: from an accepted line to a commit, and back after a crash.
- `keep`: compaction, erasure, quarantine, verification.

A line is accepted when it is fsynced in the spool, together with what the state then knows. The
shipper seals lines into parts, puts the parts, freezes a commit that lists them, puts it, and only
then forgets them; killed anywhere, it repeats the same step with the same bytes. Every spool is a
writer of its own with keys and a commit log of its own, so writers never meet, and no conditional
put is needed. What a kill or a lost database leaves in the spool's folder is kept until
`write.adoption` has found where its lines are. Objects are never changed. Live is what a commit
adds and none removes.

The state is a cache: `write.catch_up` folds it from the ledgers, on an empty disk from the newest
checkpoint on. `keep.compact` and `keep.erase` replace parts, as a writer of their own
(`keep.maintainer`); `local.purge` keeps a crawler's own disk to erasure orders. `write.gate` holds
back a batch that is unlike all before it, until `keep.settle` releases or drops it. `keep.verify`
proves all of it from the store alone.

docs/archive-format.md is the one description of the format.
"""
