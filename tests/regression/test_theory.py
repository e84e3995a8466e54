"""`superpose theory` with the real program. Usage: see harness.py."""

import json
import subprocess

import h5py
import numpy as np

import harness
import synthetic

DRAW = harness.pathlib.Path(__file__).resolve().parents[2] / "jobs" / "figures" / "draw.sh"
FLOW = ("--count", 6, "--replicas", 4, "--steps", 64, "--batch", 8, "--decades", 6)
CHAINS = ("--count", 12, "--max_nodes", 14)
DIMENSION = ("--trials", 4, "--largest", 160, "--largest_growing", 40, "--nodes", 4,
             "--doublings", 12)
FORWARD = ("--count", 6, "--decades", 3)
PREDICT = ("--count", 6, "--steps", 20, "--decades", 300)
THRESHOLD = ("--count", 6, "--largest", 16, "--clique", 7, "--search", 6)


def failing_graphs(n, unreached, loops):
    """How many of all graphs have a node that is reached, from node 0, with less than 1 / (4 n) by
    RbS Proposition B.3, and the fewest edges of one. n counts a node without edges, if there is one."""
    linked = n - unreached
    places = [(s, t) for s in range(linked) for t in range(linked) if loops or s != t]
    codes = np.arange(2**len(places))
    edge = np.zeros((len(codes), linked, linked))
    for place, (s, t) in enumerate(places):
        edge[:, s, t] = codes >> place & 1
    inside = np.zeros((len(codes), linked))
    inside[:, 0] = 1
    fails = np.zeros(len(codes), bool)
    for _ in range(linked):
        attended = (inside * edge.sum(2)).sum(1)
        into = np.einsum("gs,gst->gt", inside, edge)
        fresh = (into > 0) & (inside == 0)
        weight = into / (np.sqrt(3) * np.maximum(attended, 1))[:, None]
        fails |= (fresh & (weight < 1 / (4 * n))).any(1)
        inside = np.maximum(inside, into > 0)
    return fails.sum(), edge.sum((1, 2))[fails].min() if fails.any() else 0


