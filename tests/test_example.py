"""Bad input: whatever an example file or a change says, the answer is an Example or one clear sentence."""

import copy
import os
import pprint
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradbook.engine import BookError, Example, load, work
from gradbook.engine.load import check_name, validate
from gradbook.engine.spec.changes import apply_change
from gradbook.engine.spec.limits import LIMITS
from tests.chance import draws, remember

SEED = Path(__file__).parent.parent / "examples" / "seed.toml"
TEXT = SEED.read_text(encoding="utf-8")
TABLES = tomllib.loads(TEXT)


def sentence(action, *args) -> str:
    """The one sentence with which `action` refuses."""
    with pytest.raises(BookError) as caught:
        action(*args)
    text = str(caught.value)
    assert text.isprintable() and len(text) < 1200
    assert text.endswith((".", ".)", "…"))
    assert not any(sign in text for sign in ("pydantic", "Traceback", "input_value", "validation error"))
    return text


def refused(tmp_path, old: str, new: str, name="seed.toml", count=1) -> str:
    """The sentence for the seed with `old` replaced by `new`; it names the file."""
    assert old in TEXT
    path = tmp_path / name
    path.write_text(TEXT.replace(old, new, count), encoding="utf-8")
    text = sentence(lambda: work(load(path)))
    assert "seed" in text
    return text


W1 = "W = [[0.15, 0.20], [0.25, 0.30]]"

