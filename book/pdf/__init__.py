"""Document trees into PDF: what Typst sets."""
