"""Word vectors: the vector of a centre word is to agree with that of its context word (skip-gram), or the mean of the
context words' vectors with that of the centre word (CBOW), and with those of other words less.

v = row c of V, or h = the mean of the rows of V of the context; o is the word to be told. With negative samples
u = row o of U, N = the rows of U of the negatives, and J = -ln σ(u·v) - Σ ln σ(-n·v). Without them the softmax goes
over the whole vocabulary: s = U v, J = -ln softmax(s)_o. Every word has two vectors, one for each role. Mikolov et
al. 2013; the gradients: Goldberg & Levy 2014, Rong 2014.
"""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from ..spec.example import Example, Known, Matrix, Model
from ..spec.limits import AtMost
from ..spec.mistakes import CLASSES, ROWS
from ..spec.rules import expect_index
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape

ARCHITECTURES = ("skip_gram", "cbow")

Words = Annotated[
    Annotated[list[int], Field(min_length=1), AtMost("steps"), Tag(ROWS)] | Annotated[int, Tag(CLASSES)],
    Discriminator(lambda value: ROWS if isinstance(value, list) else CLASSES),
]
"""Numbers of words, or that of a single one."""


class Data(Model):
    """[data]: numbers of words, counted from 0: the centre word, its context (of skip-gram one word, of CBOW all
    words around it), and the negative samples, among which a word may be drawn twice; without negative samples the
    softmax goes over the whole vocabulary."""

    center: int
    """The word at the centre, by its number, counted from 0."""
    context: Words
    """The word of its context that is to be told, likewise; with cbow the list of all words around it."""
    negatives: Annotated[list[int], Field(min_length=1), AtMost("steps")] | None = None
    """The negative samples, likewise: words drawn at random, of which one may be drawn twice. Left out, the softmax
    goes over the whole vocabulary."""

    @property
    def around(self) -> list[int]:
        """The words of the context."""
        return self.context if isinstance(self.context, list) else [self.context]


class Weights(Model):
    """[weights]: one row for each word of the vocabulary: V for its role as a word that is read (the centre word of
    skip-gram, the context of CBOW), U for that as a word to be told."""

    V: Matrix = shape("words", "size")
    """The vectors of the words that are read, at the centre or, with cbow, in the context: one row per word."""
    U: Matrix = shape("words", "size")
    """The vectors of the words that are told: one row per word."""


class Spec(Example):
    """A word2vec example."""

    LOSS: ClassVar = (
        "−ln σ(u·v) of the word that is told, plus −ln σ(−n·v) of each negative sample; without negative samples −ln"
        " of the word's probability, by the softmax over the vocabulary. With cbow v is the mean of the context."
    )

    data: Data
    """The words, by their numbers."""
    weights: Weights
    """The vectors of the words, two for each."""
    architecture: Annotated[str, Known("architecture", ARCHITECTURES)] = "skip_gram"
    """Whether the centre word tells a word of its context (skip_gram) or the context tells the centre word (cbow)."""

    @property
    def told(self) -> int:
        """The word to be told."""
        return self.data.center if self.architecture == "cbow" else self.data.around[0]

    @model_validator(mode="after")
    def _words_are_known(self):
        """Each word is in the vocabulary, and no negative sample is the context word itself."""
        d, words = self.data, len(self.weights.V)
        several = isinstance(d.context, list)
        if several and self.architecture == "skip_gram":
            raise ValueError("data.context: skip-gram tells one word of the context; write its number, not a list")
        places = {"data.center": d.center}
        places |= {f"data.context[{k}]" if several else "data.context": word for k, word in enumerate(d.around)}
        negatives = {f"data.negatives[{k}]": word for k, word in enumerate(d.negatives or ())}
        for place, word in (places | negatives).items():
            expect_index(place, word, words, "words in the vocabulary")
        for place, word in negatives.items():
            if word == self.told:
                role = "centre" if self.architecture == "cbow" else "context"
                raise ValueError(f"{place}: is {word}, the {role} word itself; a negative sample is another word")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    V, U = tape.param("V", spec.weights.V), tape.param("U", spec.weights.U)
    v = _read(tape, spec, V)
    if spec.data.negatives is None:
        return _softmax(tape, spec.told, U, v)
    return _negative_sampling(tape, spec.told, spec.data.negatives, U, v)


def _read(tape: Tape, spec: Spec, V: Expr) -> Expr:
    """The vector of the words that are read, as a column."""
    if spec.architecture == "skip_gram":
        return tape.write("v_c", V.gather(rows=[spec.data.center]).T, grad="dv_c")
    if len(spec.data.around) == 1:
        return tape.write("h", V.gather(rows=spec.data.around).T, grad="dh")
    around = tape.write("v_around", V.gather(rows=spec.data.around), grad="dv_around")
    total = tape.write("v_sum", around.sum_axis(axis=0), grad="dv_sum")
    return tape.write("h", (total / len(spec.data.around)).T, grad="dh")


def _softmax(tape: Tape, told: int, U: Expr, v: Expr) -> str:
    """The loss with a softmax over the whole vocabulary."""
    s = tape.write("s", U @ v, grad="delta")
    tape.write("p", s.softmax(axis=0))
    y = tape.data("y", np.eye(U.shape[0])[:, [told]])
    E = tape.write("E", s.cross_entropy_logits(y, axis=0))
    return tape.write("J", E.sum()).name


def _negative_sampling(tape: Tape, told: int, drawn: list[int], U: Expr, v: Expr) -> str:
    """The loss with negative samples."""
    u = tape.write("u_o", U.gather(rows=[told]), grad="du_o")
    negatives = tape.write("u_neg", U.gather(rows=drawn), grad="du_neg")
    s = tape.write("s_o", u @ v, grad="delta_o")
    s_neg = tape.write("s_neg", negatives @ v, grad="delta_neg")
    E = tape.write("E_o", -s.log_sigmoid())
    E_neg = tape.write("E_neg", -(-s_neg).log_sigmoid())
    return tape.write("J", E.sum() + E_neg.sum()).name
