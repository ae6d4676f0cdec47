"""Import: pages of WARC files that others wrote become articles of one source.

===========  =================================================================================
`files`      WARC and WACZ files on this machine, as streams
`scan`       a record -> what it is to the source, or why it is left out
`gathered`   the pages that are wanted, in a temporary file, in the order of their dates
`reading`    a page -> its reading, by a worker as a crawl has it, or why it is left out
`taking`     what was read -> articles, by the parts of a run, under its lock and lease
`dry`        the same without a run: what would become an article
`findings`   how many records, what was taken and left out, where files are damaged
===========  =================================================================================
"""
