"""Downloader middlewares, one class a file, in the order of `nordcrawl.addon`. No rule of
content."""
