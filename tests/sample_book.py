"""A small book for the tests of the site: two chapters, one example, both languages, every construct a page uses."""

import json
from collections.abc import Iterable
from pathlib import Path

WORDS = {
    "en": {
        "list": "Worked examples", "overview": "A small network", "forward": "Forward pass",
        "backward": "Backward pass", "given": "What is given",
        "why": "The error terms are propagated backward through the transposed matrix.",
        "fold": "Why the transpose?", "answer": "Each output reaches the loss through every weight of its row.",
        "layer": "First layer", "symbol": "Symbol", "shape": "Shape", "meaning": "Meaning",
        "figure": "The loss falls with every step.", "alt": "A curve that falls from 0.3 to nearly 0.",
        "meaning_z": "weighted sums of layer 1",
    },
    "zh": {
        "list": "演算示例", "overview": "一个小网络", "forward": "前向传播", "backward": "反向传播",
        "given": "已知条件", "why": "误差项经由权重矩阵的转置逐层反向传播。",
        "fold": "为什么要转置？", "answer": "每个输出都经由它那一行的全部权重影响损失。",
        "layer": "第一层", "symbol": "符号", "shape": "形状", "meaning": "含义",
        "figure": "损失随每一步下降。", "alt": "一条从 0.3 降到接近 0 的曲线。",
        "meaning_z": "第 1 层的加权和",
    },
}  # fmt: skip
SIZE = 4
DOCS = {
    "index.md": "# Training by hand\n\nEvery number in this book is computed.\n\n"
    "```{toctree}\nhow-to-read\nexamples/index\n```\n",
    "how-to-read.md": "# How to read this book\n\nFollow one computation at a time. Propagating errors is easy.\n\n"
    "The rule is $\\delta = W^{\\mathsf T}\\delta$.\n\n"
    "The first sum is {value}`seed:layer1.z[0]|.4f`.\n",
}
CATALOGUES = {
    "index": {"Training by hand": "手算训练", "Every number in this book is computed.": "本书的每个数都是算出来的。"},
    "how-to-read": {
        "How to read this book": "如何阅读本书",
        "Follow one computation at a time. Propagating errors is easy.": "一次只看一步计算，误差传播并不难。",
        "The rule is $\\delta = W^{\\mathsf T}\\delta$.": "规则是 $\\delta = W^{\\mathsf T}\\delta$。",
    },
}


def write_docs(docs: Path) -> None:
    """The hand-written chapters and their Chinese catalogues."""
    for name, text in DOCS.items():
        write(docs / name, text)
    for name, words in CATALOGUES.items():
        entries = [f"msgid {quote(english)}\nmsgstr {quote(chinese)}\n" for english, chinese in words.items()]
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        write(docs / "locale" / "zh_CN" / "LC_MESSAGES" / f"{name}.po", "\n".join([head, *entries]))


def write_example(source: Path, number: float = 0.3775) -> None:
    """The generated pages of one example in both languages, its figure and its trace."""
    for lang, words in WORDS.items():
        folder = source / lang / "examples"
        write(folder / "index.md", f"# {words['list']}\n\n```{{toctree}}\nseed/index\n```\n")
        write(folder / "seed" / "index.md", overview(words))
        write(folder / "seed" / "forward.md", forward(words, number))
        write(folder / "seed" / "backward.md", backward(words))
        write(folder / "seed" / "loss.svg", figure())
    content = trace(number)
    write(source / "static" / "traces" / "seed.js", f"gradbook.trace('seed', {json.dumps(content)});\n")
    steps = [{"name": name, **step} for name, step in content["steps"].items()]
    write(source / "traces" / "seed.json", json.dumps({"format": 2, "steps": steps}))


def write_more_examples(source: Path, *names: str) -> None:
    """Beside the first example, each under a caption of its own, others of two pages."""
    for lang, words in WORDS.items():
        folder = source / lang / "examples"
        lists = [contents(f"{name}/index", f":caption: Group {name}\n") for name in ("seed", *names)]
        write(folder / "index.md", "\n".join([f"# {words['list']}\n", *lists]))
        for name in names:
            write(folder / name / "index.md", f"# {words['overview']} {name}\n\n{contents('forward')}")
            write(folder / name / "forward.md", f"# {words['forward']} {name}\n\n({name}-z)=\n## {words['layer']}\n")
    for name in names:
        write(source / "static" / "traces" / f"{name}.js", f"gradbook.trace('{name}', {{}});\n")


