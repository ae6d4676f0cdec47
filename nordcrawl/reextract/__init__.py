"""Re-extraction: the pages that the archive keeps, read again by today's extractor.

==========  ==================================================================================
`plan`      the ledger -> which captures are to be read: the latest of each article
`engine`    the seam: tasks -> pages with what is read of them, whoever reads
`pages`     a capture -> its page, read by a worker as a crawl reads it
`local`     the engine of this machine: the workers of a run
`on_ray`    the engine of many machines: blocks of the plan through a cluster
`machine`   these blocks, and what reads them there
`again`     what was read -> with what others told of it, and its rights
`archive`   what was read -> revisions, by the parts of a run, under its lock and lease
`dry`       the same without a run: what would become revisions
`findings`  how many changed, which fields, coverage before and after, examples
`progress`  which parts a run that was killed had done with
==========  ==================================================================================
"""
