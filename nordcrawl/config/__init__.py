"""Config: settings and arguments of a run, checked, and where its local files lie."""
