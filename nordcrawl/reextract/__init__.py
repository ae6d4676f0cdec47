"""Re-extraction: the pages that the archive keeps, read again by today's extractor.

==========  ==================================================================================
`plan`      the ledger -> which captures are to be read: the latest of each article
`again`     a capture -> its page, read by a worker as a crawl reads it
`archive`   what was read -> revisions, by the parts of a run, under its lock and lease
`dry`       the same without a run: what would become revisions
`findings`  how many changed, which fields, coverage before and after, examples
`progress`  which parts a run that was killed had done with
==========  ==================================================================================
"""
