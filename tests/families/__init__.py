"""Every family against a model written independently in PyTorch, central differences, and bad input."""
