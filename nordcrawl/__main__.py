"""``python -m nordcrawl``."""

import sys

from nordcrawl.cli.main import main

sys.exit(main())
