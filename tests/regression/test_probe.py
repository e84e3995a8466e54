"""`superpose probe` with the real program: every grouped statistic recomputed from the raw values of
the same file. Usage: see harness.py."""

import itertools
import json
import shutil

import h5py
import numpy as np

import harness
from small_runs import SmallRuns, column, damage

GROUPS = ("not_reachable", "reachable", "frontier", "optimal", "walk_frontier")
RULES = {"": "frontier", "_walk": "walk_frontier"}  # ending of a statistic: the group it is about
INTERVENTIONS = "rescale,swap,nearest_token,keep_strongest,frontier_span"
ANSWER_KEYS = ("last_thought", "root_mark", "root", "target", "other")


def distances(problem):
    """Hops from the root by breadth-first search over the record of the problem file."""
    found, frontier = {problem["root"]: 0}, [problem["root"]]
    while frontier:
        frontier = [b for a, b in problem["edges"] if a in frontier and b not in found
                    and not found.update({b: found[a] + 1})]
    return found


def to_target(problem):
    return distances({"root": problem["target"], "edges": [(b, a) for a, b in problem["edges"]]})


def walk_ends(problem, k):
    """The ends of all walks of k edges from the root."""
    nodes = {problem["root"]}
    for _ in range(k):
        nodes = {b for a, b in problem["edges"] if a in nodes}
    return nodes


def node_in(group, problem, k, node):
    """Whether a node is in a group for thought k, from the problem file alone."""
    distance, rest = distances(problem), to_target(problem)
    hops = distance[problem["target"]]
    reached = distance.get(node, 99) <= k
    return {"not_reachable": not reached, "reachable": reached,
            "frontier": distance.get(node) == k,
            "walk_frontier": node in walk_ends(problem, k),
            "optimal": distance.get(node) == k and rest.get(node) == hops - k}[group]


def edge_in(group, problem, k, edge):
    if group != "optimal":
        return node_in(group, problem, k - 1, edge[0])
    return node_in("frontier", problem, k - 1, edge[0]) and node_in(group, problem, k, edge[1])


