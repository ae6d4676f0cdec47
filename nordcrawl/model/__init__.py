"""Model: the values that cross from one room to the next. Reads and prints nothing."""
