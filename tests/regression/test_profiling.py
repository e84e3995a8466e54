"""What tools see of the program: regions and kernels by name, and the trace of a step. Usage: see
harness.py."""

import json
import os
import pathlib
import re
import unittest.mock

import harness
from small_runs import SmallRuns, overrides

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = pathlib.Path(harness.PROGRAM).parent / "libkokkos_tool.so"
# Kernels of GPUs, of several threads and of products in double precision, and of bench.
OF_OTHERS = {"attention_offsets", "attention_keep", "attention_add_gradient", "scratch_pool",
             "column_sums_of_blocks", "layer_norm_backward_blocks", "layer_norm_backward_weight",
             "scatter_rows_pieces", "linear_bias", "bench_exponentials", "bench_numbers"}
LAUNCH = re.compile(r'(?:\bfor_\w+(?:<[^>]*>)?|parallel_(?:for|reduce|scan))\(\s*"([a-z_]+)"')
REGION = re.compile(r'ScopedTimer \w+\(\w+, "([^"]+)"\)|ProductRegion {.*?name = "([^"]+)"', re.DOTALL)


def in_sources(pattern):
    """What the pattern finds in the sources that compute."""
    found = set()
    for folder in ("kokkos_kernels", "src"):
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            matches = pattern.findall(path.read_text(encoding="utf-8"))
            found.update("".join(match) for match in matches)
    return found


class Profiling(SmallRuns):
    @classmethod
    def settle_in(cls):
        """One training on two ranks, and one of all else that a training computes with."""
        super().settle_in()
        cls.events = []
        run = {"train.epochs": 2, "record.every": 1}
        for ranks, settings in ((2, run), (None, {**run, "model.precision": "bf16",
                                                  "optimizer.name": "muon", "model.tied": False})):
            cls.profile(f"run_{ranks}", settings, ranks)

    @classmethod
    def profile(cls, name, settings, ranks):
        """Kokkos 3 reads the first variable, later ones the second."""
        variables = {"KOKKOS_PROFILE_LIBRARY": str(TOOL), "KOKKOS_TOOLS_LIBS": str(TOOL),
                     "KOKKOS_TOOL_OUTPUT": str(cls.path / f"{name}.events")}
        with unittest.mock.patch.dict(os.environ, variables):
            result = cls.train(name, settings, ranks)
        assert result.returncode == 0, result.stderr
        files = sorted(cls.path.glob(f"{name}.events.*"))
        assert len(files) == (ranks or 1), files
        for file in files:
            cls.events.append([line.split(" ", 1) for line in file.read_text().splitlines()])

    def seen(self, kind):
        """Names, without what they stand in."""
        return {path.rsplit("/", 1)[-1] for events in self.events for what, path in events
                if what == kind}

    def test_a_tool_sees_every_region(self):
        regions = in_sources(REGION)
        self.assertIn("allreduce (exposed)", regions)
        self.assertEqual(self.seen("region"), regions)
        page = (ROOT / "kokkos_kernels" / "README.md").read_text(encoding="utf-8")
        for region in regions:
            self.assertIn(f"`{region}`", page)

    def test_a_tool_sees_every_kernel(self):
        kernels = in_sources(LAUNCH) - OF_OTHERS
        self.assertIn("attention_forward", kernels)
        own = {name for name in self.seen("kernel") if not name.startswith("Kokkos::")}
        self.assertEqual(own, kernels)

    def test_they_are_nested_and_each_ends(self):
        for events in self.events:
            self.assertEqual(events[-1], ["end", "0"])
        paths = {path for events in self.events for _, path in events}
        for path in ("/forward/layer_norm_forward", "/forward/matrix_product",
                     "/backward/matrix_product", "/optimizer/sum_of_squares",
                     "/evaluation/attention_forward", "/recording/attention_map"):
            self.assertIn(path, paths)


class Trace(SmallRuns):
    def trace(self, *arguments, ranks=None):
        sizes = {"model.n_embd": 16, "model.n_head": 2, "model.n_layer": 1, "model.n_positions": 256,
                 "train.batch_size": 4, "train.leaves": 2}
        return self.run_program("bench", *overrides(sizes), "--steps", 1, "--warmup", 0,
                                "--latents", "2", "--trace", "trace.json", *arguments, ranks=ranks)

    def test_a_step_over_ranks(self):
        """By the rule for outputs, too."""
        self.write_json("trace.json", {"of": "another program"})
        self.assert_fails(self.trace(), 2, "'trace.json' is there and would be lost")
        self.assertEqual(self.read_json("trace.json"), {"of": "another program"})
        self.assert_succeeds(self.trace("--force", ranks=2), "trace of a step: trace.json")
        trace = self.read_json("trace.json")
        self.assertIn("--trace trace.json", trace["command_line"])
        events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
        names = {event["pid"]: event["args"]["name"] for event in trace["traceEvents"]
                 if event["ph"] == "M"}
        self.assertEqual(set(names), {0, 1})
        self.assertTrue(names[1].startswith("rank 1 ("))
        for rank in names:
            with self.subTest(rank=rank):
                self.assert_nested([event for event in events if event["pid"] == rank])

    def assert_nested(self, events):
        """One step, regions within it, kernels and products within those; each ends before what is
        around it."""
        around, paths = [], set()
        for event in events:  # in the order in which they begin
            self.assertGreaterEqual(event["dur"], 0)
            while around and event["ts"] >= around[-1]["ts"] + around[-1]["dur"]:
                around.pop()
            if around:
                self.assertLessEqual(event["ts"] + event["dur"],
                                     around[-1]["ts"] + around[-1]["dur"] + 1e-3)
            around.append(event)
            paths.add(tuple(one["name"] for one in around))
        self.assertEqual({path[0] for path in paths}, {"step"})
        for path in (("step", "data"), ("step", "forward", "layer_norm_forward"),
                     ("step", "backward", "matrix_product"), ("step", "leaf sums"),
                     ("step", "allreduce (exposed)"), ("step", "optimizer", "adamw")):
            self.assertIn(path, paths)
        self.assertEqual(sum(event["name"] == "step" for event in events), 1)


if __name__ == "__main__":
    harness.main()
