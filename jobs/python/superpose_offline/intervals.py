"""95 % intervals."""

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
    return centre - margin, centre + margin
