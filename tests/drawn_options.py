"""Options of an example, drawn anew: targets, losses, activations, words, numbers, layers, heads, updates.

Each function changes the tables of an example in place; what makes it invalid is taken back (`valid_examples.py`).
"""

import copy
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gradbook.engine import work
from gradbook.engine.families import family as spec_of
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.optim import KEYS, OPTIMIZERS, companion_of
from gradbook.engine.spec.example import Known
from gradbook.engine.spec.rules import giving

FILE = Path("random.toml")


def option(tables: dict, chance: random.Random) -> None:
    """Other targets, another loss, activation, word, number or layer; another optimiser, schedule, batch or start."""
    of_model = [_loss, _activation, _classes, _answers, _word, _switch, another_step, another_layer, another_head]
    own = [change for key, change in OWN.items() if key in keys(tables)]
    chance.choice([*own * 4, *of_model, _optimizer, _schedule, _clipping, _decay, _batches, _start])(tables, chance)


def _loss(tables: dict, chance: random.Random) -> None:
    tables["loss"] = chance.choice(of_kind("loss"))


def _activation(tables: dict, chance: random.Random) -> None:
    drawn = chance.choice(of_kind("activation"))
    holders = [tables, *(part for value in tables.values() if isinstance(value, list) for part in value)]
    holder = chance.choice([h for h in holders if isinstance(h, dict) and "activation" in h] or [tables])
    holder["activation"] = drawn


def _classes(tables: dict, chance: random.Random) -> None:
    """Targets as the numbers of classes, with a loss that compares distributions."""
    if "loss" in keys(tables):
        tables["loss"] = chance.choice([n for n in of_kind("loss") if OPS[n].accepts(1) == "distribution"])
        if "output_activation" in keys(tables):
            tables["output_activation"] = chance.choice(giving(OPS[tables["loss"]].outputs))
    count = len(tables["data"]["y"][0])
    tables["data"]["y"] = [chance.randrange(count) for _ in tables["data"]["y"]]


def _answers(tables: dict, chance: random.Random) -> None:
    """A mask of the steps that answer, with targets for these or for all."""
    data = tables["data"]
    data["answers"] = [chance.randint(0, 1) for _ in data["x"]]
    data["y"] = of_length(data["y"], chance.choice([len(data["x"]), sum(data["answers"])]))


def _words(tables: dict, chance: random.Random) -> None:
    """Word vectors in another form: a context of several words that tells the centre word, the whole vocabulary."""
    data = tables["data"]
    if chance.random() < 0.5:
        tables["architecture"], data["context"] = "cbow", [data["context"]] * chance.randint(1, 3)
        data["negatives"] = [word for word in data["negatives"] if word != data["center"]]
    if chance.random() < 0.7:
        del data["negatives"]


def _unit(tables: dict, chance: random.Random) -> None:
    """A perceptron with a threshold or nothing in the place of its bias, and with targets −1 and 1."""
    weights, bias = tables["weights"], tables["weights"].pop("b")
    tables["epochs"] = chance.randint(1, 6)
    weights |= chance.choice([{}, {"b": bias}, {"threshold": bias}])
    if chance.random() < 0.5:
        tables["data"]["y"] = [[chance.choice([-1, 1])] for _ in tables["data"]["y"]]


OWN = {"architecture": _words, "epochs": _unit}
"""Changes for families that have a key of this name."""


def _word(tables: dict, chance: random.Random) -> None:
    """Another word for a key of the example that takes one of some, such as the place of a norm."""
    words = {key: known(field) for key, field in keys(tables).items() if known(field)}
    key = chance.choice(sorted(words))
    tables[key] = chance.choice(words[key])


def _switch(tables: dict, chance: random.Random) -> None:
    """A key of the example that says yes or no, such as `causal`, says the other."""
    found = {key: field.default for key, field in keys(tables).items() if field.annotation is bool}
    key = chance.choice(sorted(found.keys() - {"input_gradients"}))
    tables[key] = not tables.get(key, found[key])


def keys(tables: dict) -> dict:
    """The keys of an example of this family, each as it is declared."""
    return dict(spec_of(tables["family"]).Spec.model_fields)


def known(field) -> list[str]:
    """The words that a field takes, if they are said."""
    return [name for part in field.metadata if isinstance(part, Known) for name in part.names]


