"""superpose bench: that it runs anywhere and that its numbers agree with each other. No time is
compared with a constant."""

import json
import pathlib
import subprocess
import sys
import unittest

import harness

TINY = {"model.n_embd": 16, "model.n_head": 2, "model.n_positions": 256, "train.batch_size": 6,
        "train.leaves": 2}
N_LAYER = 2
PREDICT = str(pathlib.Path(__file__).resolve().parents[1] / "gpu" / "predict.py")


def options(settings):
    return [word for key, value in settings.items() for word in (f"--{key}", value)]


class Bench(harness.Case):
    @classmethod
    def settle_in(cls):
        cls.text, cls.report = cls.bench("--steps", 3, "--latents", "0,2")

    @classmethod
    def bench(cls, *arguments, ranks=None, settings=TINY):
        result = harness.run("bench", *arguments, *options(settings), "--json", "out.json", "--force",
                             ranks=ranks, folder=cls.path)
        assert result.returncode == 0, result.stderr
        return result.stdout, json.loads((cls.path / "out.json").read_text(encoding="utf-8"))

    def assert_consistent(self, report, n_steps, precision="f32"):
        machine = report["machine_per_rank"]
        rates = [product["operations_per_second"] for product in machine["products"]]
        own = [product["operations_per_second"] for product in machine["products"]
               if product["precision"] == precision]
        self.assertEqual(machine["matrix_operations_per_second"], max(own))
        self.assertGreater(min(rates + [machine["copy_bytes_per_second"]]), 0)
        for kernel in report["kernels"]:
            limit = max(kernel["operations"] / machine["matrix_operations_per_second"] +
                        kernel["exponentials"] / machine["exponentials_per_second"],
                        kernel["bytes"] / machine["copy_bytes_per_second"])
            self.assertAlmostEqual(kernel["share_of_limit"] * kernel["seconds"] / limit, 1)
        for step in report["steps"]:
            self.assertEqual(len(step["seconds"]), n_steps)
            self.assertEqual((step["min_seconds"], step["max_seconds"]),
                             (min(step["seconds"]), max(step["seconds"])))
            self.assertAlmostEqual(step["tokens_per_second"] * step["median_seconds"],
                                   step["rows"])
            rate = report["ranks"] * machine["matrix_operations_per_second"]
            self.assertAlmostEqual(step["share_of_matrix_rate"] * rate,
                                   step["operations_per_second"], delta=1)
            self.assertLessEqual({"data", "forward", "backward", "optimizer"},
                                 set(step["region_seconds"]))
            self.assertLessEqual(step["share_in_regions"], 1.0001)
            self.assertGreater(step["peak_memory_bytes"], step["workspace_bytes"])
            self.assertGreater(step["workspace_bytes"], 0)

    def test_one_rank(self):
        text, report = self.text, self.report
        for part in ("f32 product", "layer_norm backward", "tokens/s",
                     "where the time of a step goes"):
            self.assertIn(part, text)
        self.assertEqual((report["ranks"], len(report["steps"])), (1, 2))
        self.assert_consistent(report, 3)
        self.assertNotIn("efficiency", report["steps"][0])
        self.assertNotIn("efficiency", text)
        self.assertIn("bench", report["command_line"])
        self.assertIn("batch_size = 6", report["configuration"])

    def test_work_of_a_step(self):
        """Six problems of 3 or 4 hops: one output each and no latents at stage 0; two latents and
        three outputs at stage 2. Prompts stay as long as they are."""
        plain, thoughts = self.report["steps"]
        self.assertEqual((plain["latent_tokens"], plain["outputs"]), (0, 6))
        self.assertEqual((thoughts["latent_tokens"], thoughts["outputs"]), (12, 18))
        self.assertEqual(thoughts["rows"], plain["rows"] + 12)

    def test_time_of_the_configured_run(self):
        """Epochs of the published number of problems where the configured file does not exist, else
        of its own. Stage 1 was not measured and takes a time between stages 0 and 2."""
        plain, thoughts = self.report["steps"]
        epochs = [step["epoch_seconds"] for step in (plain, thoughts)]
        for epoch, step in zip(epochs, (plain, thoughts)):
            self.assertAlmostEqual(epoch, step["median_seconds"] * 14785 / step["problems"])
        self.assertIn("epoch of 14785 problems", self.text)
        self.assert_succeeds(harness.run("generate", "few.json", "--count", 7, folder=self.path))
        text, report = self.bench("--steps", 1, "--latents", "0,2", settings={
            **TINY, "data.train": "few.json", "train.epochs": 4,
            "curriculum.first_stage_epochs": 1, "curriculum.epochs_per_stage": 1,
            "curriculum.max_latent_stage": 2})
        zero, two = (step["epoch_seconds"] for step in report["steps"])
        self.assertEqual((report["run"]["problems"], report["run"]["epochs"]), (7, 4))
        self.assertAlmostEqual(report["run"]["seconds"], zero + (zero + two) / 2 + 2 * two)
        self.assertIn("the steps of all 4 epochs", text)

    def test_launches_grow_with_segments(self):
        """Two thoughts are two more segments a leaf, each of a forward and a backward pass."""
        plain, thoughts = self.report["steps"]
        self.assertGreater(plain["launches"], 0)
        grown = thoughts["launches"] - plain["launches"]
        self.assertEqual(grown % (2 * TINY["train.leaves"]), 0)
        self.assertGreater(grown, 0)

    def predict(self, **rates):
        """Milliseconds a step that tests/gpu/predict.py expects for the two stages."""
        words = [word for name, value in rates.items() for word in (f"--{name}", str(value))]
        done = subprocess.run([sys.executable, PREDICT, str(self.path / "report.json"), *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [float(line.split()[-1]) for line in done.stdout.splitlines()[1:3]]

    def test_prediction_for_a_gpu(self):
        """Where one of operations, bytes and launches costs and the others do not."""
        (self.path / "report.json").write_text(json.dumps(self.report), encoding="utf-8")
        plain, thoughts = self.report["steps"]
        self.assertEqual(self.predict(matrix_rate=1e30, copy_rate=1e30, launch=1e-3),
                         [plain["launches"], thoughts["launches"]])
        for expected, step in zip(self.predict(matrix_rate=1e6, share=0.5, copy_rate=1e30, launch=0),
                                  self.report["steps"]):
            self.assertAlmostEqual(expected, step["operations"] / 0.5 / 1e3, delta=0.01)
        once, twice = (self.predict(matrix_rate=1e30, copy_rate=rate, launch=0)[0]
                       for rate in (2e6, 1e6))
        self.assertGreater(once, 0)
        self.assertAlmostEqual(twice, 2 * once, delta=0.03)

    def test_operations_beside_attention(self):
        """Doubling the width quadruples the linear maps and doubles attention and logits, so two
        widths tell the linear maps' share."""
        narrow = self.report["steps"][1]
        _, report = self.bench("--steps", 1, "--latents", "2",
                               settings={**TINY, "model.n_embd": 32})
        wide = report["steps"][0]
        rows, outputs = narrow["rows"], narrow["outputs"]
        linear = (N_LAYER - 1) * 12 * rows + 2 * rows + 10 * outputs
        self.assertEqual(wide["operations"] - 2 * narrow["operations"],
                         3 * 2 * linear * (32 ** 2 - 2 * 16 ** 2))

    def test_two_ranks_share_the_batch_or_double_it(self):
        one = self.report["steps"][0]
        for scaling, factor in (("strong", 1), ("weak", 2)):
            with self.subTest(scaling=scaling):
                text, report = self.bench("--steps", 2, "--latents", "0", "--scaling", scaling,
                                          ranks=2)
                self.assert_consistent(report, 2)
                step = report["steps"][0]
                self.assertEqual((report["ranks"], report["scaling"]), (2, scaling))
                self.assertEqual(step["problems"], factor * one["problems"])
                if scaling == "strong":
                    self.assertEqual(step["operations"], one["operations"])
                speed_up = step["one_rank_median_seconds"] / step["median_seconds"] * factor
                self.assertAlmostEqual(step["efficiency"], speed_up / 2)
                communication = step["communication"]
                self.assertGreater(communication["exposed_seconds"], 0)
                self.assertGreater(communication["overlapped_seconds"], 0)
                self.assertAlmostEqual(
                    communication["hidden_share"],
                    1 - communication["exposed_seconds"] / communication["blocking_seconds"])
                self.assertIn(f"{scaling} scaling to 2 ranks", text)

    def test_methods_without_latent_tokens(self):
        _, report = self.bench("--steps", 1, "--method.name", "cot")
        self.assertEqual([step["latents"] for step in report["steps"]], [0])

    def test_settings_of_the_configured_problems_do_not_reach_generated_ones(self):
        """Every problem is at the stage that is measured."""
        _, report = self.bench("--steps", 2, "--latents", "2", "--method.uniform_prob_by_stage",
                               "0.9,0.9,0.9", "--data.train", '["a.json", "b.json"]',
                               "--data.shares", "0.5,0.5")
        self.assertEqual(report["steps"][0]["rows"], self.report["steps"][1]["rows"])
        for line in ("uniform_prob_by_stage = []", "shares = []", 'train = "generated"'):
            self.assertIn(line, report["configuration"])

    def test_what_cannot_be_measured_is_refused(self):
        def fails(code, *parts, arguments):
            result = harness.run("bench", *options(TINY), *arguments, folder=self.path)
            self.assert_fails(result, code, *parts)
            self.assertEqual(result.stdout, "")

        fails(2, "--latents does not apply to method cot",
              arguments=["--method.name", "cot", "--latents", "2"])
        fails(2, "--latents 3 is no stage", arguments=["--method.c_thought", 2, "--latents", "3"])
        fails(2, "--latents 5 is no stage", arguments=["--latents", "5"])
        fails(2, "--scaling", arguments=["--scaling", "sideways"])
        (self.path / "broken.json").write_text("[")
        fails(3, "broken.json", arguments=["--data.train", "broken.json"])
        fails(3, "model.n_positions", arguments=["--model.n_positions", 20])
        fails(5, "cannot create the folder '/dev/null'", arguments=["--json", "/dev/null/out.json"])


if __name__ == "__main__":
    harness.main()
