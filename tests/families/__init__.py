"""Every family: its gradients exact, against a model written independently in PyTorch, and bad input."""