class Raw:
    """The raw values of the first checkpoint of a probe file of which everything is kept."""

    def __init__(self, file, problems):
        self.problems, self.table = problems, {n: d[()] for n, d in file["problems"].items()}
        group = file["raw"][sorted(file["raw"])[0]]
        self.values = {name: data[()].astype(np.float64) for name, data in group.items()}
        self.hops = self.table["hops"]

    def edges(self, p):
        """(source and target node, positions of source, target and |) of the edges with a |."""
        for e in range(self.table["n_edges"][p]):
            position = self.table["position_edge"][p, e]
            if position[2] >= 0:
                yield self.table["edges"][p, e].tolist(), position

    def thoughts(self):
        for p, hops in enumerate(self.hops):
            for k in range(1, hops + 1):
                yield p, k, self.table["position_thought"][p, k - 1]

    def copying(self, layer, parts):
        """[measurement, head] attention of | to these parts of its edge."""
        weights = self.values["attention_weights"]
        return [weights[p, layer, :, position[2], position[list(parts)]].sum(axis=0)
                for p in range(len(self.hops)) for _, position in self.edges(p)]

    def copying_any_edge(self, layer):
        """The largest attention of | to source and target of one edge: [measurement, head] and,
        of the heads' sum, [measurement]."""
        weights, of_heads, of_sum = self.values["attention_weights"], [], []
        for p in range(len(self.hops)):
            for _, own in self.edges(p):
                on_edges = np.array([weights[p, layer, :, own[2], position[:2]].sum(axis=0)
                                     for _, position in self.edges(p)])
                of_sum.append(on_edges.sum(axis=1).max())
                of_heads.append(on_edges.max(axis=0))
        return of_heads, of_sum

    def routed(self, layer, thought, group):
        """Attention to the | of all edges, times what they copied of one in the layer below."""
        found, weights = [], self.values["attention_weights"]
        for p, k, query in self.thoughts():
            bars = [position[2] for _, position in self.edges(p)]
            for edge, position in self.edges(p) if k == thought and layer > 0 else ():
                if edge_in(group, self.problems[p], k, edge):
                    copied = weights[p, layer - 1].mean(axis=0)[bars][:, position[:2]].sum(axis=1)
                    found.append(weights[p, layer][:, query, bars] @ copied)
        return found

    def edge_attention(self, layer, thought, group):
        weights = self.values["attention_weights"]
        return [weights[p, layer, :, query, position[0]:position[2] + 1].sum(axis=1)
                for p, k, query in self.thoughts() if k == thought
                for edge, position in self.edges(p) if edge_in(group, self.problems[p], k, edge)]

    def edge_logits(self, layer, thought, group, p_wanted=None):
        """Of the edges of a frontier and of others."""
        logits, found = self.values["attention_logits"], ([], [])
        for p, k, query in self.thoughts():
            if k == thought and p_wanted in (None, p):
                for edge, position in self.edges(p):
                    other = not edge_in(group, self.problems[p], k, edge)
                    found[other].append(logits[p, layer, :, query, position[2]])
        return found

    def index_matching(self, layer, thought, group):
        pairs = [self.edge_logits(layer, thought, group, p) for p in range(len(self.hops))]
        return [np.mean(np.sum(a, axis=1)) - np.mean(np.sum(b, axis=1)) for a, b in pairs if a and b]

    def inner_products(self, thought, group):
        return [self.values["thoughts"][p, k - 1] @ self.values["wte"][node]
                for p, k, _ in self.thoughts() if k == thought
                for node in range(self.table["n_nodes"][p])
                if node_in(group, self.problems[p], k, node)]

    def answer(self, name, layer, key):
        return [self.values[name][p, layer, :, self.table["position_answer"][p],
                                  self.table[f"position_{key}"][p]] for p in range(len(self.hops))]

    def right(self):
        return self.values["answer_logits"].argmax(axis=1) == self.table["target"]


