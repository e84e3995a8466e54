"""In which setting the papers measured, how a run's differs, and which runs differ in the seed only.
"""

import json

import numpy as np

from .. import published

# Settings younger than version 0.1.0: without them a run did this, as the papers' do.
ADDED = {("method", "supervise"): "last", ("method", "uniform_prob_by_stage"): [],
         ("optimizer", "decay_epochs"): 0,
         ("optimizer", "stage_lr"): []}
# Of a problem: mean, and by how much of it that of another draw of the same kind may be off.
NODES, EDGES, OFF = 22.8, 36.5, 0.05
HOPS = {3, 4}
# What tells runs apart that are otherwise one setting with several seeds.
OF_A_SEED = {("train", "seed")}
OF_NO_SETTING = {"output", "record", "data"}


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


def identity(configuration, left_out=frozenset(OF_NO_SETTING)):
    """What runs of one setting with several seeds have in common; left_out: sections."""
    kept = {section: {key: value for key, value in settings.items()
                      if (section, key) not in OF_A_SEED and value != ADDED.get((section, key))}
            for section, settings in configuration.items() if section not in left_out}
    return json.dumps(kept, sort_keys=True)


def by_setting(items):
    """Lists of those that differ in the seed only; of one seed the last counts."""
    settings = {}
    for item in items:
        seed = item.configuration.get("train", {}).get("seed")
        settings.setdefault(identity(item.configuration), {})[seed] = item
    return [list(seeds.values()) for seeds in settings.values()]


def by_configuration(items):
    """Lists of those whose configurations differ in nothing but the seed and the output."""
    found = {}
    for item in items:
        found.setdefault(identity(item.configuration, {"output"}), []).append(item)
    return list(found.values())
