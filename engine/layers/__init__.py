"""Lines on the tape that several families share, and the tables of an example that describe them."""