class Probe(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        cls.settings = {"optimizer.schedule": "constant", "train.epochs": 4, "record.every": 2,
                        "record.problems": 0, "output.checkpoint_every": 2,
                        "model.initializer_range": 0.2}
        result = cls.train("run", cls.settings)
        assert result.returncode == 0, result.stderr
        result = cls.probe("all.h5", "run", "--raw_problems", "all")
        assert result.returncode == 0, result.stderr

    @classmethod
    def probe(cls, output, *arguments, ranks=None, data="valid.json"):
        return cls.run_program("probe", *arguments, "--data", data, "--output", output, ranks=ranks)

    def expect_statistic(self, file, name, index, measured, of_all=None):
        """measured: [n] or [n, head] numbers of group `index` of a statistic; of_all: [n] over the
        heads, their sum if it is not given."""
        measured = np.array(measured, dtype=np.float64)
        group = file["statistics"][name]
        self.assertEqual(group["count"][(0, *index)], len(measured), name)
        if len(measured) == 0:
            return self.assertTrue(np.isnan(group["mean"][(0, *index)]), name)
        summed = measured.sum(axis=1) if measured.ndim == 2 else measured
        summed = summed if of_all is None else np.array(of_all)
        self.assert_near(group["mean"][(0, *index)], summed.mean(), name)
        self.assert_near(group["std"][(0, *index)], summed.std(), name)
        if measured.ndim == 2:
            by_head = file["statistics"][f"{name}_by_head"]
            self.assert_near(by_head["mean"][(0, *index)], measured.mean(axis=0), name)
            self.assert_near(by_head["std"][(0, *index)], measured.std(axis=0), name)

    def assert_near(self, actual, expected, name):
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6, err_msg=name)

    def test_each_statistic_is_that_of_the_raw_values(self):
        problems = self.read_json("valid.json")
        with h5py.File(self.path / "all.h5") as file:
            raw, seen = Raw(file, problems), set()

            def expect(name, index, measured, of_all=None):
                seen.add(name)
                self.expect_statistic(file, name, index, measured, of_all)
            expect("accuracy", (), raw.right())
            expect("candidate_accuracy", (), [
                logits[p["target"]] > logits[p["neg_target"]]
                for logits, p in zip(raw.values["answer_logits"], problems)])
            for layer in range(2):
                for name, parts in (("_source", (0,)), ("_target", (1,)), ("", (0, 1))):
                    expect(f"copying{name}", (layer,), raw.copying(layer, parts))
                expect("copying_any_edge", (layer,), *raw.copying_any_edge(layer))
                for key in ANSWER_KEYS:
                    expect(f"answer_attention_{key}", (layer,),
                           raw.answer("attention_weights", layer, key))
                    expect(f"answer_logit_{key}", (layer,),
                           raw.answer("attention_logits", layer, key))
                for k in range(1, 4):
                    for group in GROUPS:
                        expect(f"edge_attention_{group}", (layer, k - 1),
                               raw.edge_attention(layer, k, group))
                        expect(f"edge_attention_routed_{group}", (layer, k - 1),
                               raw.routed(layer, k, group))
                    for ending, group in RULES.items():
                        frontier, other = raw.edge_logits(layer, k, group)
                        expect(f"edge_logit_{group}", (layer, k - 1), frontier)
                        expect(f"edge_logit_{group.replace('frontier', 'other')}", (layer, k - 1),
                               other)
                        expect(f"index_matching_difference{ending}", (layer, k - 1),
                               raw.index_matching(layer, k, group))
            for k in range(1, 4):
                for group in GROUPS:
                    expect(f"inner_product_{group}", (k - 1,), raw.inner_products(k, group))
            missed = {n for n in file["statistics"] if not n.endswith("_by_head")} - seen
            self.assertEqual({n for n in missed if not n.startswith("growth_")}, set(),
                             "every statistic of the evaluated sequences is recomputed here")

    def test_growth_is_of_every_problem_at_every_c(self):
        """Also beyond its hops, with the edges of the file and as they were drawn; the values:
        tests/unit/test_probe.cpp, tests/mpi/test_probe.cpp."""
        problems = self.read_json("valid.json")
        with h5py.File(self.path / "all.h5") as file:
            self.assertEqual(file["c"][()].tolist(), [1, 2, 3, 4])
            self.assertLess(file["problems/hops"][()].max(), 4, "c goes beyond the hops of all")
            n_edges, drawn = file["problems/n_edges"][()], file["problems/edges"][()].tolist()
            orders = {"": [problem["edges"] for problem in problems],
                      "_shuffled": [edges[:n] for edges, n in zip(drawn, n_edges)]}
            for order, group in itertools.product(orders, RULES.values()):
                ending = ("_walk" if group == "walk_frontier" else "") + order
                expected = []
                for c in (1, 2, 3, 4):
                    members = [[edge_in(group, problem, c, edge) for edge in edges[:-1]]
                               for problem, edges in zip(problems, orders[order])]
                    expected.append(sum(any(m) and not all(m) for m in members))
                self.assertGreater(expected[3], 0)
                statistics = file["statistics"]
                for name in ("frontier", "other", "difference"):
                    count = statistics[f"growth_{name}{ending}/count"][-1]
                    self.assertEqual(count.tolist(), [expected] * 2)
                frontier, other, difference = (statistics[f"growth_{name}{ending}/mean"][()] for name
                                               in ("frontier", "other", "difference"))
                self.assert_near(difference, frontier - other, "growth")

    def test_groups_and_inner_products_are_stored_beside(self):
        problems = self.read_json("valid.json")
        with h5py.File(self.path / "all.h5") as file:
            raw = Raw(file, problems)
            for p, k, _ in raw.thoughts():
                for group in GROUPS:
                    nodes = [node_in(group, problems[p], k, v)
                             for v in range(raw.table["n_nodes"][p])]
                    stored = raw.table[f"node_{group}"][p, k - 1]
                    self.assertEqual(stored[:len(nodes)].tolist(), nodes)
                    self.assertTrue((stored[len(nodes):] == -1).all())
                    for e in range(raw.table["n_edges"][p]):
                        self.assertEqual(raw.table[f"edge_{group}"][p, k - 1, e],
                                         edge_in(group, problems[p], k, raw.table["edges"][p, e]))
                products = raw.values["inner_products"][p, k - 1, :raw.table["n_nodes"][p]]
                self.assert_near(products, raw.values["wte"][:len(products)]
                                 @ raw.values["thoughts"][p, k - 1], "inner products")

    def test_weights_are_the_softmax_of_the_logits(self):
        with h5py.File(self.path / "all.h5") as file:
            raw = Raw(file, self.read_json("valid.json"))
        for p, length in enumerate(raw.table["n_positions"]):
            logits = raw.values["attention_logits"][p, :, :, :length]
            keys = np.arange(logits.shape[-1]) <= np.arange(length)[:, None]
            self.assertTrue((np.isnan(logits) == ~keys).all())
            powers = np.where(keys, np.exp(logits), 0)
            self.assert_near(raw.values["attention_weights"][p, :, :, :length],
                             powers / powers.sum(axis=-1, keepdims=True), "weights")

    def test_recording_while_training_is_the_probe_of_its_checkpoints(self):
        with h5py.File(self.path / "all.h5") as file:
            self.assertEqual(file["epoch"][()].tolist(), [2, 4])
            recorded = column(self.path / "run" / "run.h5", "attention", "epoch")
            self.assertEqual(recorded.tolist(), [1, 3], "after these epochs, counted from 0")
            for name, group in file["statistics"].items():
                if name.endswith("_by_head"):
                    continue
                for ending, part in (("", "mean"), ("_std", "std"), ("_count", "count")):
                    np.testing.assert_array_equal(
                        column(self.path / "run" / "run.h5", "attention", name + ending),
                        group[part][()], name)

    def test_accuracy_is_that_of_evaluate(self):
        checkpoint = self.checkpoints("run")[-1]
        result = self.run_program("evaluate", checkpoint, "valid.json", "--json", "out.json")
        self.assert_succeeds(result)
        expected = self.read_json("out.json")["results"][0]
        with h5py.File(self.path / "all.h5") as file:
            self.assertEqual(file["statistics/accuracy/mean"][-1], expected["accuracy"])
            self.assertEqual(file["statistics/candidate_accuracy/mean"][-1],
                             expected["candidate_accuracy"])

    def test_one_two_and_three_ranks_write_the_same(self):
        self.generate("many.json", count=70, seed=5)  # more than two chunks of 32
        arguments = ["run", "--intervene", INTERVENTIONS, "--raw_problems", "40"]
        for ranks in (None, 2, 3):
            self.assert_succeeds(self.probe(f"ranks{ranks}.h5", *arguments, data="many.json",
                                            ranks=ranks))
        with h5py.File(self.path / "ranksNone.h5") as one:
            for ranks in (2, 3):
                with h5py.File(self.path / f"ranks{ranks}.h5") as other:
                    names = []
                    one.visititems(lambda n, d: names.append(n) if isinstance(d, h5py.Dataset)
                                   and "netCDF" not in str(d.attrs.get("NAME")) else None)
                    for name in names:
                        self.assertEqual(one[name][()].tobytes(), other[name][()].tobytes(), name)

    def test_an_intervention_that_changes_nothing_leaves_the_answers(self):
        self.assert_succeeds(self.probe("i.h5", "run", "--intervene", INTERVENTIONS,
                                        "--strengths", "0,1"))
        names = []
        with h5py.File(self.path / "i.h5") as file:
            for name, group in file["interventions"].items():
                if isinstance(group, h5py.Dataset):
                    continue
                names.append(name)
                neutral = 1 if name.startswith("rescale") else 0
                for kind in ("accuracy", "candidate_accuracy"):
                    np.testing.assert_array_equal(group[f"{kind}_after"][:, :, neutral],
                                                  group[f"{kind}_before"][:, :, neutral], name)
            self.assertEqual(file["interventions/changed_thought"][()].tolist(), [0, 1, 2, 3])
        self.assertEqual(sorted(names), sorted(
            [f"rescale_{group}" for group in GROUPS] + INTERVENTIONS.split(",")[1:]))

    def test_less_can_be_kept_raw(self):
        self.assert_succeeds(self.probe("few.h5", "run", "--raw_problems", "2", "--raw_layers", "2",
                                        "--raw_queries", "thoughts", "--problems", "5"))
        with h5py.File(self.path / "few.h5") as few, h5py.File(self.path / "all.h5") as file:
            name = f"raw/{sorted(few['raw'])[0]}/attention_weights"
            kept, query = few[name][()], few["problems/position_query"][()]
            self.assertEqual(kept.shape[:2], (2, 1))
            for p in range(2):
                for q in range(query.shape[1]):
                    if query[p, q] >= 0:
                        np.testing.assert_array_equal(
                            kept[p, 0, :, q], file[name][p, 1, :, query[p, q], :kept.shape[-1]])
            self.assertEqual(few["statistics/accuracy/count"][0], 5)

    def test_names_what_it_skips(self):
        shutil.copytree(self.path / "run", self.path / "damaged")
        damage(self.checkpoints("damaged")[0])
        result = self.probe("damaged.h5", "damaged", "valid.json", "nothing.h5")
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in (self.checkpoints("damaged")[0].name, "seal", "valid.json", "nothing.h5"):
            self.assertIn(part, result.stderr)
        with h5py.File(self.path / "damaged.h5") as file:
            self.assertEqual(len(file["checkpoint"]), 1)
            for part in ("seal", "valid.json", "nothing.h5"):
                self.assertIn(part, file.attrs["skipped"])
            self.assertEqual(list(file["raw"]), ["checkpoint_%09d" % file["checkpoint"][0]])

    def test_another_run_and_an_empty_directory_are_skipped(self):
        self.train("wider", {**self.settings, "model.n_embd": 48})
        self.train("faster", {**self.settings, "optimizer.learning_rate": 0.01})
        (self.path / "empty").mkdir()
        for ranks in (None, 2):
            result = self.probe("two.h5", "run", "wider", "faster", "empty", ranks=ranks)
            self.assert_succeeds(result)
            for part in ("model.n_embd is 48, not 32", "optimizer.learning_rate is 0.01",
                         "empty is skipped: it holds no checkpoints"):
                self.assertIn(part, result.stderr)

    def test_an_intact_copy_stands_in_for_a_damaged_checkpoint(self):
        shutil.copytree(self.path / "run", self.path / "copy")
        damage(self.checkpoints("copy")[1])
        result = self.probe("c.h5", self.checkpoints("copy")[1], "run", *self.checkpoints("copy")[:1])
        self.assert_succeeds(result)
        self.assertIn("its seal does not match", result.stderr)
        self.assertIn("another one at step", result.stderr)
        with h5py.File(self.path / "c.h5") as file, h5py.File(self.path / "all.h5") as all_file:
            self.assertEqual(file["checkpoint"][()].tolist(), all_file["checkpoint"][()].tolist())

    def test_replaces_nothing_but_probe_files(self):
        shutil.copytree(self.path / "run", self.path / "precious")
        checkpoint = self.checkpoints("precious")[0]
        for precious in (checkpoint, self.path / "precious" / "run.h5", self.path / "valid.json"):
            before = precious.read_bytes()
            self.assert_fails(self.probe(precious, checkpoint), 2, "would be lost", precious.name)
            self.assertEqual(precious.read_bytes(), before)
        for _ in range(2):
            self.assert_succeeds(self.probe("again.h5", checkpoint))
        self.assert_fails(self.probe("precious", checkpoint), 2, "would be lost")

    def test_every_dataset_says_by_which_rule_it_counts_the_frontier(self):
        def rules(path):
            found = {}
            with h5py.File(path) as file:
                file.visititems(lambda name, item: found.update({name: item.attrs.get("frontier_rule")})
                                if isinstance(item, h5py.Dataset) else None)
            return found
        probe = rules(self.path / "all.h5")
        run = rules(self.path / "run" / "run.h5")
        for found in (probe, run):
            for name, rule in found.items():
                words = name.replace("/", "_")
                about = any(part in words for part in ("frontier", "edge_logit", "index_matching",
                                                       "growth", "uniform_guess"))
                expected = None if not about else "walk" if "walk" in words else "distance"
                self.assertEqual(rule, None if name.startswith("interventions") else expected, name)
        for name in ("problems/node_walk_frontier", "problems/edge_frontier",
                     "statistics/edge_logit_walk_other/mean", "statistics/growth_other_walk/std",
                     "statistics/growth_other_walk_shuffled/std",
                     "statistics/edge_attention_routed_walk_frontier/mean"):
            self.assertIsNotNone(probe[name])
        for name in ("attention/index_matching_difference", "attention/inner_product_walk_frontier",
                     "attention/growth_difference_walk_count", "evaluation/next_node_frontier"):
            self.assertIsNotNone(run[name])

    def test_latents_that_are_not_fed_back_take_no_interventions(self):
        self.assertEqual(self.train("pause", {"method.name": "pause", "train.epochs": 1}).returncode, 0)
        self.assert_succeeds(self.probe("pause.h5", "pause"))
        self.assert_fails(self.probe("pause2.h5", "pause", "--intervene", "swap"), 2, "not fed back")

    def test_refuses_what_it_cannot_do(self):
        no_cot = self.train("no_cot", {"method.name": "no_cot", "train.epochs": 1})
        self.assertEqual(no_cot.returncode, 0, no_cot.stderr)
        self.generate("large.json", count=2, n_nodes=60, min_hops=2, max_hops=4)
        for arguments, code, parts in (
                ((), 2, ("CHECKPOINT",)),
                (("nothing.h5",), 4, ("none of the checkpoints",)),
                (("run", "--raw_layers", "3"), 2, ("layer 3", "has 2")),
                (("run", "--raw_problems", "some"), 2, ("--raw-problems", "'some'")),
                (("run", "--frontier", "walk"), 2, ("unknown option '--frontier'",)),
                (("run", "--intervene", "erase"), 2, ("--intervene",)),
                (("run", "--strengths", "0,1"), 2, ("--strengths", "add --intervene")),
                (("run", "--intervene", "swap", "--strengths", "nan"), 2, ("finite",)),
                (("run", "--intervene", "swap", "--strengths", "much"), 2, ("--strengths",)),
                (("run", "--raw_problem", "2"), 2, ("did you mean '--raw-problems'",)),
                (("no_cot",), 2, ("no thoughts",))):
            with self.subTest(arguments=arguments):
                self.assert_fails(self.probe("refused.h5", *arguments), code, *parts)
        self.assert_fails(self.probe("refused.h5", "run", data="large.json"), 3, "nodes")
        self.assert_fails(self.probe("refused.h5", "run", data="none.json"), 3, "none.json")
        self.assert_fails(self.probe("valid.json/p.h5", "run"), 5, "cannot create the folder")
        self.assertEqual(list(self.path.glob("refused.h5*")), [])

    def test_inspect_says_what_it_is(self):
        result = self.run_program("inspect", "all.h5", "--json")
        self.assert_succeeds(result)
        report = json.loads(result.stdout)
        self.assertEqual(report["kind"], "superpose_probe")


if __name__ == "__main__":
    harness.main()
