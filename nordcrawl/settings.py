"""Scrapy settings: every knob of an operator's, with default, unit and reason.

The only reader of ``NORDCRAWL_*`` in the environment. docs/settings.md is made of what stands above
each in ``#:`` (Markdown, read by operators), of its default, and of its range in
`nordcrawl.config.options`, which checks them. Each is also an environment variable of the same
name and can be given as ``-s NORDCRAWL_...=``. What to crawl is no setting: see
`nordcrawl.sources.source`. Store credentials and endpoint come by the standard AWS chain only.
Source of the reasons: docs.scrapy.org, "Security" and "Settings"; docs/operations.md.
"""

from __future__ import annotations

import os

import platformdirs

from nordcrawl._version import __version__

BOT_NAME = "nordcrawl"
SPIDER_LOADER_CLASS = "nordcrawl.spiders.loader.SourceLoader"
SPIDER_MODULES: list[str] = []
COMMANDS_MODULE = "nordcrawl.commands"
ADDONS = {"nordcrawl.addon.NordcrawlAddon": 100}

# --- the operator's ---------------------------------------------------------------------------

#: Where articles go: a folder, `file://…` or `s3://bucket/prefix`.
NORDCRAWL_ARCHIVE = os.environ.get("NORDCRAWL_ARCHIVE") or "./archive"
#: Spool and state; keep it on a disk that survives the process.
NORDCRAWL_STATE_DIR = os.environ.get("NORDCRAWL_STATE_DIR") or platformdirs.user_state_dir(
    "nordcrawl", appauthor=False
)
#: Source files of your own, or folders of them (all `*.toml`), with `:` between.
NORDCRAWL_SOURCES = os.environ.get("NORDCRAWL_SOURCES", "")
#: Mail address or URL, sent in the User-Agent; without it only loopback is crawled.
NORDCRAWL_CONTACT = os.environ.get("NORDCRAWL_CONTACT", "")
#: `host=host:port,…`: a source's hosts moved to this machine.
NORDCRAWL_HOSTS = os.environ.get("NORDCRAWL_HOSTS", "")
#: `http://host:port` of a proxy by which sites are asked, https through a tunnel; the usual
#: variables (`http_proxy`) are not read. It resolves the names, so it has to keep private
#: addresses out of reach.
NORDCRAWL_PROXY = os.environ.get("NORDCRAWL_PROXY", "")
#: Worker processes that parse and extract; 0 is one a core.
NORDCRAWL_WORKERS = os.environ.get("NORDCRAWL_WORKERS") or 0
#: Seconds that one page may take a worker, before that is killed and the page marked.
NORDCRAWL_PAGE_TIMEOUT_S = os.environ.get("NORDCRAWL_PAGE_TIMEOUT_S") or 20
#: MiB of address space that one page may take a worker beyond what that holds; a page that needs
#: more is `extraction_failed` ("needed too much memory").
NORDCRAWL_WORKER_MEMORY_MIB = os.environ.get("NORDCRAWL_WORKER_MEMORY_MIB") or 160
#: A part of the archive is closed at this many MiB before compression.
NORDCRAWL_PART_MIB = os.environ.get("NORDCRAWL_PART_MIB") or 16
#: A part of the archive is closed at this age, in seconds, too.
NORDCRAWL_PART_AGE_S = os.environ.get("NORDCRAWL_PART_AGE_S") or 900
#: When so much waits for the store, the crawl waits, too; it goes on as soon as the store takes
#: some, and ends with 5 if it takes nothing for `NORDCRAWL_STORE_RETRY_S`.
NORDCRAWL_SPOOL_MIB = os.environ.get("NORDCRAWL_SPOOL_MIB") or 2048
#: Seconds that a failing store is tried before the run ends with 5, at its start as later; one
#: try waits for an answer for half of it, 10 s at the least and 60 s at most.
NORDCRAWL_STORE_RETRY_S = os.environ.get("NORDCRAWL_STORE_RETRY_S") or 300

#: 1: the page of each article is kept as it was fetched, too, as WARC
#: ([captures.md](captures.md)); a source's table may say otherwise. Needs the extra `capture`.
NORDCRAWL_CAPTURE = os.environ.get("NORDCRAWL_CAPTURE") or 0

