"""The Sphinx extension and the only file that imports Sphinx: mathematics, values, figures, folds, languages."""

import gettext
import hashlib
import html
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import sphinx.locale
from docutils import nodes
from docutils.parsers.rst.directives.body import Container
from sphinx.application import Sphinx
from sphinx.search import SearchEnglish
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from engine.errors import BookError

logger = logging.getLogger(__name__)

LANGUAGES = {"en": ("en", "English"), "zh": ("zh-CN", "中文")}
# What the theme says and Sphinx's own catalogue does not know.
THEME_WORDS = {
    "zh": {
        "Skip to content": "跳到正文",
        "Back to top": "回到页首",
        "On this page": "本页内容",
        "Home": "首页",
        "Next": "下一页",
        "Previous": "上一页",
        "Toggle navigation of ": "展开或收起：",
    }
}
CLOSING = tuple(".,;:!?)]”’。，、；：！？）」』》")
EXAMPLE_IN_MATH = re.compile(r"\\val\{([^:{}]+):")


def language_code(app: Sphinx) -> str:
    """`en` or `zh`, whatever the locale is called in full."""
    return (app.config.language or "en").partition("_")[0]


# --- mathematics ------------------------------------------------------------------------------------------


def mathml(node: nodes.Element, display: bool) -> str:
    """The formula as MathML; one that cannot be read is a warning at its place, and its source is shown."""
    from book.mathml import MathError, to_mathml

    source = node.astext()
    try:
        return to_mathml(source, display)
    except MathError as error:
        logger.warning("formula %r: %s", source[:80], error, location=node, type="gradbook", subtype="math")
        return f"<code>{html.escape(source)}</code>"


def visit_math(self, node: nodes.math) -> None:
    text = mathml(node, display=False)
    self.body.append(f'<span class="nobreak">{text}</span>' if "nobreak" in node["classes"] else text)
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(f"{number}{mathml(node, display=True)}</div>\n")
    raise nodes.SkipNode


def visit_math_block_tex(self, node: nodes.math_block) -> None:
    """In TeX a formula that is wider than the page is made smaller; nothing runs off the paper."""
    text = node.astext().strip()
    if "\\\\" in text and r"\begin" not in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    limits = r"max width=\linewidth,max totalheight=.9\textheight"
    box = rf"\begin{{adjustbox}}{{{limits}}}$\displaystyle {text}$\end{{adjustbox}}"
    self.body.append(f"\n\\begin{{center}}{box}\\end{{center}}\n")
    raise nodes.SkipNode


# --- {value}`seed:layer2.delta[0]|.4f` --------------------------------------------------------------------


class value(nodes.inline):  # noqa: N801 (docutils names nodes so)
    """A number of a step, standing in prose; its address is in the attribute `address`."""


class ValueRole(SphinxRole):
    """Puts a value into prose; the page is read again when the example's trace changes."""

    def run(self):
        from book import values

        try:
            found = values.lookup(self.text, Path(self.env.srcdir).parent / "static" / "traces")
        except BookError as error:
            logger.warning("%s", error, location=self.get_location(), type="gradbook", subtype="value")
            return [nodes.literal(self.rawtext, self.text)], []
        self.env.note_dependency(str(trace_file(self.env, found.address.partition(":")[0])))
        return [value(self.rawtext, found.text, address=found.address, classes=["no-search"])], []


def visit_value(self, node: value) -> None:
    self.body.append(f'<span class="value" data-value="{self.attval(node["address"])}">')


def depart_value(self, node: value) -> None:
    self.body.append("</span>")


# --- folded blocks and figures, in HTML -------------------------------------------------------------------


class fold(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A block that a reader opens; in a PDF it is an ordinary admonition."""


class fold_title(nodes.TextElement):  # noqa: N801 (docutils names nodes so)
    """The line that opens a folded block."""


class drawing(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A figure of ours that is set into the page itself."""


class PageTransform(SphinxPostTransform):
    """What HTML alone needs: folds, figures inside the page, mathematics that keeps its comma, and no index of it."""

    formats = ("html",)
    default_priority = 400

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(nodes.admonition)):
            if "fold" in node["classes"]:
                self.fold(node)
        for number, node in enumerate(list(self.document.findall(nodes.image)), start=1):
            self.draw(node, f"f{number}-")
        for node in self.document.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)):
            node["classes"].append("no-search")
        for node in self.document.findall(nodes.math):
            keep_comma(node)

    def fold(self, node: nodes.admonition) -> None:
        title, *rest = node.children
        keep = [name for name in node["classes"] if not name.startswith("admonition")]
        block = fold("", fold_title("", "", *title.children), *rest, classes=keep, ids=node["ids"])
        node.replace_self(block)

    def draw(self, node: nodes.image, prefix: str) -> None:
        path = Path(self.env.srcdir, node["uri"])
        if path.suffix == ".svg" and path.is_file():
            node.replace_self(drawing("", path=str(path), alt=node.get("alt", ""), prefix=prefix))


