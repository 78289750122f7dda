"""A step of a trace as a formula: its symbols, its numbers, its rows, and MathML."""
