"""What a page of the site may load and run: its own files, nothing written into it, nothing from elsewhere."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self' data:",  # the mathematical face comes in the style sheet, before anything is drawn
        "img-src 'self' data:",  # the theme draws its icons from data: addresses
        "connect-src 'self'",  # the search reads pages, `serve` tells of new editions
        "form-action 'self'",
        "base-uri 'none'",
    ]
)
"""The Content-Security-Policy that every page carries in itself, so that it holds wherever the site is put."""

HEADER = f"{POLICY}; frame-ancestors 'none'"
"""The same as a header, with the one word that a page cannot say of itself."""
