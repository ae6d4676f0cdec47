"""Doctor: examine settings, machine, spools and store, and say what to do about it."""