def keep_comma(node: nodes.math) -> None:
    """A browser may break the line between a formula and its comma: formulas that have one are marked."""
    alone = isinstance(node.parent, nodes.reference) and len(node.parent) == 1
    outer = node.parent if alone else node
    following = outer.next_node(descend=False, siblings=True)
    if isinstance(following, nodes.Text) and following.astext().startswith(CLOSING):
        outer["classes"].append("nobreak")


def visit_fold(self, node: fold) -> None:
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node: fold) -> None:
    self.body.append("</details>\n")


def visit_fold_title(self, node: fold_title) -> None:
    self.body.append("<summary>")


def depart_fold_title(self, node: fold_title) -> None:
    self.body.append("</summary>\n")


def visit_drawing(self, node: drawing) -> None:
    from book.inline_svg import inline

    text = Path(node["path"]).read_text(encoding="utf-8")
    self.body.append(f'<span class="drawing">{inline(text, node["alt"], node["prefix"])}</span>')
    raise nodes.SkipNode


class FigureForTeX(ImageConverter):
    """TeX cannot set SVG: Typst makes a PDF page of a figure, and it stays a drawing."""

    conversion_rules = [("image/svg+xml", "application/pdf")]  # noqa: RUF012 (Sphinx declares it so)

    def is_available(self) -> bool:
        return True

    def convert(self, _from: str, _to: str) -> bool:
        import typst

        page = '#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")'
        with TemporaryDirectory() as folder:
            Path(folder, "figure.svg").write_bytes(Path(_from).read_bytes())
            Path(folder, "figure.typ").write_text(page, encoding="utf-8")
            Path(_to).write_bytes(typst.compile(str(Path(folder, "figure.typ"))))
        return True


# --- the page around the text -----------------------------------------------------------------------------


def trace_file(env, name: str) -> Path:
    """The script that carries an example's exact values to its pages."""
    return Path(env.srcdir).parent / "static" / "traces" / f"{name}.js"


def examples_on(pagename: str, doctree: nodes.document | None) -> list[str]:
    """The examples whose values stand on a page, from its place, its mathematics and its prose."""
    names = set(re.findall(r"^examples/([^/]+)/", pagename))
    for node in doctree.findall() if doctree else ():
        if isinstance(node, nodes.math | nodes.math_block):
            names.update(EXAMPLE_IN_MATH.findall(node.astext()))
        elif isinstance(node, value):
            names.add(node["address"].partition(":")[0])
    return sorted(names)


