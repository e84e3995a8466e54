"""Run directories as superpose writes them (io/FORMAT.md), with values chosen by the tests."""

import json

import h5py
import numpy as np

from superpose_offline.files.hdf5 import FORMAT_VERSIONS
from superpose_offline.files.measures import Measure

CONFIGURATION = """
[data]
valid = "data/valid.json"
[model]
n_layer = 2
n_head = 8
n_embd = 768
[method]
name = "{method}"
uniform_prob = 0.1
shuffle_nodes = {shuffle_nodes}
[optimizer]
learning_rate = 1e-4
clip_norm = 0.0
[train]
seed = {seed}
epochs = {epochs}
batch_size = {batch_size}
"""
# The settings of both papers, and one of neither.
PAPERS = {"RbS": {"shuffle_nodes": "false", "epochs": 300, "batch_size": 256},
          "EoS": {"shuffle_nodes": "true", "epochs": 350, "batch_size": 512},
          "ours": {"shuffle_nodes": "true", "epochs": 12, "batch_size": 64}}
GROUPS = ["not_reachable", "reachable", "walk_frontier", "optimal"]
KEYS = ["last_thought", "root_mark", "root", "target", "other"]
N_LAYER, N_HEAD, N_THOUGHT, N_EPOCH = 2, 8, 4, 12
# Of the one graph that all synthetic problems have: 0 -> 1 -> 2 -> 3 -> 4, and 5 -> 6, 5 -> 7.
EDGES = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (5, 7)])
N_PROBLEM, N_NODE, N_EDGE, N_POSITION = 3, 8, len(EDGES), 28
STEPS = [100, 200]


def write_attributes(file, kind, method, seed=0, paper="RbS"):
    configuration = CONFIGURATION.format(method=method, seed=seed, **PAPERS[paper])
    file.attrs.update({"file_type": kind, "format_version": FORMAT_VERSIONS[kind],
                       "git_hash": "0123456789abcdef", "command_line": "superpose synthetic",
                       "n_ranks": 2,
                       "seed_train": seed, "skipped": "", "configuration": configuration})


def mark_rule(dataset, name):
    """By which rule the statistic counts the frontier."""
    if any(part in name for part in ("frontier", "growth", "index_matching")):
        dataset.attrs["frontier_rule"] = "walk" if "walk" in name else "distance"


def repeated(table, time):
    """Rows of groups by thought, as (time, layer, thought): half of it in layer 1."""
    return np.array([[0.5 * np.array(table), np.array(table)]] * time)


def statistics(time, edge_means, product_means, growth):
    """{name: means}, the first dimension of length `time`. edge_means, product_means: by group,
    then by thought; growth: by time, then by thought."""
    values = {"accuracy": np.ones(time), "candidate_accuracy": np.ones(time)}
    for name, share in (("copying_source", 3.0), ("copying_target", 3.5), ("copying", 6.5)):
        values[name] = np.array([[share, 0.2]] * time)
    for group, edges, products in zip(GROUPS, edge_means, product_means):
        values[f"edge_attention_{group}"] = repeated(edges, time)
        values[f"inner_product_{group}"] = np.array([products] * time)
    for name in ("edge_attention", "inner_product"):  # by distance: other numbers
        values[f"{name}_frontier"] = 3 * values[f"{name}_walk_frontier"]
    values["growth_difference_walk"] = np.stack([0.1 * growth, growth], axis=1)
    values["growth_difference"] = values["index_matching_difference"] = (
        values["growth_difference_walk"] / 3)
    for i, key in enumerate(KEYS):
        rise = np.linspace(0.1, 2 - 0.3 * i, time)
        values[f"answer_attention_{key}"] = np.stack([rise, rise / 2], axis=1)
        values[f"answer_logit_{key}"] = np.stack([5 * rise, rise], axis=1)
    return values


def saturating(time):
    """Differences of c = 1..4 that reach 60, as under coconut."""
    t = np.linspace(0, 6, time)
    return np.stack([60 * (1 - np.exp(-t / (1 + 0.1 * c))) for c in range(N_THOUGHT)], axis=1)


def scaled(means, factor):
    return tuple((factor * np.array(table)).tolist() for table in means)


