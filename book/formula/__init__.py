"""A step of a trace as a formula: a tree without words and without TeX, and the views of it, one file each."""
