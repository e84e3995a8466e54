"""The names of what an evaluation measures: one list for C++ (src/core/evaluation_measures.hpp),
run.h5, evaluation.json, collected sweeps and this package (io/FORMAT.md, Evaluations); and how
files of earlier versions are read under these names."""

import re
from enum import StrEnum


class Measure(StrEnum):
    """A measure by its name, which is what files hold and what users type."""

    N_PROBLEMS = "n_problems"
    ACCURACY = "accuracy"
    CANDIDATE_ACCURACY = "candidate_accuracy"
    LOSS = "loss"
    N_PROBLEMS_EQUAL_DEPTH = "n_problems_equal_depth"
    ACCURACY_EQUAL_DEPTH = "accuracy_equal_depth"
    CANDIDATE_ACCURACY_EQUAL_DEPTH = "candidate_accuracy_equal_depth"
    LOSS_EQUAL_DEPTH = "loss_equal_depth"
    N_PROBLEMS_BY_HOPS = "n_problems_by_hops"
    ACCURACY_BY_HOPS = "accuracy_by_hops"
    CANDIDATE_ACCURACY_BY_HOPS = "candidate_accuracy_by_hops"
    LOSS_BY_HOPS = "loss_by_hops"
    NEXT_NODE_N_PROBLEMS = "next_node_n_problems"
    NEXT_NODE_OPTIMAL = "next_node_optimal"
    NEXT_NODE_FRONTIER = "next_node_frontier"
    NEXT_NODE_LOSS = "next_node_loss"
    UNIFORM_GUESS_LOSS = "uniform_guess_loss"


HOPS, HOP = "hops", "hop"  # what measures by hops and of the next node stand at

# Measures that are shares of problems or predictions, shown in per cent. In a collected sweep a
# number follows: next_node_frontier_2.
SHARES = tuple(m for m in Measure if "accuracy" in m or m in (Measure.NEXT_NODE_OPTIMAL,
                                                              Measure.NEXT_NODE_FRONTIER))


def in_evaluation(column):
    """Of the table `evaluation`: the name of today of a column of any version."""
    return {"equal_depth_accuracy": Measure.ACCURACY_EQUAL_DEPTH}.get(column, column)


def in_collected(name):
    """The name of today of a measure of a collected sweep of any version, with or without an
    ending: "accuracy_3_hops_mean" of version 2 is "accuracy_by_hops_3_mean"."""
    return re.sub(r"^(candidate_accuracy|accuracy|loss)_(\d+)_hops", r"\1_by_hops_\2", name)


def result_of_version_1(result):
    """A result of superpose evaluate that has groups of answers, under the names of today."""
    by_hops, next_node = result.get("by_hops", {}), result["next_node"]
    today = {"latents": result["latents"], HOPS: [int(hops) for hops in by_hops],
             HOP: [hop[HOP] for hop in next_node]}
    for name in ("problems", "accuracy", "candidate_accuracy", "loss"):
        measure = "n_problems" if name == "problems" else name
        today[measure] = result["all"][name]
        today[f"{measure}_equal_depth"] = result["equal_depth"][name]
        today[f"{measure}_by_hops"] = [group[name] for group in by_hops.values()]
    for name in ("problems", "optimal", "frontier", "loss"):
        measure = "n_problems" if name == "problems" else name
        today[f"next_node_{measure}"] = [hop[name] for hop in next_node]
    today[Measure.UNIFORM_GUESS_LOSS] = [hop["uniform_guess_loss"] for hop in next_node]
    return today
