"""Judging the figures that a source prints: by rounding, by redoing them, by programs with a slip."""
