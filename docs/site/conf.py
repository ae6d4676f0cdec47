"""Settings of Sphinx, for ``docs/site/build.py``: MyST, autodoc, and nothing from outside."""

from nordcrawl._version import __version__

project = "nordcrawl"
author = "nordcrawl maintainers"
release = version = __version__
language = "en"
highlight_language = "text"  # of blocks that name none
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# As GitHub reads the same files: anchors of headings, tables, addresses that are links.
myst_heading_anchors = 4
# Examples with an ellipsis in them, and crontabs.
suppress_warnings = ["misc.highlighting_failure"]

# Docstrings name what they speak of in single backticks.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"nordcrawl {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
