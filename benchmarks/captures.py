"""What it costs to keep pages as they were fetched: the same crawl with captures and without.

In pairs, in turn, against the server of `crawl.py`, whose pages come gzipped as real ones do.
Printed are the CPU of the crawler's process, the wall, and the bytes of the archive, each a page.
Usage: captures.py [PAGES] [PAIRS] [KB A PAGE]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from crawl import (  # type: ignore[import-not-found]  # of this folder
    Cost,
    Site,
    run,
    serve,
)


def crawled(site: Site, count: int, *, captures: bool) -> tuple[Cost, dict[str, int]]:
    """Crawl the site; return what it cost, and the bytes of each folder of the archive."""
    host = f"127.0.0.1:{site.server.server_port}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "bench.toml").write_text(
            f'[sources.bench]\ntitle = "Bench"\nhosts = {{ "{host}" = "en" }}\n'
            "sitemaps = ['/sitemap.xml']\narticle_urls = ['^/news/']\n"
        )
        cost = run(
            [sys.executable, "-m", "nordcrawl", "crawl", "bench"],
            folder,
            site,
            count,
            NORDCRAWL_SOURCES=str(folder / "bench.toml"),
            NORDCRAWL_ARCHIVE=str(folder / "archive"),
            NORDCRAWL_STATE_DIR=str(folder / "state"),
            NORDCRAWL_CAPTURE=str(int(captures)),
        )
        sizes: dict[str, int] = {}
        for file in (folder / "archive").rglob("*"):
            if file.is_file():
                name = file.relative_to(folder / "archive").parts[0]
                sizes[name] = sizes.get(name, 0) + file.stat().st_size
        return cost, sizes


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    size_kb = int(sys.argv[3]) if len(sys.argv) > 3 else 250
    site = serve(count, size_kb * 1000)
    more, shares = [], []
    for number in range(pairs):
        (plain, _), (kept, sizes) = (crawled(site, count, captures=c) for c in (False, True))
        more.append(kept.crawler_ms - plain.crawler_ms)
        shares.append(kept.wall_s / plain.wall_s)
        print(
            f"pair {number + 1}: {count} pages of {size_kb} kB; CPU a page in the crawler "
            f"{plain.crawler_ms:.1f} ms without, {kept.crawler_ms:.1f} ms with captures; "
            f"{plain.wall_s:.1f} s and {kept.wall_s:.1f} s; "
            f"{plain.peak_mib:.0f} and {kept.peak_mib:.0f} MiB; a page takes "
            f"{sizes['captures-v1'] / count:.0f} bytes as a capture, "
            f"{sizes['articles-v1'] / count:.0f} as a record",
            flush=True,
        )
    print(
        f"median: captures cost {statistics.median(more):.1f} ms of CPU a page in the crawler, "
        f"and {statistics.median(shares):.2f} times the time"
    )
    site.server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