def page_context(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Gives the templates the other languages of this page and the traces it needs."""
    env, own = app.env, language_code(app)
    context["languages"] = [
        (code, *LANGUAGES[code], f"{context['content_root']}../{code}/{pagename}.html")
        for code in app.config.gradbook_languages
    ]
    context["own_language"] = own
    context["traces"] = [name for name in examples_on(pagename, doctree) if trace_file(env, name).is_file()]
    for english, word in THEME_WORDS.get(own, {}).items():
        if english.startswith("Toggle"):  # written out by the theme's code, past every catalogue
            tree = context.get("furo_navigation_tree", "")
            context["furo_navigation_tree"] = tree.replace(english, word)


class ThemeWords(gettext.NullTranslations):
    """Answers for the theme's words where Sphinx's catalogue has none."""

    def __init__(self, words: dict[str, str]) -> None:
        super().__init__()
        self.words = words

    def gettext(self, message: str) -> str:
        return self.words.get(message, message)


def add_theme_words(app: Sphinx) -> None:
    catalogue = sphinx.locale.translators["general", "sphinx"]
    catalogue.add_fallback(ThemeWords(THEME_WORDS.get(language_code(app), {})))


# --- search in Chinese ------------------------------------------------------------------------------------


class ChineseSearch(SearchEnglish):
    """Chinese by characters and pairs of characters, English by stems.

    A dictionary (Sphinx's own way) cuts the page and the query differently, so that words which stand on a
    page are not found. With pairs on both sides they are, and no dictionary is needed.
    """

    lang = "zh_CN"
    han = re.compile(r"[\u3400-\u9fff]+")
    js_splitter_code = Path(__file__).with_name("chinese_search.js").read_text(encoding="utf-8")

    def split(self, input: str) -> list[str]:
        runs = self.han.findall(input)
        pairs = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
        return [*super().split(self.han.sub(" ", input)), *"".join(runs), *pairs]


# --- what must be read or written again -------------------------------------------------------------------


def folders(app: Sphinx, config) -> None:
    """Generated scripts, fonts and the catalogues lie beside the source folder of a language."""
    beside = Path(app.srcdir).parent
    config.locale_dirs = [str(beside / "locale")]
    if (beside / "static").is_dir():
        config.html_static_path = [*config.html_static_path, str(beside / "static")]
    if language_code(app) == "en":  # else xeCJK sets every apostrophe as wide as a Chinese character
        quotes = r'\xeCJKDeclareCharClass{Default}{"2018 -> "201D}'
        preamble = f"{config.latex_elements['preamble']}\n{quotes}"
        config.latex_elements = {**config.latex_elements, "preamble": preamble}


def digest(env, docname: str) -> str:
    """What a page is made from, by content: a clock that was set back must not hide a change."""
    files = [env.doc2path(docname), *(Path(env.srcdir, name) for name in sorted(env.dependencies[docname]))]
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in map(Path, files) if f.is_file())).hexdigest()


def outdated(app: Sphinx, env, added, changed, removed) -> list[str]:
    known = getattr(env, "gradbook_digests", {})
    return [name for name in env.found_docs - added if known.get(name) != digest(env, name)]


def depend_on_trace(app: Sphinx, docname: str, content: list[str]) -> None:
    for name in examples_on(docname, None):
        app.env.note_dependency(str(trace_file(app.env, name)))


def updated(app: Sphinx, env) -> set[str]:
    """When a title, a contents list or a target changes, every page may show it: all are written again."""
    env.gradbook_digests = {name: digest(env, name) for name in sorted(env.found_docs)}
    std = env.get_domain("std")
    titles = {name: title.astext() for name, title in env.titles.items()}
    parts = [titles, env.toctree_includes, std.labels, std.anonlabels]
    shape = json.dumps(parts, sort_keys=True, default=str)
    before, env.gradbook_shape = getattr(env, "gradbook_shape", None), shape
    return set() if before == shape else set(env.found_docs)


def tidy(app: Sphinx, error: Exception | None) -> None:
    """Takes away what Sphinx leaves of chapters that are gone, so that any build ends like a first one."""
    if error or app.builder.name != "html":
        return
    out, pages = Path(app.outdir), {"search", *app.env.found_docs}
    for page in out.rglob("*.html"):
        if page.relative_to(out).with_suffix("").as_posix() not in pages:
            page.unlink()
    for script in (out / "_static" / "traces").glob("*.js"):
        if not trace_file(app.env, script.stem).is_file():
            script.unlink()
    tidy_index(out / "searchindex.js")


def tidy_index(path: Path) -> None:
    """Words that no page has any more leave the search index."""
    text = path.read_text(encoding="utf-8")
    head, body = text[: text.index("(") + 1], text[text.index("(") + 1 : -1]
    index = json.loads(body)
    for kind in ("terms", "titleterms"):
        index[kind] = {word: pages for word, pages in index[kind].items() if pages != []}
    tidied = f"{head}{json.dumps(index, separators=(',', ':'), sort_keys=True)})"
    if tidied != text:
        path.write_text(tidied, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.add_config_value("gradbook_languages", list(LANGUAGES), "html", [list, tuple])
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.add_role("value", ValueRole())
    app.add_directive("div", Container)
    app.add_node(nodes.math_block, override=True, latex=(visit_math_block_tex, None))
    app.add_node(value, html=(visit_value, depart_value))
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.add_node(drawing, html=(visit_drawing, None))
    app.add_post_transform(PageTransform)
    app.add_post_transform(FigureForTeX)
    app.add_search_language(ChineseSearch)
    # The Typst builder is added here: app.add_builder(TypstBuilder).
    for event, handler in {
        "config-inited": folders,
        "builder-inited": add_theme_words,
        "env-get-outdated": outdated,
        "source-read": depend_on_trace,
        "env-updated": updated,
        "html-page-context": page_context,
        "build-finished": tidy,
    }.items():
        app.connect(event, handler, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
