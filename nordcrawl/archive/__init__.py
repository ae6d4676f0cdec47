"""The archive: clean articles and the crawl's ledger, as gzipped JSON Lines with a commit log.

::

    _nordcrawl.json                                       the marker: this is an archive
    schema/article-1.json  schema/ledger-1.json           JSON Schema of the lines
    articles-v1/source=<source>/date=<day>/<writer>-<first seq>.jsonl.gz
    ledger-v1/source=<source>/date=<day>/<writer>-<first seq>.jsonl.gz
    commits/<writer>/000000000001.json ...                what of it counts
    runs/<run id>.json                                    reports
    checkpoints/  erasures/                               folded state; what is not to be here

A line is accepted when it is fsynced in the local `spool`, together with what the `state` then
knows. The `shipper` seals lines into parts, puts the parts, freezes a commit that lists them, puts
it, and only then forgets them; killed anywhere, it repeats the same step with the same bytes. Every
spool is a `writer` of its own with keys and a commit log of its own, so writers never meet, and no
conditional put is needed. What a kill or a lost database leaves in the spool's folder is kept until
`adoption` has found where its lines are. Objects are never changed. Live is what a commit adds and
none removes: a `snapshot` follows the logs, the `reader` checks every digest, and gives a cursor to
go on from.

The state is a cache: `catchup` folds it from the ledgers, on an empty disk from the newest
`checkpoint` on. `compaction` and the `eraser` replace parts, as a writer of their own
(`maintenance`), and delete by a snapshot that has all of which anything tells (`wholeness`);
`purge` keeps a crawler's own disk to `erasure` orders; `verification` proves all of it from the
store alone, line by line with `line_check`; `examination` is what the doctor asks.

docs/archive-format.md is the one description of the format. `store` says what a place must offer;
`folder` and `s3` offer it, `uri` tells them apart.
"""
