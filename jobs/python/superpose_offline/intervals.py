"""95 % intervals.

An accuracy of several seeds has two sources of chance: the seeds, and the answers to problems that
could have been others. of_accuracies takes the wider of two intervals: Student's t over the seeds'
means, and Wilson's of the answers of all seeds pooled. The first alone has no width where all seeds
agree (three of 100 %); the second alone would not see that seeds differ. Both are of the problem
file as it is: each seed answers the same problems.
"""

import math

import numpy as np

# Student's t, two-sided 95 %, for 1 to 30 degrees of freedom.
T_QUANTILES = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
               2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
               2.060, 2.056, 2.052, 2.048, 2.045, 2.042]


def of_seeds(values):
    """Mean of two or more numbers and its interval by Student's t."""
    mean, n = float(np.mean(values)), len(values)
    t = T_QUANTILES[n - 2] if n - 2 < len(T_QUANTILES) else 1.96
    margin = t * float(np.std(values, ddof=1)) / math.sqrt(n)
    return mean, mean - margin, mean + margin


def over_seeds(shares):
    """The same of shares, kept within 0 and 1."""
    mean, low, high = of_seeds(shares)
    return mean, max(low, 0), min(high, 1)


def wilson(share, n):
    """Wilson's interval of a share of n independent problems."""
    z = 1.96
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(centre - margin, 0), min(centre + margin, 1)


def pooled(shares, n_problems):
    """Wilson's interval of the answers of all seeds; n_problems: how many each was asked."""
    n = sum(n_problems)
    return wilson(sum(share * k for share, k in zip(shares, n_problems)) / n, n)


def candidates_of(shares, n_problems):
    """{how it was made: (low, high)} of the intervals that can be made of these accuracies."""
    found, n = {}, len(shares)
    if n > 1:
        found[f"t, {n} seeds"] = over_seeds(shares)[1:]
    if n > 0 and all(n_problems):
        whose = "1 seed" if n == 1 else f"{n} seeds"
        found[f"Wilson, {whose}, {sum(n_problems)} answers"] = pooled(shares, n_problems)
    return found


def of_accuracies(shares, n_problems):
    """(mean, low, high, how it was made) of accuracies, one a seed; n_problems: of each, None where
    it is unknown. NaN where there is nothing to make an interval of."""
    mean = float(np.mean(shares)) if len(shares) else np.nan
    found = candidates_of(shares, n_problems)
    if not found:
        return mean, np.nan, np.nan, "no interval, 1 seed"
    how, (low, high) = max(found.items(), key=lambda item: item[1][1] - item[1][0])
    return mean, low, high, how
