"""Sphinx's settings for both languages; the language itself comes from the command line (book/site/site.py)."""

project = "gradbook"
author = "The gradbook authors"
extensions = ["myst_parser", "gradbook.book.site.ext"]  # which brings "gradbook" along
templates_path = ["templates"]
gettext_compact = False

myst_enable_extensions = [
    "amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist", "html_image",
]  # fmt: skip
myst_links_external_new_tab = False
myst_ref_domains = ["std", "math"]  # asking the parsers of C++ and other languages about each link takes long

html_theme = "furo"
html_title = "gradbook"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_favicon = "static/favicon.svg"
html_css_files = [
    "colours.css",
    "gradbook.css",
]  # that of mathematics where needed: book/site/ext/face.py
html_js_files = [("no-eval.js", {"priority": 300}), "gradbook.js"]  # the first one before translations.js (500)
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
html_last_updated_fmt = None  # a date would make the same book come out as other bytes
html_permalinks_icon = "#"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "github-dark-high-contrast"

latex_engine = "xelatex"
latex_show_urls = "no"
# No ligatures of TeX: Sphinx makes the typographic signs of the prose, an example's words stay as they are.
TEX_FONT = (
    r"[Extension=.otf,Ligatures=TeXOff,UprightFont=*-regular,BoldFont=*-bold,"
    r"ItalicFont=*-italic,BoldItalicFont=*-bolditalic]"
)
latex_elements = {
    "papersize": "a4paper",
    "pointsize": "11pt",
    "fontpkg": rf"\setmainfont{{texgyrepagella}}{TEX_FONT}\setsansfont{{texgyreheros}}{TEX_FONT}"
    rf"\setmonofont{{texgyrecursor}}{TEX_FONT}",
    # Chinese by xeCJK in both books: the English one quotes Chinese terms.
    "fontenc": r"\usepackage{fontspec}\usepackage{xeCJK}"
    r"\setCJKmainfont{FandolSong-Regular.otf}[BoldFont=FandolSong-Bold.otf,ItalicFont=FandolKai-Regular.otf]"
    r"\setCJKsansfont{FandolHei-Regular.otf}[BoldFont=FandolHei-Bold.otf]"
    r"\setCJKmonofont{FandolFang-Regular.otf}",
    "fvset": r"\fvset{fontsize=\small,formatcom=\xeCJKVerbAddon}",
    "preamble": r"\newcommand{\val}[2]{#2}" "\n" r"\setcounter{MaxMatrixCols}{30}\usepackage{adjustbox}",
}
