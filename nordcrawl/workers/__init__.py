"""Workers: processes that parse what a page can make expensive."""
