"""The report of a run: curves, lengths, attention, and its worst and best translations."""
