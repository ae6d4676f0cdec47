"""Extensions: they observe a crawl and hold no rule."""
