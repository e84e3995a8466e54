"""A model of the training step over ranks, fitted to measured steps:

  step(P) = serial + shared * share(P) + communication(P)
  communication(P) = latency * messages(P) + exchange * (P - 1)/P

share(P), a rank's part of the work of one rank: 1/P in strong scaling (one batch for all), 1 in
weak scaling (one batch a rank). (P - 1)/P: what a rank sends and receives in each half of the sum
of gradients (src/distributed/bucket_sum.hpp). messages(P): P - 1, as every rank sends each other
one its slice, or ceil(log2 P), if the tree of a collective decides.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from ..files.hdf5 import Failure

N_PARAMETERS = 4
LATENCY = {"partners": lambda ranks: ranks - 1.0, "rounds": lambda ranks: np.ceil(np.log2(ranks))}
LATENCY_TEXT = {"partners": "(P − 1)", "rounds": "ceil(log2 P)"}


@dataclass
class Steps:
    """Measured steps, one an element; seconds. `one_rank` is a step of one rank alone."""

    scaling: np.ndarray  # "strong" or "weak"
    ranks: np.ndarray
    step: np.ndarray
    exposed: np.ndarray
    blocking: np.ndarray
    one_rank: np.ndarray

    def where(self, chosen):
        return Steps(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def of(self, scaling):
        return self.where(self.scaling == scaling)

    @property
    def counts(self):
        return np.unique(self.ranks)


def non_negative_least_squares(matrix, values):
    """x >= 0 that minimises |matrix x - values|: the best of the fits on each subset of columns,
    the others 0."""
    n = matrix.shape[1]
    best, least = np.zeros(n), np.sum(values ** 2)
    for chosen in itertools.chain(*(itertools.combinations(range(n), k + 1) for k in range(n))):
        x = np.zeros(n)
        x[list(chosen)] = np.linalg.lstsq(matrix[:, chosen], values, rcond=None)[0]
        error = np.sum((matrix @ x - values) ** 2)
        if (x >= 0).all() and error < least:
            best, least = x, error
    return best


def relative_fit(columns, values):
    """Fits in relative terms: of times that span decades the short ones count as much."""
    values = np.asarray(values, dtype=float)
    weights = 1 / np.maximum(values, 1e-3 * max(values.max(), 1e-12))
    return non_negative_least_squares(np.stack(columns, axis=1) * weights[:, None],
                                      values * weights)


def share_of_work(scaling, ranks):
    return np.where(scaling == "strong", 1 / np.asarray(ranks, dtype=float), 1.0)


class ScalingModel:
    """Fitted to Steps. exposed, blocking: (latency, exchange) of the communication that is not
    hidden, and of all of it."""

    def __init__(self, steps, latency="partners"):
        self.latency = latency
        self.serial, self.shared = relative_fit(
            [np.ones(len(steps.ranks)), share_of_work(steps.scaling, steps.ranks)],
            np.maximum(steps.step - steps.exposed, 0))
        several = steps.where(steps.ranks > 1)
        terms = self._terms(several.ranks)
        self.exposed = relative_fit(terms, several.exposed)
        self.blocking = relative_fit(terms, several.blocking)

    def _terms(self, ranks):
        ranks = np.asarray(ranks, dtype=float)
        return [LATENCY[self.latency](ranks), (ranks - 1) / ranks]

    def communication(self, ranks, is_hidden=True):
        costs = self.exposed if is_hidden else self.blocking
        return sum(cost * term for cost, term in zip(costs, self._terms(ranks)))

    def step(self, scaling, ranks, is_hidden=True):
        """is_hidden: as much of the communication as measured, else none of it."""
        compute = self.serial + self.shared * share_of_work(scaling, ranks)
        return compute + self.communication(ranks, is_hidden)

    def deviations(self, steps):
        """Of the model from the measured steps, relative to these."""
        return self.step(steps.scaling, steps.ranks) / steps.step - 1

    def exposed_deviations(self, steps):
        """The same of their exposed communication, where there is any."""
        known = steps.where((steps.ranks > 1) & (steps.exposed > 0))
        return self.communication(known.ranks) / known.exposed - 1


def check_determined(steps):
    """The rank counts must be as many as the parameters, and all in both kinds of scaling."""
    counts = steps.of("strong").counts
    if len(counts) < N_PARAMETERS:
        raise Failure(
            f"a model of the step needs {N_PARAMETERS} measured rank counts in strong scaling, and "
            f"there {'is' if len(counts) == 1 else 'are'} {len(counts)} "
            f"({', '.join(f'{c:g}' for c in counts) or 'none'}; it has {N_PARAMETERS} parameters: "
            f"serial and shared work, latency, exchange); measure "
            f"{N_PARAMETERS - len(counts)} more, or draw the measured alone with --no_model")


class Prediction:
    """The model, and how far it moves when a measured rank count is left out of the fit."""

    def __init__(self, steps, latency="partners"):
        check_determined(steps)
        self.model = ScalingModel(steps, latency)
        self._others = [ScalingModel(steps.where(steps.ranks != count), latency)
                        for count in steps.counts]

    def step_range(self, scaling, ranks):
        steps = [model.step(scaling, ranks) for model in self._others]
        return np.min(steps, axis=0), np.max(steps, axis=0)
