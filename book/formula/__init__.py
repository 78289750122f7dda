"""A step as a formula: a tree without words and without TeX, and the views of it, one file each."""
