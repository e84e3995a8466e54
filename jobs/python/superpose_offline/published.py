"""Published results, with their sources.

RbS: Zhu et al., "Reasoning by Superposition", arXiv 2505.12514.
EoS: Zhu et al., "Emergence of Superposition", arXiv 2509.23365 (v1, v3).
Both: 2 layers, 8 heads, n_embd 768 where nothing else is said, ProsQA problems of 3 and 4 hops.
"""

from dataclasses import dataclass

N_HEAD = 8


@dataclass(frozen=True)
class Paper:
    title: str
    authors: str
    arxiv: str

    @property
    def address(self):
        return f"https://arxiv.org/abs/{self.arxiv}"


PAPERS = {
    "RbS": Paper("Reasoning by Superposition: A Theoretical Perspective on Chain of Continuous "
                 "Thought", "Zhu et al.", "2505.12514"),
    "EoS": Paper("Emergence of Superposition: Unveiling the Training Dynamics of Chain of "
                 "Continuous Thought", "Zhu et al.", "2509.23365"),
}


@dataclass(frozen=True)
class Accuracy:
    method: str
    n_layer: int
    value: float
    text: str
    source: str
    n_embd: int = 768

    @property
    def paper(self):
        return self.source.split()[0]

    @property
    def model(self):
        """Settings of the model that differ from the papers' usual ones."""
        return {"n_layer": self.n_layer, "n_embd": self.n_embd,
                **({"n_head": 12} if self.n_layer == 12 and self.paper == "RbS" else {})}


# Answers right over the whole vocabulary.
ACCURACIES = [
    Accuracy("coconut", 2, 1.00, "near 100 %", "RbS Fig. 4"),
    Accuracy("coconut", 2, 0.962, "96.2 %", "EoS v1"),
    Accuracy("coconut", 2, 0.988, "98.8 %", "EoS v3, Table 4"),
    Accuracy("coconut", 2, 0.620, "62.0 %", "EoS v3, Table 4", n_embd=384),
    Accuracy("coconut", 2, 0.977, "97.7 %", "EoS v3, Table 4", n_embd=1536),
    Accuracy("coconut", 4, 0.973, "97.3 %", "EoS v3, Table 4"),
    Accuracy("coconut", 8, 0.965, "96.5 %", "EoS v3, Table 4"),
    Accuracy("coconut", 12, 0.674, "67.4 %", "EoS v3, Table 4"),
    Accuracy("cot", 2, 0.75, "about 75 %", "RbS Fig. 4"),
    Accuracy("no_cot", 2, 0.75, "about 75 %", "RbS Fig. 4"),
    Accuracy("cot", 12, 0.83, "83 %", "RbS Fig. 4"),
]

# RbS Table 1: attention on the three tokens of an edge in layer 2 while thought i is generated,
# summed over 8 heads; (mean, standard deviation) for i = 1..4. In this table and the next the
# frontier is the ends of walks, as the published notebook counts it.
EDGE_ATTENTION_SOURCE = "RbS Table 1"
EDGE_ATTENTION = {
    "not_reachable": [(0.04, 0.07), (0.03, 0.09), (0.08, 0.17), (0.12, 0.20)],
    "reachable": [(2.12, 1.07), (0.71, 0.92), (0.38, 0.72), (0.29, 0.66)],
    "walk_frontier": [(2.12, 1.07), (1.00, 0.96), (0.67, 0.87), (0.61, 0.95)],
    "optimal": [(2.54, 1.03), (1.72, 1.13), (1.67, 1.20), (2.23, 1.35)],
}

# RbS Table 5: inner products of thought i with node embeddings; (lowest, highest) mean of three
# seeds.
INNER_PRODUCT_SOURCE = "RbS Table 5"
INNER_PRODUCT = {
    "not_reachable": [(-0.37, -0.25), (-0.26, -0.04), (-0.09, 0.02), (-0.27, -0.23)],
    "reachable": [(3.59, 3.71), (1.37, 1.55), (0.62, 0.80), (0.53, 0.66)],
    "walk_frontier": [(5.09, 5.38), (2.45, 2.69), (1.95, 2.11), (2.12, 2.29)],
    "optimal": [(6.41, 6.84), (4.67, 5.11), (5.44, 6.43), (8.98, 9.58)],
}

