"""In which setting the papers measured, how a run's differs, and which runs differ in the seed only.
"""

import json

import numpy as np

MODEL = {("model", "n_layer"): 2, ("model", "n_head"): 8, ("model", "n_embd"): 768}
# Settings younger than version 0.1.0: without them a run did this, as the papers' do.
ADDED = {("method", "supervise"): "last", ("method", "uniform_prob_by_stage"): [],
         ("optimizer", "decay_epochs"): 0,
         ("optimizer", "stage_lr"): []}
TRAINING = {("optimizer", "learning_rate"): 1e-4, ("method", "uniform_prob"): 0.1, **ADDED}
RBS = {**MODEL, **TRAINING, ("train", "epochs"): 300, ("train", "batch_size"): 256,
       ("method", "shuffle_nodes"): False}
EOS = {**MODEL, **TRAINING, ("train", "epochs"): 350, ("train", "batch_size"): 512,
       ("method", "shuffle_nodes"): True}
PAPERS = {"RbS": RBS, "EoS": EOS}
# Of a problem: mean, and by how much of it that of another draw of the same kind may be off.
NODES, EDGES, OFF = 22.8, 36.5, 0.05
HOPS = {3, 4}
# What tells runs apart that are otherwise one setting with several seeds.
OF_A_SEED = {("train", "seed")}
OF_NO_SETTING = {"output", "record", "data"}


def of_configuration(configuration, paper, **other):
    """How the setting of a run differs from a paper's, in words; other: values of the model that
    this published number has instead."""
    expected = dict(PAPERS[paper])
    expected.update({("model", key): value for key, value in other.items()})
    found = []
    for (section, key), value in expected.items():
        actual = configuration.get(section, {}).get(key, ADDED.get((section, key)))
        if actual != value:
            found.append(f"{key} {actual} ({paper}: {value})")
    return found


def of_problems(problems):
    """How problems (the table of a probe file) differ from ProsQA's of 3 and 4 hops."""
    found = []
    for name, mean in (("n_nodes", NODES), ("n_edges", EDGES)):
        actual = float(np.mean(problems[name]))
        if abs(actual - mean) > OFF * mean:
            found.append(f"{name} {actual:.1f} (papers: {mean})")
    return found + of_hops(int(h) for h in problems["hops"])


def of_hops(hops):
    """How the hops that problems have differ from the papers'."""
    others = sorted(set(hops) - HOPS)
    return [f"hops {', '.join(map(str, others))} (papers: 3, 4)"] if others else []


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
