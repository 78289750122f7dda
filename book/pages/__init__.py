"""The pages of examples, of operations and of the book: what their templates see, and values in prose."""
