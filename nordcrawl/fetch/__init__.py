"""Fetch: what to ask for and when, and what an answer means. Pure; Scrapy does the asking."""
