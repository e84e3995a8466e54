"""Which runs and probes are one setting with several seeds."""

import json

# Settings younger than version 0.1.0: without them a run did this, as the papers' do.
ADDED = {("method", "supervise"): "last", ("method", "uniform_prob_by_stage"): [],
         ("optimizer", "decay_epochs"): 0,
         ("optimizer", "stage_lr"): []}
# What tells runs apart that are otherwise one setting with several seeds.
OF_A_SEED = {("train", "seed")}
OF_NO_SETTING = {"output", "record", "data"}


def identity(configuration, left_out=frozenset(OF_NO_SETTING)):
    """What runs of one setting with several seeds have in common; left_out: sections."""
    kept = {section: {key: value for key, value in settings.items()
                      if (section, key) not in OF_A_SEED and value != ADDED.get((section, key))}
            for section, settings in configuration.items() if section not in left_out}
    return json.dumps(kept, sort_keys=True)


def problems_of(item):
    """The hash of the problems that a probe is of; empty for a run."""
    return getattr(item, "attributes", {}).get("data_hash_data", "")


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
    """Names of runs and probes; of a run and its probe once."""
    return ", ".join(dict.fromkeys(item.name for item in items))
