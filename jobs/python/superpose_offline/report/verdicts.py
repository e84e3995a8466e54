"""When a measured value counts as the published one: one rule for size, one for order.

The 95 % interval over seeds (Student's t) agrees if it lies within the published value, widened by
a tolerance: 2 points for accuracies, 10 % for all else, at least half of the last digit that was
published and at least the width of a published range. It disagrees if it lies outside altogether;
one that reaches across the border is undecided, and so is a single seed, which has no interval. A
run of another setting than the published one gets a badge that names it, and no verdict on size.

Order has one rule, too: the intervals of two means stand apart, or nothing is said.
"""

from dataclasses import dataclass

from .. import intervals

AGREES, DISAGREES, PARTLY = "agrees", "disagrees", "agrees in part"
NOT_PUBLISHED, UNDECIDED, OTHER_SETTING = "no published number", "undecided", "other setting"
USED, NOT_USED = "superposition is used", "not shown to be used"  # of interventions
POINTS, RELATIVE, ROUNDING = 0.02, 0.10, 0.005

LISTED = 5  # differences of a setting that a badge names

RULE = ("Size: agrees if the 95 % interval over seeds lies within the published value ± "
        f"{100 * POINTS:g} points (accuracies) or ± {100 * RELATIVE:g} % (all else; of a published "
        "range at least its width), disagrees if it lies outside altogether. Across the border, or "
        "of one seed: undecided. In another setting than the papers': a badge, no verdict.")


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
        return cls(low, high, max(RELATIVE * max(abs(low), abs(high)), high - low, ROUNDING))


def of_interval(low, high, target):
    """AGREES, DISAGREES or UNDECIDED, from the 95 % interval over seeds."""
    lowest, highest = target.low - target.tolerance, target.high + target.tolerance
    if high < lowest or low > highest:
        return DISAGREES
    return AGREES if lowest <= low and high <= highest else UNDECIDED


def of_seeds(means, target):
    """The same from the means of one seed each."""
    if len(means) < 2:
        return UNDECIDED
    _, low, high = intervals.of_seeds(means)
    return of_interval(low, high, target)


def of_order(lower, upper):
    """Whether the mean of `upper` lies above that of `lower`, both (low, high) of a 95 % interval;
    NaN, where there is none, leaves it undecided."""
    if upper[0] > lower[1]:
        return AGREES
    return DISAGREES if upper[1] < lower[0] else UNDECIDED


def of_check(holds):
    return AGREES if holds else DISAGREES


def together(verdicts):
    """The verdict on a whole table: it agrees only if all of it does."""
    if not verdicts:
        return NOT_PUBLISHED
    if DISAGREES in verdicts:
        return PARTLY if AGREES in verdicts else DISAGREES
    return UNDECIDED if UNDECIDED in verdicts else AGREES


def on_size(verdicts, differences):
    """The same of a run whose setting differs from the published one in these ways."""
    if not differences or not verdicts:
        return together(verdicts)
    more = len(differences) - LISTED
    named = differences[:LISTED] + ([f"{more} more (table of settings)"] if more > 0 else [])
    return f"{OTHER_SETTING}: {', '.join(named)}"


def on_order(verdicts):
    """The same of sign and order, where nothing measured leaves open what was published."""
    return together(verdicts) if verdicts else UNDECIDED


def kind_of(verdict):
    """The verdict without what a badge names."""
    return OTHER_SETTING if str(verdict).startswith(OTHER_SETTING) else verdict
