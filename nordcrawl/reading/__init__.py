"""Reading the archive: what is asked for, in which columns, and written in which form.

The way of a reading is `query` (which records) -> `taking` (from the archive) -> `fields` (what of
them) -> one of the `forms` -> `output` (where to). Used by `nordcrawl.api` and by the commands
``read``, ``files`` and ``schema``; knows nothing of crawling.
"""