#: Seconds that a host which answers 429 or 503 is waited for at once, three times as many in
#: all; one that asks for more is left for another run, and its pages end as `blocked` or
#: `fetch_failed`.
NORDCRAWL_RETRY_AFTER_MAX_S = os.environ.get("NORDCRAWL_RETRY_AFTER_MAX_S") or 300
#: Longest `Crawl-delay` of a robots.txt that is obeyed; a host that wants more is skipped and
#: named.
NORDCRAWL_CRAWL_DELAY_MAX_S = os.environ.get("NORDCRAWL_CRAWL_DELAY_MAX_S") or 60

#: A run ends with 14 when more than this share of its pages is bad
#: ([operations.md](operations.md#exit-codes)); 1
#: is never exceeded; a source's table may say otherwise.
NORDCRAWL_SUSPECT_SHARE = os.environ.get("NORDCRAWL_SUSPECT_SHARE") or 0.5
#: A run ends with 14 only where so many pages at least were asked for.
NORDCRAWL_SUSPECT_PAGES = os.environ.get("NORDCRAWL_SUSPECT_PAGES") or 5

#: 0: no batch is held back, whatever it looks like
#: ([operations.md](operations.md#quarantine)).
NORDCRAWL_QUARANTINE = os.environ.get("NORDCRAWL_QUARANTINE") or 1
#: A batch (what a part of the archive holds) is judged only where it has so many articles.
NORDCRAWL_QUARANTINE_PAGES = os.environ.get("NORDCRAWL_QUARANTINE_PAGES") or 20
#: And where earlier runs of the source archived so many articles.
NORDCRAWL_QUARANTINE_HISTORY = os.environ.get("NORDCRAWL_QUARANTINE_HISTORY") or 100
#: The share of a batch's articles with a field that nearly all had before (title, authors, time of
#: publication) below which it is held; 0: never.
NORDCRAWL_QUARANTINE_COVERAGE = os.environ.get("NORDCRAWL_QUARANTINE_COVERAGE") or 0.5
#: How many times shorter or longer than ever before the median text of a batch may be, and how many
#: times smaller the share of the page that is text.
NORDCRAWL_QUARANTINE_FACTOR = os.environ.get("NORDCRAWL_QUARANTINE_FACTOR") or 10
#: The share of a batch's pages that may have one and the same text, or title; 1: all may.
NORDCRAWL_QUARANTINE_SAME = os.environ.get("NORDCRAWL_QUARANTINE_SAME") or 0.5

#: Seconds that a run may crawl; then it ends cleanly, with 15; 0 is no bound.
NORDCRAWL_BUDGET_TIME_S = os.environ.get("NORDCRAWL_BUDGET_TIME_S") or 0
#: Pages of a run, as `limit`; what is left ends it with 7; 0 is no bound.
NORDCRAWL_BUDGET_PAGES = os.environ.get("NORDCRAWL_BUDGET_PAGES") or 0
#: MiB of answers, as they came over the network, of a run; then it ends cleanly, with 16; 0 is
#: no bound.
NORDCRAWL_BUDGET_MIB = os.environ.get("NORDCRAWL_BUDGET_MIB") or 0
#: MiB that the crawler's process may hold, workers left out; looked at each 10 s; above it the
#: run ends cleanly, with 17; 0 is no bound.
NORDCRAWL_BUDGET_MEMORY_MIB = os.environ.get("NORDCRAWL_BUDGET_MEMORY_MIB") or 1500
#: Seconds in which no answer came and no page was settled, after which a run ends cleanly, with
#: 18; 0 is no bound. More than three times `NORDCRAWL_RETRY_AFTER_MAX_S`, the longest that a
#: host is waited for.
NORDCRAWL_STALL_S = os.environ.get("NORDCRAWL_STALL_S") or 1800