def contents(page: str, options: str = "") -> str:
    return f"```{{toctree}}\n:hidden:\n{options}\n{page}\n```\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def matrix(step: str, value) -> str:
    row = "\\val{seed:%s[%d][%d]}{%.4g}"
    rows = (" & ".join(row % (step, i, j, value(i, j)) for j in range(SIZE)) for i in range(SIZE))
    return "\\begin{pmatrix} " + " \\\\ ".join(rows) + " \\end{pmatrix}"


def weight(i: int, j: int) -> float:
    return round(0.15 + 0.05 * (i * SIZE + j) - 0.4 * (j % 2), 4)


def overview(w: dict) -> str:
    return f"""# {w["overview"]}

{w["why"]}

| {w["symbol"]} | {w["shape"]} | {w["meaning"]} |
|---|---|---|
| $W^{{(1)}}$ | 4 × 4 | {w["given"]} |
| $\\delta^{{(2)}}$ | 2 × 1 | {w["why"]} |

```{{figure}} loss.svg
:alt: {w["alt"]}

{w["figure"]}
```

```{{toctree}}
forward
backward
```
"""


def forward(w: dict, number: float) -> str:
    entries = f"\\val{{seed:layer1.z[0]}}{{{number:.4f}}} \\\\ \\val{{seed:layer1.z[1]}}{{-0.3925}}"
    z = f"\\begin{{pmatrix}} {entries} \\end{{pmatrix}}"
    return f"""# {w["forward"]}

(seed-layer1-z)=
## {w["layer"]}

{w["why"]} $z_1 = \\val{{seed:layer1.z[0]}}{{{number:.4f}}}$.

```{{math}}
\\begin{{aligned}}
z^{{(1)}} &= W x + b \\\\
&= {matrix("layer1.W", weight)} {matrix("layer1.W", weight)} + {matrix("layer1.W", weight)} \\\\
&= {z}
\\end{{aligned}}
```

:::{{admonition}} {w["fold"]}
:class: fold

{w["answer"]}

$$\\sigma'(z) = \\underbrace{{a}}_{{2 \\times 1}} \\odot (1 - a)$$
:::

:::{{note}}
{w["answer"]}
:::

```{{code-block}} python
def forward(W, x, b):
    return W @ x + b  # one long line that does not fit on a phone: {"x" * 60}
```
"""


def backward(w: dict) -> str:
    return f"""# {w["backward"]}

{w["why"]} [{w["layer"]}](#seed-layer1-z)

```{{math}}
\\delta^{{(2)}} = \\val{{seed:layer2.delta}}{{4.387\\times 10^{{-5}}}}
```
"""


def figure() -> str:
    """As matplotlib writes them: points, style attributes, a clip path by id."""
    return """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="460.8pt" height="230.4pt" viewBox="0 0 460.8 230.4"
 xmlns="http://www.w3.org/2000/svg" version="1.1">
 <defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>
 <g id="axes"><path d="M40 20V200H440" style="fill: none; stroke: #1f2328; stroke-width: 1"/></g>
 <path d="M40 30C90 150 200 190 440 196" clip-path="url(#box)" style="fill: none; stroke: #1a5fb4; stroke-width: 2"/>
 <a xlink:href="forward.html#seed-layer1-z">
  <text x="60" y="50" style="font: bold 12px 'DejaVu Sans'; fill: #000000">J</text></a>
 <defs><clipPath id="box"><rect x="40" y="20" width="400" height="180"/></clipPath></defs>
</svg>
"""


def trace(number: float) -> dict:
    flat = [weight(i, j) for i in range(SIZE) for j in range(SIZE)]
    z = {"en": WORDS["en"]["meaning_z"], "zh": WORDS["zh"]["meaning_z"]}
    href = "examples/seed/forward.html#seed-layer1-z"
    common = {"meaning": z, "href": href}
    steps = {
        "layer1.z": {"shape": [2], "value": [number, -0.39249999999999996], "symbol": "z", **common},
        "layer1.W": {"shape": [SIZE, SIZE], "value": flat, "symbol": "W", **common},
        "layer2.delta": {"shape": [], "value": [4.386997e-05], "symbol": "δ", **common},
    }
    return {"steps": steps}


def build(folder: Path, jobs: int = 2, langs: Iterable[str] = tuple(WORDS)) -> Path:
    """Builds the sample book in `folder`; returns what readers see. Can be called again after an edit."""
    from gradbook.book.project import chapters_in
    from gradbook.book.site import site

    docs, out = folder / "docs", folder / "build"
    if not docs.exists():
        write_docs(docs)
        write_example(out / "source")
    for lang in langs:
        site.stage(chapters_in(docs), [docs / "locale"], out / "source" / lang, lang)
    with site.shared_assets(out):
        pass
    site.build_html(out, list(langs), jobs)
    site.publish(out / "work", out / "html")
    return out / "html"
