"""In which setting the papers measured, and how a run's differs."""

import numpy as np

from .. import published

# Of a problem: mean, and by how much of it that of another draw of the same kind may be off.
NODES, EDGES, OFF = 22.8, 36.5, 0.05
HOPS = {3, 4}


def of_configuration(configuration, paper, **other):
    """How the setting of a run differs from a paper's, in words; other: values of the model that
    this published number has instead. What an older configuration does not name is as in the
    papers."""
    found = []
    for setting in published.SETTINGS:
        values = (other[setting.key],) if setting.key in other else setting.of(paper)
        actual = configuration.get(setting.section, {}).get(setting.key, values[0])
        if actual not in values and applies(setting, configuration):
            found.append(f"{setting.key} {actual} ({paper}: {' or '.join(map(str, values))})")
    return found + of_training_files(configuration)


def applies(setting, configuration):
    """Methods without thoughts have no stages."""
    return setting.section != "curriculum" or configuration["method"]["name"] not in ("cot",
                                                                                      "no_cot")


def of_training_files(configuration):
    files = configuration.get("data", {}).get("train", "")
    several = isinstance(files, list) and len(files) > 1
    return [f"{len(files)} training files (papers: 1)"] if several else []


def of_problems(problems):
    """How problems (the table of a probe file) differ from ProsQA's of 3 and 4 hops."""
    found = []
    for name, mean in (("n_nodes", NODES), ("n_edges", EDGES)):
        actual = float(np.mean(problems[name]))
        if abs(actual - mean) > OFF * mean:
            found.append(f"{name} {actual:.1f} (papers: {mean})")
    return found + of_hops(problems["hops"])


def of_hops(hops):
    """How the hops that problems have differ from the papers'."""
    hops = sorted(set(map(int, hops)))
    return [f"hops {', '.join(map(str, hops))} (papers: 3, 4)"] if set(hops) - HOPS else []