#: Where alerts go: addresses of Apprise, parted by blanks, or a file of them, a line each. They are
#: secret, so addresses themselves are taken from the environment only.
NORDCRAWL_ALERTS = os.environ.get("NORDCRAWL_ALERTS", "")
#: 1: each crawl ends with a look at its source, as `nordcrawl alert SOURCE`.
NORDCRAWL_ALERT_AFTER_RUN = os.environ.get("NORDCRAWL_ALERT_AFTER_RUN") or 0
#: Hours without the end of a run that are allowed; 0: as the source's rhythm tells.
NORDCRAWL_ALERT_NO_RUN_H = os.environ.get("NORDCRAWL_ALERT_NO_RUN_H") or 0
#: The share of the usual number of articles of a weekday below which they are few; 0: never.
NORDCRAWL_ALERT_FEWER = os.environ.get("NORDCRAWL_ALERT_FEWER") or 0.5
#: By how much the share of articles with a field may fall; 1: never.
NORDCRAWL_ALERT_COVERAGE_DROP = os.environ.get("NORDCRAWL_ALERT_COVERAGE_DROP") or 0.2
#: By how much of itself the share of a page that is text may change; 1: never.
NORDCRAWL_ALERT_TEXT_CHANGE = os.environ.get("NORDCRAWL_ALERT_TEXT_CHANGE") or 0.5
#: By how much the share of pages that fail may rise; 1: never.
NORDCRAWL_ALERT_ERRORS_RISE = os.environ.get("NORDCRAWL_ALERT_ERRORS_RISE") or 0.1

# --- manners ----------------------------------------------------------------------------------
# `nordcrawl.commands.crawl` adds the contact to USER_AGENT and sets the source's DOWNLOAD_DELAY.

USER_AGENT = f"nordcrawl/{__version__}"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "nordcrawl"
# Also the most pages on their way from the request to the record on disk.
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 1
# Of one answer, and a page gives one item: Scrapy starts so many tasks for each answer.
CONCURRENT_ITEMS = 1
# Pages are asked for in the order that the run chose, newest first; Scrapy's default turns it.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0  # a delay is the least there is; jitter would take from it, too
RETRY_TIMES = 2
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
}

# --- safety -----------------------------------------------------------------------------------

# Two consoles that run Python in the crawler, both on by default in Scrapy.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True
# Only http and https exist.
DOWNLOAD_HANDLERS = {
    "http": "nordcrawl.download_handlers.DownloadHandler",
    "https": "nordcrawl.download_handlers.DownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Refuses addresses that are not public, after name resolution, at every hop.
TWISTED_DNS_RESOLVER = "nordcrawl.middlewares.resolver.GuardResolver"
HTTPPROXY_ENABLED = False  # an http_proxy variable would go round the resolver; NORDCRAWL_PROXY
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 5
# An article is well below; bombs are cut while they inflate.
DOWNLOAD_MAXSIZE = 16 << 20
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30  # seconds, for the whole answer
DNS_TIMEOUT = 10
# Every status is an answer that the ledger keeps; see nordcrawl.fetch.answer.
HTTPERROR_ALLOW_ALL = True
MEMUSAGE_ENABLED = True
MEMUSAGE_LIMIT_MB = NORDCRAWL_BUDGET_MEMORY_MIB  # -s: see nordcrawl.commands.crawl
MEMUSAGE_CHECK_INTERVAL_SECONDS = 10
# Bytes of pages on their way through the workers; above it nothing more is fetched.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 10_000_000

#: Port of 127.0.0.1 on which a crawl answers Prometheus (`/metrics`) while it runs; 0 is none.
#: Needs the extra `metrics` ([operations.md](operations.md#looking-after-it)).
NORDCRAWL_METRICS_PORT = os.environ.get("NORDCRAWL_METRICS_PORT") or 0

#: `text`, or `json`: each line of the log an object
#: ([operations.md](operations.md#what-a-crawl-says)).
NORDCRAWL_LOG = os.environ.get("NORDCRAWL_LOG") or "text"
#: How much is logged. `INFO` is one line a page at most; `WARNING` for silence; Scrapy's `-L`
#: and `-s LOG_LEVEL` go before it.
NORDCRAWL_LOG_LEVEL = os.environ.get("NORDCRAWL_LOG_LEVEL") or "INFO"
LOG_LEVEL = NORDCRAWL_LOG_LEVEL  # -s NORDCRAWL_LOG_LEVEL: see nordcrawl.commands.crawl
LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
STATS_DUMP = False  # the run's report says it