def _optimizer(tables: dict, chance: random.Random) -> None:
    tables.pop("start", None)  # what another optimiser remembers
    tables["update"] = {
        "learning_rate": chance.choice([0.01, 0.1, 0.5]),
        "optimizer": chance.choice(list(OPTIMIZERS)),
    }


def _schedule(tables: dict, chance: random.Random) -> None:
    kind = chance.choice(list(KEYS))
    drawn = {"steps": chance.randint(2, 9), "factor": chance.choice([0.5, 0.9]), "lowest": 0.001}
    tables["update"]["schedule"] = {"kind": kind, **{key: drawn[key] for key in KEYS[kind]}}


def _clipping(tables: dict, chance: random.Random) -> None:
    for key in chance.choice([["clip_value"], ["clip_norm"], ["clip_value", "clip_norm"]]):
        tables["update"][key] = chance.choice([0.05, 0.5])


def _decay(tables: dict, chance: random.Random) -> None:
    tables["update"]["weight_decay"] = chance.choice([0.01, 0.1])


def another_step(tables: dict, chance: random.Random) -> None:
    """A whole number that a table says by a key, such as the stride of a window, is another one; or there is one for
    rows and columns each, or for all four sides."""
    holder, key = chance.choice(list(whole_numbers({k: v for k, v in tables.items() if k not in ("update", "page")})))
    several = chance.choice([0, 0, 2, 2, 4])
    holder[key] = [chance.randint(0, 3) for _ in range(several)] or chance.randint(0, 4)


def whole_numbers(value) -> Iterator[tuple[dict, str]]:
    """The tables in a value that say a whole number, and by which key."""
    if isinstance(value, dict):
        yield from ((value, key) for key, part in value.items() if type(part) is int)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from whole_numbers(part)


def another_layer(tables: dict, chance: random.Random) -> None:
    """Behind the last layer of a chain stands another one like it; the one before may get an activation. A chain that
    was left out begins with a layer of two units."""
    fields = spec_of(tables["family"]).Spec.model_fields
    key = chance.choice([key for key, field in fields.items() if "x-chain" in (field.json_schema_extra or {})])
    if key not in tables:
        inputs = len(tables["data"]["x"][0])
        tables[key] = [{"W": [of_length([0.3, -0.4, 0.2], inputs) for _ in range(2)], "b": [0.1, -0.2]}]
        return
    layers = tables[key] if isinstance(tables[key], list) else [tables[key]]
    middle = {"activation": chance.choice(of_kind("activation"))} if chance.random() < 0.7 else {}
    tables[key] = [*layers[:-1], layers[-1] | middle, copy.deepcopy(layers[-1])]


def another_head(tables: dict, chance: random.Random) -> None:
    """One more head in an attention: the matrix behind all of them gets the rows that it reads of the new one."""
    places = [tables[key] for key in tables if key.endswith("_attention")] or [tables]
    holder = chance.choice(places)
    if "W_Q" in holder:
        holder["heads"] = [{key: holder.pop(key) for key in ("W_Q", "W_K", "W_V")}]
    head = copy.deepcopy(chance.choice(holder["heads"]))
    mixing = holder if "W_O" in holder else tables["weights"]
    mixing["W_O"] = of_length(mixing["W_O"], len(mixing["W_O"]) + len(head["W_V"][0]))
    holder["heads"].append(head)


def _batches(tables: dict, chance: random.Random) -> None:
    """A part of the samples in each update; refused and so taken back where there are none."""
    size = chance.choice([1, 1, 2])
    tables["update"]["batch_size"] = size
    if chance.random() < 0.5:
        tables["update"]["order"] = [chance.randrange(3) for _ in range(size * chance.randint(1, 4))]


def _start(tables: dict, chance: random.Random) -> None:
    """What the optimiser remembers of some parameters, never negative, as squares are not."""
    trace = work(validate(tables, FILE))
    start: dict = {"t": chance.randint(1, 9)} if "t" in trace else {}
    for leaf in trace.leaves("state"):
        if (found := companion_of(trace, leaf.name)) and chance.random() < 0.7:
            letter, parameter = found
            start.setdefault(letter, {})[parameter] = np.full(leaf.shape, chance.choice([0.25, 0.5, 1])).tolist()
    tables["start"] = start


def of_length(values: list, length: int) -> list:
    """The values again and again, or the first of them."""
    return copy.deepcopy([values[i % len(values)] for i in range(length)])
