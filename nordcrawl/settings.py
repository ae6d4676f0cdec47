"""Scrapy settings: every knob of an operator's, with default, unit and reason.

The only reader of ``NORDCRAWL_*`` in the environment. Each such setting is also an environment
variable of the same name and can be given as ``-s NORDCRAWL_...=``; `nordcrawl.config.options`
checks them. What to crawl is no setting: see `nordcrawl.sources.source`. Store credentials and
endpoint come by the standard AWS chain only.
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

#: Where articles go: a folder, ``file://`` or ``s3://bucket/prefix``.
NORDCRAWL_ARCHIVE = os.environ.get("NORDCRAWL_ARCHIVE") or "./archive"
#: Spool and state, on a disk that survives the process. One folder an archive and source.
NORDCRAWL_STATE_DIR = os.environ.get("NORDCRAWL_STATE_DIR") or platformdirs.user_state_dir(
    "nordcrawl", appauthor=False
)
#: More source files, or folders of them, with ``:`` between.
NORDCRAWL_SOURCES = os.environ.get("NORDCRAWL_SOURCES", "")
#: Mail address or URL that a publisher can write to; without it only loopback is crawled.
NORDCRAWL_CONTACT = os.environ.get("NORDCRAWL_CONTACT", "")
#: ``host=host:port,...``: the source's hosts elsewhere, for a local copy of a site.
NORDCRAWL_HOSTS = os.environ.get("NORDCRAWL_HOSTS", "")
#: ``http://host:port`` of a proxy by which sites are asked; no other variable is read.
NORDCRAWL_PROXY = os.environ.get("NORDCRAWL_PROXY", "")
#: Worker processes that parse and extract. 0 = one a core.
NORDCRAWL_WORKERS = os.environ.get("NORDCRAWL_WORKERS") or 0
#: Seconds that one page may take a worker before it is killed and the page marked.
NORDCRAWL_PAGE_TIMEOUT_S = os.environ.get("NORDCRAWL_PAGE_TIMEOUT_S") or 20
#: MiB of address space that one page may take a worker beyond what that holds already; a page that
#: needs more is marked.
NORDCRAWL_WORKER_MEMORY_MIB = os.environ.get("NORDCRAWL_WORKER_MEMORY_MIB") or 160
#: Close a part of the archive at this many MiB before compression, or this many seconds of age.
NORDCRAWL_PART_MIB = os.environ.get("NORDCRAWL_PART_MIB") or 16
NORDCRAWL_PART_AGE_S = os.environ.get("NORDCRAWL_PART_AGE_S") or 900
#: A spool of this size holds the crawl up until the store has taken some of it.
NORDCRAWL_SPOOL_MIB = os.environ.get("NORDCRAWL_SPOOL_MIB") or 2048
#: Seconds that a run goes on trying to ship when the store fails; then it exits with 5.
NORDCRAWL_STORE_RETRY_S = os.environ.get("NORDCRAWL_STORE_RETRY_S") or 300

#: Longest time, in seconds, that a host which answers 429 or 503 is waited for at once; one that
#: asks for more is left for another run.
NORDCRAWL_RETRY_AFTER_MAX_S = os.environ.get("NORDCRAWL_RETRY_AFTER_MAX_S") or 300
#: Longest Crawl-delay of a robots.txt, in seconds, that is obeyed; a host that asks for more is
#: skipped.
NORDCRAWL_CRAWL_DELAY_MAX_S = os.environ.get("NORDCRAWL_CRAWL_DELAY_MAX_S") or 60

#: A run is suspect (exit code 14) when more than this share of the pages it asked for failed, were
#: no article or had one and the same text; of so many pages at least. A share of 1 is never
#: exceeded. A source's table may say otherwise.
NORDCRAWL_SUSPECT_SHARE = os.environ.get("NORDCRAWL_SUSPECT_SHARE") or 0.5
NORDCRAWL_SUSPECT_PAGES = os.environ.get("NORDCRAWL_SUSPECT_PAGES") or 5

#: Budgets of one run, each of which ends it cleanly with an exit code of its own; 0 is no bound.
#: Seconds from the first request; pages; MiB of answers; MiB of memory that the crawler's process
#: holds, its workers left out.
NORDCRAWL_BUDGET_TIME_S = os.environ.get("NORDCRAWL_BUDGET_TIME_S") or 0
NORDCRAWL_BUDGET_PAGES = os.environ.get("NORDCRAWL_BUDGET_PAGES") or 0
NORDCRAWL_BUDGET_MIB = os.environ.get("NORDCRAWL_BUDGET_MIB") or 0
NORDCRAWL_BUDGET_MEMORY_MIB = os.environ.get("NORDCRAWL_BUDGET_MEMORY_MIB") or 1500
#: Seconds in which no answer came and no page was settled, after which a run is ended. A host that
#: asks for a pause takes up to three times NORDCRAWL_RETRY_AFTER_MAX_S.
NORDCRAWL_STALL_S = os.environ.get("NORDCRAWL_STALL_S") or 1800

#: Where alerts go: addresses of Apprise, parted by blanks, or a file of them, a line each. They are
#: secret, so addresses themselves are taken from the environment only.
NORDCRAWL_ALERTS = os.environ.get("NORDCRAWL_ALERTS", "")
#: 1: each crawl ends with a look at its source, as `nordcrawl alert SOURCE`.
NORDCRAWL_ALERT_AFTER_RUN = os.environ.get("NORDCRAWL_ALERT_AFTER_RUN") or 0
#: When an alert holds. Hours without the end of a run (0: as the source's rhythm tells); new
#: articles of 24 hours as a share of what is usual on the weekday; by how much the share of
#: articles with a field may fall, the share of text in pages change, the share of errors rise.
NORDCRAWL_ALERT_NO_RUN_H = os.environ.get("NORDCRAWL_ALERT_NO_RUN_H") or 0
NORDCRAWL_ALERT_FEWER = os.environ.get("NORDCRAWL_ALERT_FEWER") or 0.5
NORDCRAWL_ALERT_COVERAGE_DROP = os.environ.get("NORDCRAWL_ALERT_COVERAGE_DROP") or 0.2
NORDCRAWL_ALERT_TEXT_CHANGE = os.environ.get("NORDCRAWL_ALERT_TEXT_CHANGE") or 0.5
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
DOWNLOAD_DELAY_JITTER = 0.3
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

#: ``text`` for people, or ``json``: a line an object, for what collects logs.
NORDCRAWL_LOG = os.environ.get("NORDCRAWL_LOG") or "text"
NORDCRAWL_LOG_LEVEL = os.environ.get("NORDCRAWL_LOG_LEVEL") or "INFO"
LOG_LEVEL = NORDCRAWL_LOG_LEVEL  # -s NORDCRAWL_LOG_LEVEL: see nordcrawl.commands.crawl
LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
STATS_DUMP = False  # the run's report says it
