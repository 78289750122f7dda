"""Languages: the templates with their catalogues, and the words that they say."""
