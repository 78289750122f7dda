"""The transformer's layers as PyTorch has them, and random tables for them: what the tests of attention share.

A layer written with functions takes every width and fills `lines` ({step: tensor}) as it goes; PyTorch's own modules
need heads that are together as wide as a token, and are given the weights of our leaves.
"""

from functools import partial

import pytest

from .judges import numbers

ACTIVATIONS = ("relu", "gelu", "gelu_tanh")


# With functions


def half_squared(out, target):
    from torch.nn import functional as fn

    return fn.mse_loss(out, target, reduction="sum") / 2


def attend(leaf, lines, at, x, memory=None, causal=False, out="H"):
    """One head. Its weights are what attention gives for values that are the identity."""
    import torch
    from torch.nn import functional as fn

    memory = x if memory is None else memory
    Q, K, V = x @ leaf[f"{at}.WQ"], memory @ leaf[f"{at}.WK"], memory @ leaf[f"{at}.WV"]
    look = partial(fn.scaled_dot_product_attention, Q, K, is_causal=causal)
    lines |= {f"{at}.Q": Q, f"{at}.K": K, f"{at}.V": V}
    lines |= {f"{at}.A": look(torch.eye(len(K), dtype=K.dtype)), f"{at}.{out}": look(V)}
    return lines[f"{at}.{out}"]


def scopes(leaf, at):
    """The scopes of the heads: one alone works in the scope itself, several beside it or, if there is more than one
    attention, within it."""
    if f"{at}.WQ" in leaf:
        return [at]
    found = sorted(n.removesuffix(".WQ") for n in leaf if n.endswith(".WQ"))
    return [n for n in found if n.startswith(f"{at}.")] or found


def attend_all(leaf, lines, at, x, memory=None, causal=False):
    """All heads of a scope side by side, times W_O."""
    import torch

    H = torch.hstack([attend(leaf, lines, scope, x, memory, causal) for scope in scopes(leaf, at)])
    lines |= {f"{at}.H": H, f"{at}.O": H @ leaf[f"{at}.WO"]}
    return lines[f"{at}.O"]


def activation(found):
    from torch.nn import functional as fn

    known = {"relu": fn.relu, "gelu": fn.gelu, "gelu_tanh": partial(fn.gelu, approximate="tanh")}
    return known[found["feed_forward"].get("activation", "relu")]


def feed_forward(leaf, lines, found, x):
    from torch.nn import functional as fn

    Z = fn.linear(x, leaf["ffn.W1"].T, leaf["ffn.b1"][0])
    U = activation(found)(Z)
    lines |= {"ffn.Z": Z, "ffn.U": U, "ffn.F": fn.linear(U, leaf["ffn.W2"].T, leaf["ffn.b2"][0])}
    return lines["ffn.F"]


def normalize(leaf, lines, n, x):
    from torch.nn import functional as fn

    gamma, beta, eps = leaf[f"norm{n}.gamma"][0], leaf[f"norm{n}.beta"][0], leaf["norm.eps"].item()
    lines |= {f"norm{n}.xhat": fn.layer_norm(x, x.shape[1:], eps=eps)}
    lines |= {f"norm{n}.y": fn.layer_norm(x, x.shape[1:], gamma, beta, eps)}
    return lines[f"norm{n}.y"]


def block(leaf, lines, found, x, **works):
    """x after every {scope: work}, each with a way around it and its norm."""
    for n, (scope, work) in enumerate(works.items(), start=1):
        if found.get("norm", "pre" if "tokens" in found else "post") == "pre":
            x = lines[f"{scope}.X"] = x + work(normalize(leaf, lines, n, x))
        else:
            lines[f"{scope}.X"] = x + work(x)
            x = normalize(leaf, lines, n, lines[f"{scope}.X"])
    return x


# With modules


def hidden_later(tokens):
    """PyTorch's causal mask: true where nothing may be looked at."""
    import torch

    return torch.ones(tokens, tokens, dtype=torch.bool).triu(1)


def held(leaf, at, fused=True):
    """The weights of a scope as nn.MultiheadAttention holds them, in one matrix if `fused`. Its biases are 0: we have
    none."""
    import torch

    Q, K, V = (torch.hstack([leaf[f"{scope}.W{letter}"] for scope in scopes(leaf, at)]).T for letter in "QKV")
    apart = {"q_proj_weight": Q, "k_proj_weight": K, "v_proj_weight": V}
    weights = {"in_proj_weight": torch.vstack([Q, K, V])} if fused else apart
    d = len(leaf[f"{at}.WO"])
    biases = {"in_proj_bias": torch.zeros(3 * d).double(), "out_proj.bias": torch.zeros(d).double()}
    return weights | {"out_proj.weight": leaf[f"{at}.WO"].T} | biases