def tables(path):
    """{"table/column": array} of an HDF5 file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) else None)
    return found


def lazy_walk(problem):
    """Probability that a walk that chooses evenly among a node and its children comes from the root
    to the target, and its mean number of steps if it does."""
    n = len(problem["idx_to_symbol"])
    step = np.eye(n)
    for source, target in problem["edges"]:
        step[source, target] = 1
    ends = step.sum(axis=1) == 1
    step /= step.sum(axis=1, keepdims=True)
    step[ends] = 0
    step[problem["target"]] = 0
    at, arrived, steps = np.zeros(n), 0, 0
    at[problem["root"]] = 1
    for k in range(1, n * n + 1):
        at = at @ step
        arrived += at[problem["target"]]
        steps += k * at[problem["target"]]
    return arrived, steps / arrived


def adjacency(problem):
    n = len(problem["idx_to_symbol"])
    edges = np.zeros((n, n))
    for source, target in problem["edges"]:
        edges[source, target] += 1
    return edges


def hops_of(problem):
    edges, reached = adjacency(problem), np.zeros(len(problem["idx_to_symbol"]), bool)
    reached[problem["root"]] = True
    hops = 0
    while not reached[problem["target"]]:
        reached, hops = reached | (reached @ edges > 0), hops + 1
    return hops


def all_thoughts(problem, mu):
    """The normalised thoughts of linear attention from the root to the target."""
    thought = np.zeros(len(problem["idx_to_symbol"]))
    thought[problem["root"]] = 1
    for _ in range(hops_of(problem)):
        thought = thought + mu * thought @ adjacency(problem)
        thought = thought / np.linalg.norm(thought)
        yield thought


def numpy_step(problem, c):
    """Which nodes lie in N_c, and the number of edges from it into each node."""
    edges, inside = adjacency(problem), np.zeros(len(problem["idx_to_symbol"]), bool)
    inside[problem["root"]] = True
    for _ in range(c):
        inside |= inside @ edges > 0
    return inside, inside @ edges


def bfs_bounds(step, symbols, t):
    """src/theory/flow_bounds.hpp, node by node."""
    inside, d = step
    root, following = np.sqrt(inside.sum()), inside | (d > 0)
    weight = np.exp(inside / root)
    outside = symbols - following.sum()
    b = d.max() / root
    mean = (weight * d)[following].sum() / weight[following].sum()
    slow = b * mean * outside / (root * (weight[following].sum() + outside))
    fast = b * b * outside / weight[d == d.max()].sum()
    return np.log1p(slow * t) / b, np.log1p(fast * t) / b


class Theory(harness.Case):
    @classmethod
    def run_theory(cls, *arguments, ranks=None):
        return harness.run("theory", *arguments, ranks=ranks, folder=cls.path)

    @classmethod
    def settle_in(cls):
        cls.outputs = {}
        for name, arguments in (("construct", ("--count", 12, "--longest", 256, "--largest", 20)),
                                ("threshold", THRESHOLD),
                                ("chains", CHAINS), ("dimension", DIMENSION),
                                ("forward", FORWARD), ("flow", FLOW), ("predict", PREDICT)):
            result = cls.run_theory(name, f"{name}.h5", *arguments)
            assert result.returncode == 0, result.stderr
            cls.outputs[name] = result.stdout


class Results(Theory):
    def test_construct_finds_every_reachable_target_and_no_other(self):
        data = tables(self.path / "construct.h5")
        late = data["answers/offset"] >= 0
        self.assertTrue((data["answers/right"][late] == data["answers/asked"][late]).all())
        self.assertGreater(data["answers/asked"][late].min(), 0)
        self.assertEqual(data["answers/right"][~late].sum(), 0)
        self.assertLess(data["graphs/thought_error"].max(), 1e-6)
        self.assertGreater(data["graphs/smallest_reachable"].min(), 1)
        self.assertLess(data["graphs/largest_other"].max(), 1)
        self.assertEqual(data["graphs/beyond_found"].sum(), 0)
        self.assertEqual(data["choosers/leak_rope_bf16"].shape, (3, 6))
        self.assertLess(data["choosers/leak_rope_position_f64"][:, 1:].max(), 1e-2)
        f32 = data["choosers/leak_rope_position_f32"]  # Lemma 6 takes f64
        self.assertTrue((f32[:, 1:] > 16 * data["choosers/allowed_rope_position"][:, 1:]).all(), f32)
        self.assertIn("(100 %)", self.outputs["construct"])

    def test_threshold_fails_on_the_graphs_that_numpy_names(self):
        data = tables(self.path / "threshold.h5")
        checked = 0
        for kind in data["smallest/kind"]:
            row = {name: data[f"smallest/{name}"][kind]
                   for name in ("n_nodes", "unreached", "loops", "graphs", "failing", "fewest_edges",
                                "incomplete_paper", "incomplete_ours", "wrong_paper", "wrong_ours")}
            if row["graphs"] > 2**16:
                continue
            failing, fewest = failing_graphs(row["n_nodes"], row["unreached"], row["loops"])
            self.assertEqual((row["failing"], row["fewest_edges"]), (failing, fewest), kind)
            self.assertEqual((row["incomplete_paper"], row["incomplete_ours"]), (failing > 0, 0))
            checked += failing > 0
        self.assertGreater(checked, 0)
        theorem = (data["smallest/unreached"] == 1) & (data["smallest/failing"] > 0)
        self.assertEqual(list(data["smallest/n_nodes"][theorem]), [6])  # with self-loops
        self.assertEqual(list(data["smallest/fewest_edges"][theorem]), [14])
        self.assertEqual(list(data["smallest/wrong_paper"][theorem]), [1])
        self.assertEqual(list(data["smallest/wrong_ours"][theorem]), [0])

    def test_threshold_loses_the_tail_of_a_clique(self):
        data = tables(self.path / "threshold.h5")
        m = data["cliques/clique"]
        weight = 1 / (np.sqrt(3) * (m * (m - 1) + 1))
        np.testing.assert_allclose(data["cliques/weight"], weight, rtol=1e-3)
        np.testing.assert_array_equal(data["cliques/incomplete_paper"], weight < 1 / (4 * (m + 2)))
        np.testing.assert_array_equal(data["cliques/wrong_paper"],
                                      data["cliques/incomplete_paper"])
        self.assertEqual(list(m[data["cliques/incomplete_paper"] == 1]), [5, 6, 7])
        self.assertEqual(data["cliques/incomplete_ours"].sum() + data["cliques/wrong_ours"].sum(), 0)

    def test_threshold_counts_random_graphs(self):
        data = tables(self.path / "threshold.h5")
        np.testing.assert_array_equal(data["densities/incomplete_paper"],
                                      data["densities/predicted"])
        failing = data["densities/predicted"] > 0
        self.assertGreater((data["densities/n_edges"] / data["densities/n_nodes"])[failing].min(),
                           4 / np.sqrt(3))
        self.assertTrue(failing.any() and (data["densities/wrong_paper"] > 0).any())
        self.assertEqual(data["densities/incomplete_ours"].sum(), 0)
        self.assertEqual(data["densities/wrong_ours"].sum(), 0)

    def test_what_ends_the_papers_constants_is_said(self):
        dense = ("--graphs", "dense", "--min_nodes", 12, "--max_nodes", 12, "--count", 12)
        result = self.run_theory("construct", "dense.h5", "--constants", "paper", *dense)
        self.assert_succeeds(result, "sinusoidal, the paper's", "below 1 / (4 n)")
        self.assertEqual(tables(self.path / "dense.h5")["constants/rule"], [1])
        self.assert_succeeds(self.run_theory("construct", "ours.h5", *dense), "(100 %)")
        result = self.run_theory("construct", "f32.h5", "--encoding", "rope_position", "--precision",
                                 "f32", "--count", 6, "--constants", "paper")
        self.assert_succeeds(result, "Lemma 6", "beyond f32")
        self.assertGreater(tables(self.path / "f32.h5")["constants/rounding"][0], 1)

    def test_chains_end_as_often_as_the_random_walk_of_the_graph(self):
        self.assert_succeeds(harness.run("generate", "few.json", "--count", 4, folder=self.path))
        draws = 2000
        self.assert_succeeds(self.run_theory("chains", "few.h5", "--data", "few.json",
                                             "--draws", draws))
        data = tables(self.path / "few.h5")
        for i, problem in enumerate(json.loads((self.path / "few.json").read_text())):
            named, steps = lazy_walk(problem)
            found = data["graphs/named_sampled"][i] / draws
            self.assertLess(abs(found - named), 5 * np.sqrt(named * (1 - named) / draws), i)
            self.assertAlmostEqual(data["graphs/steps_named_sampled"][i], steps, delta=0.1 * steps)
            self.assertEqual(data["graphs/named_depth_first"][i], draws)
            self.assertEqual(data["graphs/superposition"][i], data["graphs/hops"][i])
        self.assertEqual(data["by_nodes/graphs"].sum(), 4)

    def test_dimension_counts_trials(self):
        data = tables(self.path / "dimension.h5")
        self.assertEqual(len(data["dimension/cell"]), 3 * 3 * 9)  # sizes, protections, d
        stages = np.array([data[f"dimension/{name}"] for name in ("copy", "hold", "expand",
                                                                  "answer")])
        self.assertTrue((data["dimension/all"] <= stages.min(axis=0)).all())
        self.assertTrue((data["dimension/all"] >= stages.sum(axis=0) - 3 * 4).all())
        largest = (data["dimension/d"] == 4096) & (data["dimension/growth"] == 0)
        self.assertTrue((data["dimension/hold"][largest & (data["dimension/protection"] > 0)]
                         == 4).all())
        self.assertTrue((data["dimension/copy"][data["dimension/protection"] == 0] == 0).all())
        self.assertTrue((data["needed/d_copy"][data["needed/protection"] == 0] == -1).all())

    def test_the_simplified_transformer_expands_by_one_step(self):
        data = tables(self.path / "forward.h5")
        np.testing.assert_array_equal(data["expansion/exact"], data["expansion/thoughts"])
        np.testing.assert_allclose(data["expansion/mu"], 10.0 ** np.arange(-3, 4))
        for name in ("thought_error", "answer_error"):
            self.assertLess(data[f"expansion/{name}"].max(), 1e-12)
            self.assertGreater(data[f"problems/{name}"].max(), 0)
        self.assertEqual(data["expansion/right"][3], 6)

    def test_weights_bounds_and_evenness_are_those_of_numpy(self):
        self.assert_succeeds(harness.run("generate", "four.json", "--count", 4, "--seed", 3,
                                         folder=self.path))
        options = ("--data", "four.json")
        self.assert_succeeds(self.run_theory("forward", "forward_of_four.h5", *options,
                                             "--decades", 2))
        self.assert_succeeds(self.run_theory("flow", "flow_of_four.h5", *options, "--replicas", 0,
                                             "--decades", 4))
        problems = json.loads((self.path / "four.json").read_text())
        by_mu = tables(self.path / "forward_of_four.h5")
        for mu, found in zip(by_mu["expansion/mu"], by_mu["expansion/smallest_weight"]):
            expected = min(w[w > 0].min() for p in problems for w in all_thoughts(p, mu))
            self.assertAlmostEqual(found / expected, 1, delta=1e-12)
        flow = tables(self.path / "flow_of_four.h5")
        symbols = max(len(p["idx_to_symbol"]) for p in problems)
        entropies, t = [], flow["evenness/t"][-1]
        for i, problem in enumerate(flow["steps/problem"]):
            step = numpy_step(problems[problem], flow["steps/c"][i])
            low, high = bfs_bounds(step, symbols, t)
            self.assertAlmostEqual(flow["steps/mu_bfs_low_end"][i], low, places=10)
            self.assertAlmostEqual(flow["steps/mu_bfs_high_end"][i], high, places=10)
            self.assertTrue(low < flow["steps/mu_bfs_end"][i] < high)
            mu, (inside, d) = flow["steps/mu_bfs_end"][i], step
            w = np.exp((inside + mu * d) / np.sqrt(inside.sum()))[inside | (d > 0)]
            if len(w) > 1:
                w /= w.sum()
                entropies.append(-(w * np.log(w)).sum() / np.log(len(w)))
        self.assertAlmostEqual(flow["evenness/entropy_share_softmax_bfs"][-1], np.mean(entropies),
                               places=10)
        self.assertEqual(flow["evenness/steps_bfs"][-1], len(entropies))
        self.assertLess(flow["steps/bounds_excess"].max(), 1e-5)

    def test_flow_holds_the_bounds_of_the_theorems(self):
        data = tables(self.path / "flow.h5")
        bounded = data["steps/d_p"] < data["steps/d_max"]
        off = np.abs(data["steps/F_end"] - data["steps/d_p"])[bounded]
        self.assertTrue(len(off) > 0 and off.max() < 1e-6)
        self.assertTrue(data["steps/monotone"][~bounded].all() and (~bounded).any())
        self.assertTrue(np.isnan(data["steps/mu_star"][~bounded]).all())
        self.assertGreater(data["steps/rate_r_squared"].min(), 0.99)
        self.assertEqual(len(data["sgd/record"]), 32)
        self.assertEqual(data["sgd/problems"][-1], 64 * 8)

    def test_predict_ends_along_the_max_margin_direction(self):
        data = tables(self.path / "predict.h5")
        self.assertLess(data["problems/off_direction"].max(), 0.01)
        self.assertLess(data["sets/off_direction"].max(), 0.01)
        np.testing.assert_allclose(data["problems/ratio_max_margin"], np.sqrt(data["problems/K"]),
                                   rtol=1e-6)
        self.assertLess(np.abs(data["sets/rate"] + 1).max(), 0.1)
        self.assertEqual(data["descent/step"][-1], 20)

    def test_columns_have_units_and_files_say_what_they_are(self):
        for name in ("construct", "threshold", "chains", "dimension", "forward", "flow", "predict"):
            with h5py.File(self.path / f"{name}.h5") as file:
                self.assertEqual(file.attrs["file_type"], "superpose_theory")
                self.assertIn(f"theory {name}", file.attrs["command_line"])
                self.assertIn("seed = ", file.attrs["configuration"])
                for table in file.values():
                    for column in (table.values() if isinstance(table, h5py.Group) else ()):
                        self.assertIn("long_name", column.attrs, column.name)
                        self.assertIn("units", column.attrs, column.name)
                        self.assertTrue(h5py.h5ds.is_scale(column.id) or
                                        all(len(d) for d in column.dims), column.name)
            result = harness.run("inspect", f"{name}.h5", folder=self.path)
            self.assert_succeeds(result, "superpose_theory", "intact")

    def test_any_number_of_ranks_gives_the_same_numbers(self):
        runs = {"construct": ("--count", 12, "--longest", 256, "--largest", 20),
                "threshold": THRESHOLD, "chains": CHAINS, "dimension": DIMENSION, "forward": FORWARD,
                "flow": FLOW, "predict": PREDICT}
        for name, arguments in runs.items():
            result = self.run_theory(name, f"{name}_2.h5", *arguments, ranks=2)
            self.assert_succeeds(result, "2 ranks")
            alone, together = tables(self.path / f"{name}.h5"), tables(self.path / f"{name}_2.h5")
            self.assertEqual(alone.keys(), together.keys())
            for column, values in alone.items():
                np.testing.assert_array_equal(values, together[column], err_msg=column)

    def test_problem_files_are_read(self):
        self.assert_succeeds(harness.run("generate", "problems.json", "--count", 5,
                                         folder=self.path))
        for name, options in (("construct", ("--encoding", "rope")),
                              ("chains", ("--encoding", "rope")), ("forward", ()), ("flow", ("--replicas", 0)),
                              ("predict", ("--steps", 5, "--decades", 100))):
            output = f"{name}_of_file.h5"
            result = self.run_theory(name, output, "--data", "problems.json", *options)
            self.assert_succeeds(result, "5 problems of problems.json")
            with h5py.File(self.path / output) as file:
                self.assertEqual(len(file.attrs["data_hash_theory"]), 16)

    def test_narrow_formats(self):
        result = self.run_theory("construct", "bf16.h5", "--precision", "bf16", "--count", 6)
        self.assert_succeeds(result, "bf16", "(100 %)")
        error = tables(self.path / "bf16.h5")["graphs/thought_error"].max()
        self.assertTrue(1e-4 < error < 1e-2, error)

    def draw(self, *arguments):
        return subprocess.run(["bash", DRAW, "theory", *map(str, arguments)], cwd=self.path,
                              capture_output=True, text=True, timeout=250)

    def test_every_file_gives_its_figures(self):
        result = self.draw(*(f"{name}.h5" for name in self.outputs))
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("construct_construct", "construct_precision", "threshold_threshold",
                     "chains_chains", "dimension_dimension", "forward_forward", "flow_bounds",
                     "flow_evenness", "flow_flow", "flow_descent", "predict_predict"):
            for kind in ("png", "pdf"):
                self.assertGreater((self.path / "figures" / f"{name}.{kind}").stat().st_size, 5000)

    def test_the_flow_is_laid_over_a_measured_difference(self):
        flow = tables(self.path / "flow.h5")
        mu = np.interp(np.arange(synthetic.N_EPOCH) + 1, flow["average/t"],
                       flow["average/mu_coconut_scalar"])
        of_groups = np.ones((len(synthetic.GROUPS), synthetic.N_THOUGHT))
        synthetic.write_run(self.path / "run", (of_groups, of_groups),
                            growth=7 * mu[:, None] * np.ones(synthetic.N_THOUGHT))
        result = self.draw("flow.h5", "--run", "run", "--output", "over")
        self.assertEqual(result.returncode, 0, result.stderr)
        line = next(l for l in result.stdout.splitlines() if "thought 1, flow, coconut" in l)
        self.assertGreater(float(line.split()[-2]), 99)

    def test_what_cannot_be_drawn_is_said(self):
        (self.path / "cut.h5").write_bytes((self.path / "flow.h5").read_bytes()[:5000])
        for arguments, code, part in (
                (("none.h5",), 5, "none.h5"), (("cut.h5",), 5, "cut.h5"),
                (("flow.h5", "--run", "flow.h5"), 5, "is not the history of a run"),
                (("predict.h5", "--run", "run.h5"), 2, "superpose theory flow")):
            result = self.draw(*arguments)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(part, result.stderr)


class Errors(harness.Case):
    def fails(self, code, *arguments, parts):
        result = harness.run("theory", *arguments, folder=self.path)
        self.assert_fails(result, code, *parts)
        self.assertEqual(result.stdout, "")

    def test_command_line(self):
        self.fails(2, parts=["superpose theory --help"])
        self.fails(2, "constract", "out.h5", parts=["did you mean 'construct'"])
        self.fails(2, "flow", parts=["OUT is required", "superpose theory flow --help"])
        self.fails(2, "flow", "a.h5", "b.h5", parts=["'b.h5'", "superpose theory flow takes fewer"])
        self.fails(2, "flow", "a.h5", "--replica", "3", parts=["did you mean '--replicas'"])
        self.fails(2, "predict", "a.h5", "--beyond", "3", parts=["unknown option '--beyond'"])

    def test_values(self):
        for name, option, value, part in (("construct", "--count", "0", "an integer >= 1"),
                                          ("construct", "--encoding", "absolute", "one of sin"),
                                          ("construct", "--d_pe", "3", "even number"),
                                          ("construct", "--constants", "theirs", "one of ours"),
                                          ("threshold", "--search", "8", "7"),
                                          ("construct", "--min_nodes", "50", "max_nodes = 40"),
                                          ("chains", "--min_nodes", "50", "max_nodes = 40"),
                                          ("chains", "--draws", "0", "an integer in [1, "),
                                          ("dimension", "--doublings", "51", "[4, 50]"),
                                          ("dimension", "--largest_growing", "5000", "[0, 4096]"),
                                          ("forward", "--decades", "25", "an integer in [1, 24]"),
                                          ("flow", "--learning_rate", "fast", "a number"),
                                          ("flow", "--vocabulary", "5", "is too small"),
                                          ("predict", "--count", "2", "at least 3")):
            with self.subTest(option=option):
                self.fails(2, name, "out.h5", option, value, parts=[part])

    def test_settings_that_would_do_nothing(self):
        for part, *arguments in (
                ("graphs, min_nodes and", "construct", "--data", "few.json", "--graphs", "dense"),
                ("max_nodes do nothing", "construct", "--data", "few.json", "--min_nodes", 6),
                ("max_nodes do nothing", "chains", "--graphs", "prosqa", "--max_nodes", 60),
                ("n_nodes does nothing", "flow", "--data", "few.json", "--n_nodes", 12)):
            with self.subTest(arguments=arguments):
                self.fails(2, arguments[0], "out.h5", *arguments[1:], parts=[part])

    def test_what_has_no_constants(self):
        for part, *options in (
                ("use encoding = rope_position", "--constants", "paper", "--encoding", "rope"),
                ("max_nodes = 65 is too many", "--graphs", "dense", "--max_nodes", 65),
                ("assumes T <= M = 10,000", "--encoding", "rope_position", "--graphs", "dense",
                 "--min_nodes", 64, "--max_nodes", 64, "--count", 40)):
            with self.subTest(options=options):
                self.fails_after_a_line(2, "construct", "out.h5", *options, parts=[part])

    def fails_after_a_line(self, code, *arguments, parts):
        result = harness.run("theory", *arguments, folder=self.path)
        self.assert_fails(result, code, *parts)

    def test_files(self):
        (self.path / "bad.json").write_text("[{")
        (self.path / "folder").mkdir()
        for name in ("construct", "chains", "forward", "flow", "predict"):  # those that read problems
            self.fails(3, name, "out.h5", "--data", "none.json", parts=["none.json"])
            self.fails(3, name, "out.h5", "--data", "bad.json", parts=["bad.json"])
            for precious in ("folder", "bad.json"):  # only its own kind of file is replaced
                self.fails(2, name, precious, parts=[precious, "would be lost"])
            self.fails(5, name, "bad.json/out.h5", parts=["bad.json"])
        self.assertFalse((self.path / "out.h5").exists())
        self.assertEqual((self.path / "bad.json").read_text(), "[{")


if __name__ == "__main__":
    harness.main()
