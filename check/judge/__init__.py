"""What is printed against what is right: lines, tables, figures, names, languages, files, and the report."""
