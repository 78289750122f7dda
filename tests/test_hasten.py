"""What makes a build of the site faster changes no page: trees are walked, written and let go as before."""

import gc
import pickle
import subprocess
import sys
from pathlib import Path
from weakref import ref

import pytest
from docutils import nodes
from docutils.utils import DependencyList, new_document
from markdown_it import MarkdownIt

from gradbook.book.site.ext import internals
from tests.small_project import ROOT

HASTEN = "from gradbook.book.site.ext.internals import hasten; hasten()\n"


def run(code: str, *arguments: object) -> str:
    """What a process of its own prints: `hasten` is for good."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert not done.returncode, done.stderr
    return done.stdout


def page() -> nodes.document:
    """A page with a link, which a paragraph holds, and a section that the page knows by its name."""
    tree = new_document("page")
    link = nodes.reference("", "", nodes.Text("here"))
    tree += nodes.section(
        "", nodes.title("", "Title"), nodes.paragraph("", "", nodes.Text("See "), link), ids=["title"]
    )
    tree.ids["title"] = tree[0]
    return tree


@pytest.fixture
def without_search():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_tree_that_is_taken_apart_goes_at_once(without_search):
    tree = page()
    parts = [ref(node) for node in tree.findall(nodes.Element) if node is not tree]
    tree.nodes_before = list(tree.findall())
    link = next(tree.findall(nodes.reference))
    link.replace_self(nodes.Text("there"))  # as a link that is resolved
    internals.take_apart(tree)
    del tree
    assert [part() for part in parts if part() is not None] == [link]
    assert link.parent is None and link.document is None


def test_translated_words_keep_no_document_of_their_own():
    tree, parsed = page(), new_document("translated")
    parsed += nodes.paragraph("", "", nodes.Text("words"))
    tree[0].children[1].children = parsed[0].children  # as Sphinx sets them in
    internals.OfOneDocument(tree).apply()
    assert {id(node.document) for node in tree.findall()} == {id(tree)}


def test_a_parsed_text_goes_at_once_and_is_whole_until_then(without_search):
    tree = internals.Branch(MarkdownIt().parse("- one\n- two *words*\n"))
    first, second = tree.children[0].children
    assert first.next_sibling is second and second.parent is tree.children[0] and tree.parent is None
    words = ref(second.children[0].children[0].children[-1])
    assert words().parent.parent.parent is second
    del tree, first, second
    assert words() is None


def test_settings_are_read_once_and_filled_by_each_page():
    asked = []

    def get(*components, defaults, read_config_files):
        asked.append(defaults["name"])
        made = new_document("").settings
        made.record_dependencies, made.stripped = DependencyList(), []
        return made

    settings = internals._kept_settings(get)
    first, second = (settings(list, defaults={"name": "a"}, read_config_files=True) for _ in "12")
    first.record_dependencies.add("table.csv")
    first.stripped.append("x")
    assert (second.record_dependencies.list, second.stripped, asked) == ([], [], ["a"])
    settings(list, defaults={"name": "b"}, read_config_files=True)
    settings(dict, defaults={"name": "b"}, read_config_files=True)
    assert asked == ["a", "b", "b"]


def test_what_there_is_is_found_however_it_was_made():
    read = pickle.dumps(nodes.paragraph("", "", nodes.strong("", "read")), pickle.HIGHEST_PROTOCOL).hex()
    code = f"""import pickle
from docutils import nodes
{HASTEN}
class Kind(nodes.emphasis): pass
tree = nodes.section("", nodes.paragraph("", "", nodes.literal("", "a"), nodes.Text("b")))
every = list(nodes.Node.findall(tree))
for kind in (nodes.Text, nodes.TextElement, nodes.Inline, nodes.Node, nodes.literal, str, object, nodes.emphasis):
    assert list(tree.findall(kind)) == [node for node in every if isinstance(node, kind)], kind