# EoS Section 5.1: logit of frontier edges minus that of others, layer 2, c = 1, under coconut.
GROWTH_SOURCE = "EoS Section 5.1"
GROWTH_PLATEAU = 60.0
GROWTH_TEXT = {
    "coconut": "c = 1 saturates near 60 after about 125 epochs; c = 2 appears within few epochs "
               "of its stage; c = 3, 4 without being trained",
    "coconut_bfs_loss": "c = 1 keeps growing; c = 2 appears within few epochs of its stage; c = "
                        "3, 4 without being trained",
}

COPYING_SOURCE = "RbS Fig. 5"
PREDICTION_SOURCE = "EoS Section 5.2, Theorem 3"


@dataclass(frozen=True)
class Setting:
    """What a run is configured to and each paper was: section and key of the configuration, and the
    papers' values. Where a paper's text and its code differ, either will do."""

    section: str
    key: str
    rbs: tuple
    eos: tuple

    @property
    def label(self):
        return f"{self.section}.{self.key}"

    def of(self, paper):
        return {"RbS": self.rbs, "EoS": self.eos}[paper]

    def text(self):
        rbs, eos = (" or ".join(map(str, values)) for values in (self.rbs, self.eos))
        return rbs if rbs == eos else f"{rbs} (RbS), {eos} (EoS)"


def same(section, key, *values):
    return Setting(section, key, values, values)


# In the order in which differences are named: what weighs most stands first.
SETTINGS = [
    same("model", "n_layer", 2), same("model", "n_head", 8), same("model", "n_embd", 768),
    same("method", "supervise", "last"), same("method", "exact_frontier", False),
    same("method", "c_thought", 1), same("method", "uniform_prob", 0.1),
    same("method", "uniform_prob_by_stage", []),
    Setting("method", "shuffle_nodes", (False,), (True,)), same("method", "last_edge_bar", False),
    same("curriculum", "max_latent_stage", 4),
    Setting("curriculum", "first_stage_epochs", (25,), (150,)),
    Setting("curriculum", "epochs_per_stage", (25,), (50, 25)),
    same("curriculum", "stage_end", "epochs"), same("curriculum", "reset_optimizer", False),
    same("optimizer", "name", "adamw"), same("optimizer", "learning_rate", 1e-4),
    same("optimizer", "beta1", 0.9), same("optimizer", "beta2", 0.95, 0.999),
    same("optimizer", "weight_decay", 0.01), same("optimizer", "clip_norm", 0),
    same("optimizer", "schedule", "constant"), same("optimizer", "warmup_steps", 0),
    same("optimizer", "decay_epochs", 0), same("optimizer", "stage_lr", []),
    Setting("train", "epochs", (300,), (350,)), Setting("train", "batch_size", (256,), (512,)),
    same("data", "shares", []), same("data", "later_shares", []),
    same("model", "embd_pdrop", 0.1), same("model", "attn_pdrop", 0.1),
    same("model", "resid_pdrop", 0.1), same("model", "initializer_range", 0.02),
    same("model", "position_init", "normal"), Setting("model", "tied", (True,), (True, False)),
]
# Of a problem, means: ProsQA as RbS Table 4 has it.
PROBLEM_SETTING = [("nodes", "n_nodes", "22.8"), ("edges", "n_edges", "36.5"),
                   ("hops", "hops", "3.5 (3 and 4)")]


def accuracies(method, n_layer, n_embd):
    """Those of this method and depth; of n_embd 768 where no other width was published."""
    found = [a for a in ACCURACIES if a.method == method and a.n_layer == n_layer]
    return [a for a in found if a.n_embd == n_embd] or [a for a in found if a.n_embd == 768]


def head_scale(n_head):
    """What a published sum over heads is multiplied by beside a model of n_head heads."""
    return n_head / N_HEAD


def times_heads(n_head):
    """What is said of published sums over heads that are shown for another number of heads."""
    return "" if n_head == N_HEAD else f", times {n_head}/{N_HEAD} heads"


def of_thought(table, group, thought):
    """An entry of a table for a thought counted from 1; None beyond the fourth."""
    return table[group][thought - 1] if thought <= len(table[group]) else None