def write_run(folder, means, method="coconut", seed=0, accuracy=0.98, growth=None, paper="RbS"):
    """A run of stages 0..4 that records at every epoch; means: (edge_means, product_means);
    growth: attention differences [epoch, thought]; paper: one of PAPERS."""
    folder.mkdir(parents=True)
    stage = np.minimum(np.arange(N_EPOCH) // 2, 4)
    with h5py.File(folder / "run.h5", "w") as file:
        write_attributes(file, "superpose_run", method, seed, paper)
        write_histories(file, stage, accuracy)
        table = file.create_group("attention")
        table["epoch"], table["stage"] = np.arange(N_EPOCH), stage
        table["layer"], table["thought"] = [1, 2], np.arange(N_THOUGHT) + 1
        table["c"] = np.arange(N_THOUGHT) + 1
        for name, mean in statistics(
                N_EPOCH, *means, saturating(N_EPOCH) if growth is None else growth).items():
            table[name], table[f"{name}_std"] = mean, np.full(mean.shape, 0.5)
            table[f"{name}_count"] = np.full(mean.shape, 100)
            mark_rule(table[name], name)


def write_histories(file, stage, accuracy):
    n_step = 4 * N_EPOCH
    ramp = np.linspace(0.1, accuracy, N_EPOCH)
    tables = {
        "steps": {"step": np.arange(n_step) + 1, "epoch": np.arange(n_step) // 4,
                  "stage": np.repeat(stage, 4), "loss": np.linspace(3, 0.1, n_step),
                  "gradient_norm": np.linspace(2, 0.5, n_step),
                  "learning_rate": np.full(n_step, 1e-4),
                  "seconds": np.repeat(0.1 * (1 + stage), 4), "operations": np.full(n_step, 5e11)},
        "epochs": {"epoch": np.arange(N_EPOCH), "stage": stage, "loss": 1 - ramp,
                   "seconds": np.full(N_EPOCH, 6.0)},
        "evaluation": {"epoch": np.arange(N_EPOCH), "stage": stage, "hops": [3, 4],
                       "hop": [1, 2, 3, 4],
                       "accuracy": ramp, "candidate_accuracy": ramp, "accuracy_equal_depth": ramp,
                       "loss": 1 - ramp, "accuracy_by_hops": np.stack([ramp, ramp / 2], axis=1),
                       **{f"next_node_{name}": np.stack([ramp] * 4, axis=1)
                          for name in ("frontier", "optimal", "loss")},
                       "uniform_guess_loss": np.full((N_EPOCH, 4), 0.7)}}
    for table, columns in tables.items():
        for name, values in columns.items():
            file[f"{table}/{name}"] = values


def write_probe(path, means, method="coconut", seed=0, paper="RbS", std=0.02):
    """Two checkpoints; the last has the means, raw values are small random ones. std: of every
    statistic, so small that three problems tell the groups apart."""
    growth = saturating(len(STEPS))
    with h5py.File(path, "w") as file:
        write_attributes(file, "superpose_probe", method, seed, paper)
        file["checkpoint"], file["epoch"], file["stage"] = STEPS, [6, 12], [3, 4]
        file["layer"], file["raw_layer"] = [1, 2], [1, 2]
        file["head"], file["thought"] = np.arange(N_HEAD) + 1, np.arange(N_THOUGHT) + 1
        file["c"] = np.arange(N_THOUGHT) + 1
        for name, mean in statistics(len(STEPS), *means, growth).items():
            for part, values in (("mean", mean), ("std", np.full(mean.shape, std)),
                                 ("count", np.full(mean.shape, 100))):
                file[f"statistics/{name}/{part}"] = values
                mark_rule(file[f"statistics/{name}/{part}"], name)
        write_problems(file)
        for step in STEPS:
            write_raw(file.create_group(f"raw/checkpoint_{step:09}"))
        write_interventions(file)


def write_problems(file):
    """The one graph, three times; prompt `<eos> s t | ... s t [Q] c1 c2 [R] root`, 4 thoughts,
    [A]."""
    edge_tokens = np.hstack([[*edge, 34] for edge in EDGES])[:-1]
    tokens = [38, *edge_tokens, 35, 4, 7, 36, 0, 33, 33, 33, 33, 37]
    first = 1 + 3 * np.arange(N_EDGE)
    bars = np.stack([first, first + 1, first + 2], axis=1)
    bars[-1, 2] = -1
    distance = np.array([0, 1, 2, 3, 4, -1, -1, -1])
    # Numbers of nodes and edges as in the papers: what a report tells the setting by.
    problems = {"hops": 4, "n_nodes": 23, "n_edges": 36, "tokens": tokens, "edges": EDGES,
                "position_edge": bars, "distance": distance}
    for name, value in problems.items():
        file[f"problems/{name}"] = np.array([value] * N_PROBLEM, dtype="i4")
    thoughts = np.arange(1, N_THOUGHT + 1)[:, None]
    reached = (distance >= 0) & (distance <= thoughts)
    frontier = distance == thoughts  # all of it on the path to 4
    for group, member in zip([*GROUPS, "frontier"],
                             (~reached, reached, frontier, frontier, frontier)):
        file[f"problems/node_{group}"] = np.array([member] * N_PROBLEM, dtype="i4")
    file["problems/raw_problem_index"] = np.arange(N_PROBLEM, dtype="i4")
    file["problems/position_query"] = np.array([np.arange(len(tokens))] * N_PROBLEM, dtype="i4")


def write_raw(group):
    random = np.random.default_rng(0)
    n_query = N_POSITION
    weights = random.random((N_PROBLEM, N_LAYER, N_HEAD, n_query, n_query), dtype="f4")
    weights *= np.tril(np.ones((n_query, n_query), dtype="f4"))
    group["attention_weights"] = weights / weights.sum(axis=-1, keepdims=True)
    group["wte"] = random.random((40, 16), dtype="f4")
    group["inner_products"] = 3 * random.random((N_PROBLEM, N_THOUGHT, N_NODE), dtype="f4")


def write_interventions(file):
    changed, strengths = np.arange(N_THOUGHT + 1), np.array([0, 0.5, 1])
    file["interventions/changed_thought"], file["interventions/strength"] = changed, strengths
    shape = (len(STEPS), len(changed), len(strengths))
    after = {"rescale_not_reachable": [0.97, 0.98, 0.98], "rescale_reachable": [0.1, 0.6, 0.98],
             "swap": [0.98, 0.6, 0.2], "nearest_token": [0.98, 0.9, 0.4],
             "keep_strongest": [0.98, 0.9, 0.7]}
    for name, accuracy in after.items():
        for prefix in ("", "candidate_"):
            file[f"interventions/{name}/{prefix}accuracy_before"] = np.full(shape, 0.98)
            file[f"interventions/{name}/{prefix}accuracy_after"] = np.broadcast_to(accuracy, shape)
        file[f"interventions/{name}/problems"] = np.full(shape, 257.0)


def age_probe(path, rule):
    """Makes of it a file of version 2, which counted its frontier by one rule."""
    with h5py.File(path, "a") as file:
        file.attrs["format_version"], file.attrs["frontier"] = 2, rule
        for name in [n for n in file["statistics"] if n.startswith("growth")]:
            del file["statistics"][name]
        del file["c"]
        for group in (file["statistics"], file["problems"]):
            for name in [n for n in group if "walk" in n]:
                old = name.replace("walk_", "").replace("_walk", "")
                if old in group:
                    del group[old]
                group.move(name, old)
        file.visititems(lambda _, item: item.attrs.pop("frontier_rule", None))


def write_evaluation(path, accuracy, n_problems=257):
    answers = {"n_problems": n_problems, "accuracy": accuracy, "candidate_accuracy": accuracy,
               "loss": 0.1}
    result = {"latents": "hops * c_thought", "hops": [4], "hop": [],
              **{measure: [] for measure in Measure}, **answers,
              **{f"{name}_equal_depth": value for name, value in answers.items()},
              **{f"{name}_by_hops": [value] for name, value in answers.items()}}
    path.write_text(json.dumps({
        "format_version": 2, "command_line": "superpose evaluate", "checkpoint": "elsewhere/checkpoint_000000200.h5",
        "step": 200, "git_hash": "0123456789abcdef", "data": "data/valid.json",
        "data_hash": "00ff00ff00ff00ff", "problems": n_problems,
        "results": [result],
        "shortcuts": [{"name": "distance", "accuracy": 0.93, "accuracy_equal_depth": 0.5}]}))


def reconfigure(path, old, new):
    """Another setting in the configuration of a file."""
    with h5py.File(path, "r+") as file:
        assert old in file.attrs["configuration"]
        file.attrs["configuration"] = file.attrs["configuration"].replace(old, new)
