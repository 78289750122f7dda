"""Pages into a site: the run of Sphinx, the extension, the theme, publishing, serving, and the PDF of it."""
