"""Which runs and probes are one setting with several seeds."""

import json

# Settings younger than version 0.1.0: without them a run did this (src/train/options.hpp).
ADDED = {("data", "shares"): [], ("data", "later_shares"): [], ("data", "later_shares_from"): 0,
         ("model", "precision"): "f32", ("model", "position_init"): "normal",
         ("method", "supervise"): "last", ("method", "uniform_prob_by_stage"): [],
         ("optimizer", "name"): "adamw", ("optimizer", "muon_learning_rate"): 0.004,
         ("optimizer", "muon_momentum"): 0.95, ("optimizer", "decay_epochs"): 0,
         ("optimizer", "stage_lr"): [], ("output", "jsonl"): False}
# What tells runs apart that are otherwise one setting with several seeds. Problem files are known by
# their contents (problems_of), not by where they lie.
OF_A_SEED = {("train", "seed"), ("data", "train"), ("data", "valid")}
OF_NO_SETTING = {"output", "record"}
LISTED = 4  # runs that are listed by name


def identity(configuration, left_out=frozenset(OF_NO_SETTING)):
    """What runs of one setting with several seeds have in common; left_out: sections."""
    kept = {section: {key: value for key, value in settings.items()
                      if (section, key) not in OF_A_SEED and value != ADDED.get((section, key))}
            for section, settings in configuration.items() if section not in left_out}
    return json.dumps(kept, sort_keys=True)


def problems_of(item):
    """Hashes of the problems that a run was trained and evaluated on, or that a probe is of."""
    return [item.attributes.get(f"data_hash_{role}", "") for role in ("train", "valid", "data")]


def by_setting(items):
    """Lists of those that differ in the seed only, each seed once: a second probe of a seed stands
    in a list of its own."""
    groups = []
    for item in items:
        key = identity(item.configuration), problems_of(item)
        seed = item.configuration.get("train", {}).get("seed")
        for known, seeds in groups:
            if known == key and seed not in seeds:
                seeds[seed] = item
                break
        else:
            groups.append((key, {seed: item}))
    return [list(seeds.values()) for _, seeds in groups]


def by_configuration(items):
    """Lists of those whose configurations differ in nothing but the seed and the output."""
    found = {}
    for item in items:
        found.setdefault(identity(item.configuration, {"output"}), []).append(item)
    return list(found.values())


def names_of(items):
    """Names of runs and probes, of a run and its probe once; of many the first, and how many."""
    names = list(dict.fromkeys(item.name for item in items))
    return ", ".join(names) if len(names) <= LISTED else f"{names[0]} and {len(names) - 1} more"
