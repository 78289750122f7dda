"""Filling the templates: notation, number formatting, derivation lines, figures, pages, and the site around them."""