MISTAKES = [
    # keys
    ('loss = "half', 'los = "half', ["unknown key 'los'", "Did you mean 'loss'?"]),
    ("[update]", "[updates]", ["unknown key 'updates'", "Did you mean 'update'?"]),
    ("b = [0.35", "B = [0.35", ["layers[0]: unknown key 'B'", "Did you mean 'b'?", "Known: W, b, activation"]),
    ("learning_rate = 0.5", "learningrate = 0.5", ["update: unknown key", "Did you mean 'learning_rate'?"]),
    ("learning_rate = 0.5", "", ["update.learning_rate: is missing"]),
    ('family = "mlp"', "", ["family: is missing", "Known: ", "mlp"]),
    # names
    ('"mlp"', '"mpl"', ["family: unknown family 'mpl'", "Did you mean 'mlp'?"]),
    ('"mlp"', "7", ["family:"]),
    ('"sigmoid"', '"sigmod"', ["layers[0].activation: unknown activation 'sigmod'", "Did you mean 'sigmoid'?"]),
    ('"sigmoid"', '"Sigmoid"', ["Did you mean 'sigmoid'?"]),
    ('"sgd"', '"sdg"', ["update.optimizer: unknown optimizer 'sdg'", "Did you mean 'sgd'?"]),
    ("half_squared_error", "half_square", ["loss: unknown loss", "Did you mean 'half_squared_error'?"]),
    (
        "learning_rate = 0.5", 'learning_rate = 0.5\nfrozen = ["layer1.w"]',
        ["update.frozen: unknown parameter 'layer1.w'", "Did you mean 'layer1.W'?"],
    ),
    ("learning_rate = 0.5", 'learning_rate = 0.5\nfrozen = "layer1.W"', ["update.frozen: expected a list"]),
    # shapes
    (W1, "W = [[0.15], [0.25]]", ["layers[0].W", "has 1 column, expected 2", "data.x has 2 columns"]),
    ("[0.15, 0.20]", "[0.15]", ["layers[0].W: row 2 has 2 numbers, row 1 has 1"]),
    ("b = [0.35, 0.35]", "b = [0.35]", ["layers[0].b: has 1 entry, expected 2", "because layers[0].W has 2 rows"]),
    (
        "W = [[0.40, 0.45], [0.50, 0.55]]", "W = [[0.4]]",
        ["layers[1].W: has 1 row and 1 column, expected 2 rows", "and 2 columns", "layers[0].W has 2 rows"],
    ),
    ("y = [[0.01, 0.99]]", "y = [[0.01]]", ["data.y: has 1 column, expected 2"]),
    ("y = [[0.01, 0.99]]", "y = [[0.01, 0.99], [0, 1]]", ["data.y: has 2 rows, expected 1"]),
    ("x = [[0.05, 0.10]]", "x = [0.05, 0.10]", ["data.x[0]: expected a list in [ ], found 0.05"]),
    ("x = [[0.05, 0.10]]", "x = [[[0.05], 0.10]]", ["data.x[0][0]: expected a number, found [0.05]"]),
    # empty
    (W1, "W = []", ["layers[0].W: is empty"]),
    (W1, "W = [[]]", ["layers[0].W: is empty"]),
    ("b = [0.35, 0.35]", "b = []", ["layers[0].b: is empty"]),
    ("x = [[0.05, 0.10]]", "x = []", ["data.x: is empty"]),
    # numbers
    ("0.05", '"0.05"', ["data.x[0][0]: expected a number, found '0.05'"]),
    ("0.05", "true", ["data.x[0][0]: expected a number, found true"]),
    ("0.05", "nan", ["data.x[0][0]: expected a finite number, found nan"]),
    ("0.05", "inf", ["data.x[0][0]: expected a finite number, found inf"]),
    ("0.05", "-inf", ["expected a finite number, found -inf"]),
    ("0.05", "1e400", ["data.x[0][0]: expected a finite number, found inf"]),
    ("0.05", "1" + "0" * 400, ["data.x[0][0]: expected a number, found 1000"]),
    ("0.05", "1" + "0" * 5000, ["is not valid TOML", "5001 digits"]),
    ("0.05", "0x" + "f" * 5000, ["data.x[0][0]: expected a number"]),
    ("0.05", "1979-05-27", ["data.x[0][0]: expected a number"]),
    ("0.05", "[" * 3000 + "]" * 3000, ["is nested too deeply"]),
    ("learning_rate = 0.5", "learning_rate = 0", ["update.learning_rate: expected a number greater than 0, found 0"]),
    ("learning_rate = 0.5", "learning_rate = -0.1", ["expected a number greater than 0, found -0.1"]),
    ("learning_rate = 0.5", "learning_rate = nan", ["expected a finite number, found nan"]),
    ("[notation]", "[page]\ndigits = 1\n[notation]", ["page.digits: expected a number of at least 2, found 1"]),
    ("[notation]", "[page]\ndigits = 13\n[notation]", ["page.digits: expected a number of at most 12, found 13"]),
    ("[notation]", "[page]\ndigits = 4.0\n[notation]", ["page.digits: expected a whole number, found 4.0"]),
    ("[notation]", '[page]\narithmetic = "pencl"\n[notation]', ["page.arithmetic", "Did you mean 'pencil'?"]),
    ("order = 1", "order = 0x" + "f" * 5000, ["order: expected a number of at most"]),
    # what overflows
    ("[0.01, 0.99]", "[1e200, 0.99]", ["step 'E' overflows"]),
    # TOML
    ("[data]", "[data", ["is not valid TOML", "line"]),
    ("[data]", "[data]\n[data]", ["is not valid TOML"]),
    ('family = "mlp"', 'family = "mlp"\nfamily = "mlp"', ["is not valid TOML"]),
    # symbols
    ("[notation]", "[notation]\nz = 3", ["notation.z: expected text in quotes, found 3"]),
    ("[notation]", "[notation]\nz = { symbl = 'a' }", ["notation.z: unknown key 'symbl'", "mean 'symbol'?"]),
    ("[notation]", "[notation]\nz = ''", ["notation.z: is empty"]),
    ("[notation]", f"[notation]\nz = '{'a' * 200}'", ["notation.z: has 200 characters; the limit (symbol) is 120"]),
    ("[notation]", "[notation]\nz = { symbol = 'a', entries = 'b' }", ["notation.z.entries: expected a list"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_mistake(tmp_path, old, new, words):
    text = refused(tmp_path, old, new)
    for word in words:
        assert word in text


HOSTILE = [
    r"\\input{/etc/passwd}", r"$\\alpha$", "{{ 7 * 7 }}", "{% raw %}", "<script>alert(1)</script>", "a > b", "`code`",
    r"a\nb", r"a\u0000b", r"a\u001b[31mb", r"a\u202eb", r"a\ufeffb", r"a\u2028b", r"a\u0085b", r"\uffff", " ", "",
]  # fmt: skip


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_title(tmp_path, title):
    assert "title.en: is" in refused(tmp_path, "A 2-2-2 sigmoid network, by matrices", title)


def test_long_and_strange_titles(tmp_path):
    assert "the limit (title) is 200" in refused(tmp_path, "A 2-2-2 sigmoid", "x" * 300)
    assert "title: expected a table" in sentence(load, SEED, ["title=T"])
    assert "title.en: expected text" in refused(tmp_path, '"A 2-2-2 sigmoid network, by matrices"', "3")
    long_key = refused(tmp_path, "[title]", f'[title]\n"{"k" * 50_000}" = 3')
    assert len(long_key) < 300
    assert r"title.'a\x1b[31m'" in refused(tmp_path, "[title]", '[title]\n"a\\u001b[31m" = 3')
    assert "nested too deeply" in refused(tmp_path, "[title]", f"[title]\nfr{'.a' * 3000} = 3")


def test_harmless_titles_pass(tmp_path):
    for title in ("100 % of it: a & b, #3 *bold* _x_ | [link](here) ~", "用矩阵手算 — “网络”", "O'Neil; --- ::: @"):
        path = tmp_path / "seed.toml"
        path.write_text(TEXT.replace("A 2-2-2 sigmoid network, by matrices", title), encoding="utf-8")
        assert load(path).title["en"] == title


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "seed.toml"
    path.write_text(TEXT, encoding="utf-8-sig")
    assert load(path).name == "seed"


def test_targets_that_do_not_fit_the_loss(tmp_path):
    cross = 'loss = "binary_cross_entropy"'
    text = TEXT.replace('loss = "half_squared_error"', cross)
    for old, new, word in [("0.99]", "1.5]", "data.y"), ('"sigmoid"', '"tanh"', "end with a sigmoid layer")]:
        path = tmp_path / "seed.toml"
        path.write_text(new.join(text.rsplit(old, 1)), encoding="utf-8")
        assert word in sentence(load, path)


# Files


def test_missing_file(tmp_path):
    (tmp_path / "seed.toml").write_text(TEXT, encoding="utf-8")
    text = sentence(load, tmp_path / "sed.toml")
    assert str(tmp_path) in text and "Did you mean 'seed.toml'?" in text
    assert "unknown example file 'a.toml'" in sentence(load, tmp_path / "no" / "a.toml")


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "nul",
        "com¹",
        "a b",
        "-x",
        "..",
        ".a",
        "a.b",
        "a" * 61,
        "a\nb",
        "<b>",
        "{{x}}",
        "a\u200cb",
        "a\u061c",
        "\u0301a",
        "\u3164",
        "a:b",
        "a|b",
        "a@2",
        "👩",
    ],
)
def test_hostile_file_names(name):
    assert "an example's name is made of" in sentence(check_name, Path(f"{name}.toml"))


@pytest.mark.parametrize(
    "name", ["Seed", "My_Net", "1a", "é", "网络", "मॉडल", "index", "sources", "_x", "e\u0301", "コン", "a-", "a" * 60]
)
def test_file_names_in_any_language(tmp_path, name):
    (tmp_path / f"{name}.toml").write_text(TEXT, encoding="utf-8")
    assert load(tmp_path / f"{name}.toml").name == name


@pytest.mark.parametrize("name", ["seed", "seed.txt", "seed.TOML", ".toml"])
def test_not_an_example_file(name):
    assert "must end in .toml" in sentence(check_name, Path(name))


def test_what_is_not_a_text_file(tmp_path):
    path = tmp_path / "seed.toml"
    path.mkdir()
    assert "is not a file" in sentence(load, path)
    path.rmdir()
    path.write_bytes(TEXT.encode("gbk"))
    assert "is not UTF-8 text" in sentence(load, path)
    path.write_bytes(b"\0" + TEXT.encode())
    assert "is not valid TOML" in sentence(load, path)
    with pytest.raises(BookError, match="null byte"):
        load(Path("a\0b") / "seed.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "seed.toml")
    assert "is not a file" in sentence(load, tmp_path / "seed.toml")


def test_too_large(tmp_path):
    path = tmp_path / "seed.toml"
    path.write_text(TEXT + "#" * LIMITS["bytes"], encoding="utf-8")
    assert "the limit (bytes)" in sentence(load, path)
    many = ", ".join("[1, 1]" for _ in range(LIMITS["numbers"]))
    assert "the limit (numbers)" in refused(tmp_path, "x = [[0.05, 0.10]]", f"x = [{many}]")
    layer = f"[[layers]]\n{W1}\nb = [1, 1]\nactivation = 'tanh'\n"
    assert "the limit (layers)" in refused(tmp_path, "[[layers]]", layer * LIMITS["layers"] + "[[layers]]")


def test_neurons_times_samples_are_limited():
    """20,000 samples and 20,000 neurons are each allowed; their product is 3 GB, and is never made."""
    tables = copy.deepcopy(TABLES)
    tables["data"] = {"x": [[0.1]] * 300, "y": [[0.1]] * 300}
    wide = {"W": [[0.1]] * 300, "b": [0.1] * 300, "activation": "tanh"}
    tables["layers"] = [wide, {"W": [[0.1] * 300], "b": [0.1], "activation": "sigmoid"}]
    told = sentence(lambda: work(validate(tables, SEED)))
    assert told.startswith(f"{SEED}: layers: matmul of layer1.W (300 × 1) and x (1 × 300) makes 90000 numbers")
    assert "the limit (numbers) is 10000" in told


# --set

CHANGES = {
    "": "expected KEY=VALUE", "x": "expected KEY=VALUE", "=1": "is not a key", "a..b=1": "is not a key",
    "layers[-1].b=2": "is not a key", "layers[99999999999]=1": "is not a key", "layers[٣]=1": "is not a key",
    "layers[9].W=1": "index 9 is outside a list of 2", "layers.W=1": "there stands a list: use [0]",
    "layers[0][1]=2": "leads into a value that has no parts", "update[0]=1": "no parts",
    "update.learning_rate.x=3": "no parts",
    "layers[0].V[0]=1": "unknown key 'V'", "updat.learning_rate=1": "Did you mean 'update'?",
    "update.learning_rat=1": "Did you mean 'learning_rate'?", "family=xx": "unknown family 'xx'",
    "layers[0].W[0][1]=0,3": "expected a number, found '0,3'", "title.en=3": "expected text in quotes",
    "update=x": "update: expected a table", "data.x[0]=1": "expected a list",
    "page.digits=": "expected a whole number",
    "update.learning_rate=nan": "finite", "update.learning_rate=1e999": "finite", "layers=[]": "layers: is empty",
    "update.learning_rate=0.1\nx = 3": "expected a number", "data.x[0][0]=" + "9" * 5000: "expected a number",
    "data.x[0][0]=" + "[" * 5000: "expected a number", "title.en=<b>": "may not hold '<'",
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CHANGES.items(), ids=lambda text: text[:30])
def test_wrong_change(change, words):
    text = sentence(lambda: work(load(SEED, [change])))
    assert words in text
    assert "--set" in text or "seed.toml" in text


@pytest.mark.parametrize(
    ("change", "read", "value"),
    [
        ("update.learning_rate=0.1", lambda e: e.update.learning_rate, 0.1),
        ("layers[0].W[0][1] = 0.3", lambda e: e.layers[0].W[0][1], 0.3),
        ("data.x[0]=[1, 2]", lambda e: e.data.x, [[1, 2]]),
        ("page.digits=6", lambda e: e.page.digits, 6),
        ("loss=squared_error", lambda e: e.loss, "squared_error"),
        ('loss="squared_error"', lambda e: e.loss, "squared_error"),
        ("title.en=Try = this", lambda e: e.title["en"], "Try = this"),
        ('notation."layer1.W"=V', lambda e: e.notation["layer1.W"], "V"),
    ],
)
def test_right_change(change, read, value):
    assert read(load(SEED, [change])) == value


def test_later_changes_win_and_the_file_stays():
    before = SEED.read_bytes()
    assert load(SEED, ["update.learning_rate=0.1", "update.learning_rate=0.2"]).update.learning_rate == 0.2
    assert SEED.read_bytes() == before


# Anything at all

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["family", "loss", "title", "data", "layers", "update", "page", "notation", "order"])
many = settings(max_examples=draws(150, 50), suppress_health_check=[HealthCheck.too_slow])


def answers(tables):
    """Whether the tables are an example; if not, a sentence says why, and nothing else can happen."""
    remember(pprint.pformat(tables), "tables.txt")
    try:
        example = validate(tables, Path("random.toml"))
        assert isinstance(example, Example)
        work(example)
    except BookError as error:
        assert str(error).isprintable() and len(str(error)) < 2000
        assert "random" in str(error)


@many
@given(st.dictionaries(keys | st.text(max_size=8), values, max_size=6), st.booleans())
def test_any_tables(tables, named):
    answers(tables | ({"family": "mlp"} if named else {}))


@st.composite
def edits(draw):
    """The seed's tables with one or two places replaced, removed, doubled or renamed."""
    tables = copy.deepcopy(TABLES)
    for _ in range(draw(st.integers(1, 2))):
        place, key = tables, draw(st.sampled_from(sorted(tables)))
        while isinstance(inner := place[key], dict | list) and inner and draw(st.booleans()):
            place, key = inner, draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        how = draw(st.sampled_from(["replace", "remove", "double", "rename"]))
        if how == "replace":
            place[key] = draw(values)
        elif how == "remove":
            del place[key]
        elif how == "double" and isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        elif isinstance(place, dict):
            place[draw(st.text(max_size=8))] = place.pop(key)
        if not tables:
            break
    return tables


@many
@given(edits())
def test_any_edit_of_a_valid_example(tables):
    answers(tables)


@many
@given(st.text(alphabet="layersWxbupdt[]0123.=\"'-_ \n", max_size=40) | st.text(max_size=20))
def test_any_change(change):
    tables = copy.deepcopy(TABLES)
    try:
        apply_change(tables, change)
    except BookError as error:
        assert str(error).isprintable()
    else:
        answers(tables)


@many
@given(st.binary(max_size=60), st.integers(0, len(TEXT.encode())))
def test_any_bytes(tmp_path_factory, junk, at):
    path = tmp_path_factory.getbasetemp() / "random.toml"
    text = TEXT.encode()
    path.write_bytes(text[:at] + junk + text[at + len(junk) :])
    remember(path.read_bytes())
    try:
        work(load(path))
    except BookError as error:
        assert "random" in str(error) and str(error).isprintable()