assert list(tree.findall(nodes.strong)) == list(tree.findall(Kind)) == []
tree += pickle.loads(bytes.fromhex("{read}"))
tree[0] += Kind("", "c")
assert [node.astext() for node in tree.findall(nodes.strong)] == ["read"]
assert [node.astext() for node in tree.findall(nodes.emphasis)] == ["c"]
assert [node.astext() for node in tree.findall(lambda node: isinstance(node, nodes.Inline))] == ["a", "c", "read"]
assert [node.astext() for node in tree.findall(nodes.Inline, include_self=False)] == ["a", "c", "read"]
assert tree[0].next_node(nodes.strong, siblings=True, descend=False) is None
copied = tree.deepcopy()
assert [node.astext() for node in copied.findall(Kind)] == ["c"]
"""
    run(code)


def test_a_walk_visits_and_leaves_the_same_nodes():
    """Whatever the visitor leaves out, at any node."""
    code = f"""from docutils import nodes
from docutils.utils import new_document

class Visitor(nodes.GenericNodeVisitor):
    def __init__(self, document, at, leaves_out):
        super().__init__(document)
        self.at, self.leaves_out, self.seen = at, leaves_out, []

    def default_visit(self, node):
        self.seen.append(("to", node.astext()))
        if len(self.seen) == self.at:
            raise self.leaves_out

    def default_departure(self, node):
        self.seen.append(("from", node.astext()))
        if len(self.seen) == self.at and self.leaves_out is nodes.StopTraversal:
            raise self.leaves_out

tree = new_document("page")
words = [nodes.emphasis("", "e"), nodes.Text("x"), nodes.strong()]
tree += nodes.section("", nodes.title("", "t"), nodes.paragraph("", "", *words))
tree += nodes.transition()
skips = [nodes.SkipNode, nodes.SkipDeparture, nodes.SkipChildren, nodes.SkipSiblings, nodes.StopTraversal]

def walks():
    for leaves_out in skips:
        for at in range(1, 24):
            visitor = Visitor(tree, at, leaves_out)
            try:
                ended = tree.walkabout(visitor)
            except Exception as error:
                ended = type(error).__name__
            yield leaves_out.__name__, at, ended, visitor.seen

before = list(walks())
{HASTEN}
for was, now in zip(before, walks(), strict=True):
    assert was == now, (was, now)
print(len({{str(walk[2:]) for walk in before}}))
"""
    assert int(run(code)) > 20


PAGES = {
    "conf.py": "extensions = ['myst_parser']\nhtml_theme = 'alabaster'\nlanguage = 'de'\nlocale_dirs = ['locale']\n"
    "myst_enable_extensions = ['dollarmath']\nhtml_last_updated_fmt = None\n",
    "index.md": "# Index\n\nA sentence with *words*.\n\n```{toctree}\ninside\nown\nafter\n```\n\n```{eval-rst}\n"
    ".. include:: part.txt\n   :parser: myst_parser.sphinx_\n```\n\nAfter it $x$, [own](own.md).\n",
    "part.txt": "Inside *another* text $y$.\n",
    "inside.md": "# Inside\n\n```{csv-table}\n:file: table.csv\n```\n\n```python\na = ?\n```\n",
    "table.csv": "1,2\n",
    "own.md": "---\nmyst:\n  enable_extensions: [deflist]\n---\n# Own\n\n$no$ mathematics\n\nTerm\n: words\n",
    "after.md": "# After\n\n$z$\n\nTerm\n: no words\n\n```python\na = ?\n```\n\n"
    "```python\nb = 1\n```\n\n```text\nb = 1\n```\n",
    "locale/de/LC_MESSAGES/index.po": 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\n'
    'msgid "A sentence with *words*."\nmsgstr "Ein Satz mit *Worten* und [Ziel](own.md)."\n',
}
BUILD = """import sys
from sphinx.application import Sphinx
folder, out = sys.argv[1:]
app = Sphinx(folder, folder, out, out + "-trees", "html", status=None, warning=sys.stdout)
app.build()
print({name: sorted(map(str, found)) for name, found in sorted(app.env.dependencies.items())})
"""


def test_pages_and_warnings_are_those_of_sphinx_itself(tmp_path):
    """Texts inside others, pages with settings of their own, translations, code that cannot be read, used files."""
    for name, text in PAGES.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    told, read = {}, {}
    for name, before in {"plain": "", "hastened": HASTEN}.items():
        told[name] = run(before + BUILD, tmp_path / "in", tmp_path / name).replace(str(tmp_path / name), "")
        read[name] = written(tmp_path / name)
    assert told["hastened"] == told["plain"] and told["plain"].count("Lexing") == 2
    assert read["hastened"] == read["plain"] and "Worten" in read["plain"]["index.html"]


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}
