"""When a measured value counts as the published one: the one rule of all verdicts on size.

The 95 % interval over seeds (Student's t) has to overlap the published value, widened by a
tolerance: 2 points for accuracies, 10 % for all else, at least half of the last digit that was
published. An interval wider than twice the tolerance is undecided, unless it misses the published
value altogether; so is a single seed, which has no interval. A run of another setting than the
published one gets a badge that names it, and no verdict on size.
"""

from dataclasses import dataclass

from .. import intervals

AGREES, DISAGREES, PARTLY = "agrees", "disagrees", "agrees in part"
NOT_PUBLISHED, UNDECIDED, OTHER_SETTING = "no published number", "undecided", "other setting"
USED, NOT_USED = "superposition is used", "not shown to be used"  # of interventions
POINTS, RELATIVE, ROUNDING = 0.02, 0.10, 0.005

RULE = ("Size: the 95 % interval over seeds overlaps the published value ± "
        f"{100 * POINTS:g} points (accuracies) or ± {100 * RELATIVE:g} % (all else). Overlapping "
        "but wider than twice that, or of one seed: undecided. In another setting than the "
        "papers': a badge, no verdict.")


@dataclass(frozen=True)
class Target:
    """A published value (low = high) or range, and how far off may still be called equal."""

    low: float
    high: float
    tolerance: float

    @classmethod
    def share(cls, value):
        return cls(value, value, POINTS)

    @classmethod
    def number(cls, low, high=None):
        high = low if high is None else high
        return cls(low, high, max(RELATIVE * max(abs(low), abs(high)), ROUNDING))


def of_seeds(means, target):
    """AGREES, DISAGREES or UNDECIDED, from the means of one seed each."""
    if len(means) < 2:
        return UNDECIDED
    _, low, high = intervals.of_seeds(means)
    if high < target.low - target.tolerance or low > target.high + target.tolerance:
        return DISAGREES
    return AGREES if high - low <= 2 * target.tolerance else UNDECIDED


def together(verdicts):
    """The verdict on a whole table: it agrees only if all of it does."""
    if not verdicts:
        return NOT_PUBLISHED
    if DISAGREES in verdicts:
        return PARTLY if AGREES in verdicts else DISAGREES
    return UNDECIDED if UNDECIDED in verdicts else AGREES


def on_size(verdicts, differences):
    """The same of a run whose setting differs from the published one in these ways."""
    if differences and verdicts:
        return f"{OTHER_SETTING}: {', '.join(differences)}"
    return together(verdicts)


def checks(holds, total):
    """holds of total checks on sign and order."""
    if total == 0:
        return UNDECIDED
    return AGREES if holds == total else DISAGREES if holds == 0 else PARTLY


def kind_of(verdict):
    """The verdict without what a badge names."""
    return OTHER_SETTING if str(verdict).startswith(OTHER_SETTING) else verdict