def held_block(leaf, norms, **attentions):
    """The weights of a block as PyTorch's layers hold them; `attentions` are their parts by name."""
    parts = {"linear1": (leaf["ffn.W1"].T, leaf["ffn.b1"][0]), "linear2": (leaf["ffn.W2"].T, leaf["ffn.b2"][0])}
    parts |= {f"norm{n}": (leaf[f"norm{n}.gamma"][0], leaf[f"norm{n}.beta"][0]) for n in range(1, norms + 1)}
    state = {f"{name}.{key}": value for name, weights in attentions.items() for key, value in weights.items()}
    return state | {
        f"{name}.{k}": v for name, pair in parts.items() for k, v in zip(("weight", "bias"), pair, strict=True)
    }


def layer(kind, leaf, found, d, heads, first):
    """A TransformerEncoderLayer or TransformerDecoderLayer without dropout, in double precision."""
    import torch

    hidden, eps = leaf["ffn.W1"].shape[1], leaf["norm.eps"].item()
    return getattr(torch.nn, f"Transformer{kind}Layer")(
        d, heads, hidden, 0.0, activation(found), eps, batch_first=True, norm_first=first, dtype=torch.float64
    )


# Random tables


def head(random, d, d_k, d_v, wide=None):
    """A head that reads tokens of d numbers, and a memory of `wide`."""
    wide = wide or d
    return {"W_Q": numbers(random, d, d_k), "W_K": numbers(random, wide, d_k), "W_V": numbers(random, wide, d_v)}


def rest(random, d, hidden, norms):
    """What a block says besides its attention."""
    layers = {"W_1": numbers(random, d, hidden), "b_1": numbers(random, hidden)}
    layers |= {"W_2": numbers(random, hidden, d), "b_2": numbers(random, d)}
    layers["activation"] = str(random.choice(ACTIVATIONS))
    each = [{"gamma": numbers(random, d), "beta": numbers(random, d)} for _ in range(norms)]
    return {"feed_forward": layers, "norms": each, "eps": float(random.choice([0.1, 0.5]))}


COLUMN, NARROW = "[[1], [2], [3], [4]]", "[[1, 2, 3, 4]]"

bad_blocks = pytest.mark.parametrize(
    ("change", "words"),
    [
        (f"feed_forward.W_1={NARROW}", ("feed_forward.W_1: has 1 row", "expected 4", "has 4 columns")),
        (
            "feed_forward.b_1=[1]",
            ("feed_forward.b_1: has 1 entry, expected", "(hidden), because feed_forward.W_1 has "),
        ),
        (
            f"feed_forward.W_2={NARROW}",
            ("feed_forward.W_2: has 1 row, expected", "(hidden), because feed_forward.W_1 has "),
        ),
        ("feed_forward.b_2=[1, 2]", ("feed_forward.b_2: has 2 entries, expected 4",)),
        ("feed_forward.b_2=[]", ("feed_forward.b_2: is empty",)),
        ("feed_forward.activation=gelu_tan", ("feed_forward.activation: unknown", "Did you mean 'gelu_tanh'?")),
        ("feed_forward.activation=tanh", ("feed_forward.activation: unknown", "relu, gelu, gelu_tanh")),
        ("feed_forward.W=[[1]]", ("feed_forward: unknown key 'W'",)),
        ("norms[1].gamma=[1]", ("norms[1].gamma: has 1 entry, expected 4 (d)", "has 4 columns")),
        ("norms[0].beta=[1, 2, 3, 4, 5]", ("norms[0].beta: has 5 entries, expected 4",)),
        ("norms=[]", ("norms: has 0 entries, expected", "there is one for each of: ", "feed-forward network")),
        ("norms[1]={gamma = [1, 2, 3, 4]}", ("norms[1].beta: is missing",)),
        ("eps=-0.01", ("eps: expected a number of at least 0, found -0.01",)),
        ("eps=inf", ("eps: expected a finite number",)),
        ("norm=middle", ("norm: unknown place of the norm 'middle'",)),
        ("norm=pst", ("norm: unknown place of the norm 'pst'",)),
    ],
)
"""What every block whose tokens have four numbers refuses alike."""
