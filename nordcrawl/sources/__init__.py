"""Sources: whom we crawl, as data; a TOML file each."""
