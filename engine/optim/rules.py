"""The optimisers: each writes the update of one parameter as expressions in the same operations.

Glossary. w: the parameter. g: its gradient, clipped and decayed if the example says so. p: the parameter's place on
the tape, where its state and its lines are written. k: the numbers of the update: `k.rate` the learning rate, `k.t`
the number of this update, counted from 1, and the optimiser's settings; `k.weight_decay` and `k.eps` are None where
they are 0.
"""

import numpy as np

from ..errors import BookError
from ..tape.tape import Expr
from .place import Place
from .table import not_negative, optimizer, share


def sgd(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Gradient descent: w - alpha g (Cauchy 1847; stochastic: Robbins & Monro 1951)."""
    return w - k.rate * g


def momentum(p: Place, w: Expr, g: Expr, k) -> Expr:
    """The heavy ball (Polyak 1964), as PyTorch writes it: m = mu m + g, w - alpha m."""
    return w - k.rate * p.state("m", lambda m: k.momentum * m + g)


def nesterov(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Nesterov's momentum (1983) in the form of Sutskever et al. 2013 and PyTorch: w - alpha (g + mu m)."""
    m = p.state("m", lambda m: k.momentum * m + g)
    return w - k.rate * (g + k.momentum * m)


def adagrad(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Duchi, Hazan & Singer 2011: s adds up the squares, w - alpha g / (sqrt(s) + eps)."""
    s = p.state("s", lambda s: s + g.square())
    return w - k.rate * (g / _root(p, s, k))


def rmsprop(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Tieleman & Hinton 2012: v is a running mean of the squares."""
    v = p.state("v", lambda v: mean(k.decay, v, g.square()))
    return w - k.rate * (g / _root(p, v, k))


def adam(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Kingma & Ba 2015, algorithm 1."""
    return w - k.rate * _adam_step(p, g, k)


def adamw(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""
    return w - k.rate * _decayed(_adam_step(p, g, k), w, k)


def lion(p: Place, w: Expr, g: Expr, k) -> Expr:
    """The sign of an interpolated momentum (Chen et al. 2023, algorithm 2); weight decay is decoupled."""
    m = p.kept("m")
    u = p.line("u", mean(k.beta1, m, g))
    p.renewed(m, mean(k.beta2, m, g))
    return w - k.rate * _decayed(u.sign(), w, k)


def mean(beta: Expr, old: Expr, new: Expr) -> Expr:
    """One more value in a running mean that keeps the share `beta` of what it was."""
    return beta * old + (1 - beta) * new


def _root(p: Place, squares: Expr, k) -> Expr:
    """The divisor: the root of squares that are added up or averaged, and eps, which keeps it away from zero.

    Raises BookError if there is no eps and an entry is zero.
    """
    if k.eps is not None:
        return squares.sqrt() + k.eps
    if not squares.value.all():
        entry = p.name + "".join(f"[{i}]" for i in np.argwhere(squares.value == 0)[0])
        raise BookError(
            f"example {p.tape.example!r}: update.eps: is 0, and so is the root that the update of {entry} would be "
            "divided by, because its gradient is 0; use a small number such as 1e-8, or freeze the parameter."
        )
    return squares.sqrt()


def _adam_step(p: Place, g: Expr, k) -> Expr:
    m = p.state("m", lambda m: mean(k.beta1, m, g))
    v = p.state("v", lambda v: mean(k.beta2, v, g.square()))
    mhat = p.line("mhat", m / (1 - k.beta1.power(k.t)))
    vhat = p.line("vhat", v / (1 - k.beta2.power(k.t)))
    return mhat / _root(p, vhat, k)


def _decayed(step: Expr, w: Expr, k) -> Expr:
    return step if k.weight_decay is None else step + k.weight_decay * w


MOMENTUM = share(0.9, "How much of the momentum is kept from one update to the next.")
DECAY = share(0.9, "How much of the mean of squared gradients is kept from one update to the next.")
FIRST = "How much of the mean of the gradients is kept from one update to the next."
SECOND = "How much of the second mean is kept: of that of squared gradients; of the momentum in `lion`."
DIVISOR = "The small number in the divisor, which keeps it away from 0; 0 leaves it out."
BETA1, BETA2, EPS = share(0.9, FIRST), share(0.999, SECOND), not_negative(1e-8, DIVISOR)

optimizer("sgd", sgd)
optimizer("momentum", momentum, momentum=MOMENTUM)
optimizer("nesterov", nesterov, momentum=MOMENTUM)
optimizer("adagrad", adagrad, eps=not_negative(1e-10, DIVISOR))
optimizer("rmsprop", rmsprop, decay=DECAY, eps=EPS)
optimizer("adam", adam, beta1=BETA1, beta2=BETA2, eps=EPS, counts=True)
optimizer(
    "adamw", adamw, beta1=BETA1, beta2=BETA2, eps=EPS, weight_decay=not_negative(0.01), counts=True, decoupled=True
)
optimizer("lion", lion, beta1=BETA1, beta2=share(0.99, SECOND), decoupled=True)
