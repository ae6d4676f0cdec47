"""``python -m nordcrawl``."""

import sys

from nordcrawl.cli import main

sys.exit(main())
