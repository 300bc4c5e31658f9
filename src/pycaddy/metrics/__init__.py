"""Time series of a run: what was logged, where it is kept, and what it comes down to."""
