"""Word vectors by skip-gram with negative samples: the centre word's vector is to agree with that of its context word
and to disagree with those of words drawn at random.

v = row c of V, u = row o of U, N = the rows of U of the negatives; J = -ln σ(u·v) - Σ ln σ(-n·v). Every word has two
vectors, one for each role. Mikolov et al. 2013; the gradients: Goldberg & Levy 2014, Rong 2014.
"""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from ..spec.example import Example, Matrix, Model
from ..spec.limits import AtMost
from ..spec.rules import expect_index
from ..spec.shapes import shape
from ..tape.tape import Tape


class Data(Model):
    """[data]: numbers of words, counted from 0: the centre word, one word of its context, and the negative samples,
    among which a word may be drawn twice."""

    center: int
    """The word at the centre, by its number, counted from 0."""
    context: int
    """The word of its context that is to be told, likewise."""
    negatives: Annotated[list[int], Field(min_length=1), AtMost("steps")]
    """The negative samples, likewise: words drawn at random, of which one may be drawn twice."""


class Weights(Model):
    """[weights]: one row for each word of the vocabulary: V for its role at the centre, U for that in a context."""

    V: Matrix = shape("words", "size")
    """The vectors of the words at the centre: one row per word."""
    U: Matrix = shape("words", "size")
    """The vectors of the words in a context: one row per word."""


class Spec(Example):
    """A word2vec example."""

    LOSS: ClassVar = "−ln σ(u·v) of the context word, plus −ln σ(−n·v) of each negative sample."

    data: Data
    """The words, by their numbers."""
    weights: Weights
    """The vectors of the words, two for each."""

    @model_validator(mode="after")
    def _words_are_known(self):
        """Each word is in the vocabulary, and no negative sample is the context word itself."""
        d, words = self.data, len(self.weights.V)
        places = {"data.center": d.center, "data.context": d.context}
        places |= {f"data.negatives[{k}]": word for k, word in enumerate(d.negatives)}
        for place, word in places.items():
            expect_index(place, word, words, "words in the vocabulary")
            if place.startswith("data.n") and word == d.context:
                raise ValueError(f"{place}: is {word}, the context word itself; a negative sample is another word")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    d, V, U = spec.data, tape.param("V", spec.weights.V), tape.param("U", spec.weights.U)
    v = tape.write("v_c", V.gather(rows=[d.center]).T, grad="dv_c")
    u = tape.write("u_o", U.gather(rows=[d.context]), grad="du_o")
    negatives = tape.write("u_neg", U.gather(rows=d.negatives), grad="du_neg")
    s = tape.write("s_o", u @ v, grad="delta_o")
    s_neg = tape.write("s_neg", negatives @ v, grad="delta_neg")
    E = tape.write("E_o", -s.log_sigmoid())
    E_neg = tape.write("E_neg", -(-s_neg).log_sigmoid())
    return tape.write("J", E.sum() + E_neg.sum()).name
