"""Making only what has changed: what was made is kept under a digest of all that shapes it."""
