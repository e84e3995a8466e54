"""Exit codes and messages of the real program, and that every file of configs/ is valid.
Usage: see harness.py."""

import json
import os
import re
import subprocess

import harness
from harness import command, run


def sections(toml):
    """{"model.n_layer": "2", ...} of the flat TOML that `superpose validate` prints."""
    settings, section = {}, ""
    for line in toml.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif " = " in line and not line.startswith("#"):
            key, value = line.split(" = ", 1)
            settings[f"{section}.{key}"] = value
    return settings


class CommandLine(harness.Case):
    def config(self, text, name="x.toml"):
        path = self.path / name
        path.write_text('data.train = "train.json"\n' + text)
        return path

    def assert_fails(self, result, code, *parts):
        super().assert_fails(result, code, *parts)
        self.assertEqual(result.stdout, "")

    def test_help_and_version_start_no_mpi(self):
        """They answer where MPI cannot start: on a login node, say, and at once."""
        environment = {**os.environ, "OMPI_MCA_pml": "none_of_these"}

        def start(*arguments):
            return subprocess.run(command(*arguments), env=environment, capture_output=True,
                                  text=True, timeout=120)
        if "Open MPI" in start("--version").stdout:
            self.assertNotEqual(start("generate", self.path / "a.json", "--count", 1).returncode, 0)
        for arguments in (["--help"], ["--version"], ["train", "--help"], ["generate", "--help"]):
            result = start(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)

    def test_version_names_the_build_and_the_libraries(self):
        text = run("--version").stdout
        for name in ("superpose ", "commit", "compiler", "flags", "HDF5", "Kokkos", "MPI",
                     "CUDA", "BLAS"):
            self.assertIn(name, text)

    def test_help_lists_every_key_with_its_default(self):
        text = run("train", "--help").stdout
        defaults = sections(run("validate", self.config("")).stdout)
        self.assertGreater(len(defaults), 40)
        for key, value in defaults.items():
            entry = text.split(f"--{key} ", 1)[1].split("\n  --", 1)[0].split("\n\n")[0]
            if key != "data.train":
                self.assertIn(f"default {value} ", " ".join(entry.split()) + " ")

    def test_every_help_fits_on_a_terminal_and_names_the_exit_codes(self):
        subcommands = [line.split()[0] for line in
                       run("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0].splitlines()
                       if line[2] != " "]
        self.assertGreaterEqual(len(subcommands), 10)
        for name in subcommands:
            text = run(name, "--help").stdout
            self.assertEqual(run("help", name).stdout, text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
            self.assertNotRegex(text, r"INT in \[|FLOAT in \[")
            if name not in ("sweep", "theory"):  # which have parts
                self.assertIn("Exit codes: 0 ", text)
        self.assertIn("75 interrupted", run("train", "--help").stdout)
        self.assertIn("--watchdog SECONDS=1800 ", run("train", "--help").stdout)
        self.assertEqual(run("help").stdout, run("--help").stdout)

    def test_unknown_names_are_refused_with_the_nearest(self):
        x = self.config("")
        self.assert_fails(run("trian", x), 2, "unknown subcommand 'trian'", "'train'")
        self.assert_fails(run("train", "--model.n_layr", "4", x), 2,
                          "unknown option '--model.n_layr'", "'--model.n_layer'")
        self.assert_fails(run("validate", x, "--n-layers=4"), 2, "'--model.n_layer'")
        self.assert_fails(run("generate", "x.json", "--cuont", "4"), 2, "'--count'")
        self.assert_fails(run("validate", self.config("[model]\nn_layr = 4\n")), 2,
                          "unknown key 'model.n_layr' (line 3 of ", "did you mean 'model.n_layer'?")

    def test_options_are_shown_with_hyphens_and_taken_with_underscores(self):
        """Settings are shown as files spell them, and taken either way, too."""
        options = set()
        for command in (["train"], ["probe"], ["sweep", "submit"], ["generate"]):
            text = run(*command, "--help").stdout.split("\nSettings")[0]
            shown = re.findall(r"^  (?:-\w,)?--([\w.-]+)", text, re.MULTILINE)
            self.assertNotIn("_", "".join(shown))
            for option in shown:
                self.assertNotIn("unknown option", run(*command, f"--{option}=").stderr)
                old = option.replace("-", "_")
                self.assertNotIn("unknown option", run(*command, f"--{old}=").stderr)
            options.update(shown)
        self.assertLessEqual({"max-time", "raw-problems", "dry-run", "seconds-per-epoch"}, options)
        self.assert_fails(run("train", "--max_tim=1", "x.toml"), 2,
                          "unknown option '--max_tim'; did you mean '--max-time'?")
        self.assert_fails(run("train", "--max_time=x", "x.toml"), 2, "--max-time = 'x'")
        x = self.config("")
        for spelling in ("--model.n-layer=7", "--model.n_layer=7"):
            self.assertEqual(sections(run("validate", x, spelling).stdout)["model.n_layer"], "7")

    def test_missing_and_superfluous_arguments_are_refused(self):
        x = self.config("")
        self.assert_fails(run(), 2, "no subcommand")
        self.assert_fails(run("train"), 2, "CONFIG is required", "superpose train --help")
        self.assert_fails(run("evaluate", "checkpoint.h5"), 2, "DATA is required")
        self.assert_fails(run("validate", x, "y.toml"), 2, "unexpected argument 'y.toml'")
        self.assert_fails(run("validate", x, "--model.n_layer"), 2, "--model.n_layer")
        self.assert_fails(run("--seed", "1", "validate", x), 2, "'--seed' stands before")

    def test_wrong_values_are_refused(self):
        x = self.config("")
        self.assert_fails(run("validate", self.config("[model]\ntied = 1\n", "y.toml")), 2,
                          "model.tied = 1", "line 3 of", "true or false")
        self.assert_fails(run("validate", x, "--model.n_layer", "0"), 2, "out of range")
        self.assert_fails(run("validate", x, "--model.n_layer=-2"), 2, "model.n_layer = -2")
        self.assert_fails(run("validate", x, "--train.epochs", "1.5"), 2, "an integer >= 1")
        self.assert_fails(run("evaluate", "c", "d", "--latents", "x"), 2, "--latents")
        self.assert_fails(run("generate", self.path / "p.json", "--min_hops", "5"), 2, "max_hops")
        for sizes, why in (("28:8", "an empty range"), ("0:5", "out of range"),
                           ("x:3", "neither an integer nor a range"), ("5:9", "too large")):
            self.assert_fails(run("generate", self.path / "p.json", "--n_nodes", sizes), 2,
                              "n_nodes = ", sizes, why)
        self.assertFalse((self.path / "p.json").exists())

    def test_all_mistakes_are_named_at_once(self):
        x = self.config("[model]\nn_layr = 4\nn_head = 5\nn_embd = \"wide\"\n[train]\n"
                        "batch_size = 4\n[optimizer]\nbeta1 = 2\ndecay_epochs = 3\n", "many.toml")
        result = run("validate", x, "--train.epochs", "0", "--ranks", 9)
        self.assert_fails(result, 2, "7 mistakes:", "'model.n_layr'", "model.n_embd = ",
                          "optimizer.beta1 = 2", "train.epochs = 0", "train.batch_size = 4",
                          "optimizer.decay_epochs = 3", "less than the 9 ranks")
        # n_head = 5 need not divide an n_embd that nobody wrote.
        self.assertNotIn("not a multiple", result.stderr)

    def test_unreadable_configurations_are_refused(self):
        self.assert_fails(run("validate", self.path / "no.toml"), 2, "No such file or directory")
        self.assert_fails(run("validate", self.path), 2, "it is a folder")
        self.assert_fails(run("validate", self.config("[model]\nn_layer = = 2\n")), 2,
                          "is not TOML", "line 3")

    def test_override_wins_over_the_file(self):
        x = self.config('[model]\nn_layer = 3\nn_head = 4\n[output]\ndirectory = "d"\n')
        settings = sections(run("validate", x, "--model.n-layer", "5", "--data.valid=",
                                "--model.n_embd=64", "--model.n_embd=32").stdout)
        self.assertEqual(settings["model.n_layer"], "5")
        self.assertEqual(settings["model.n_head"], "4")
        self.assertEqual(settings["model.n_embd"], "32", "the last of two counts")
        self.assertEqual(settings["data.valid"], '""')
        self.assertEqual(settings["output.directory"], '"d"')

    def test_printed_configuration_is_a_configuration(self):
        first = run("validate", self.config(""), "--optimizer.learning_rate", "0.30000000000000004")
        again = self.path / "again.toml"
        again.write_text(first.stdout)
        self.assertEqual(sections(run("validate", again).stdout), sections(first.stdout))
        self.assertIn("learning_rate = 0.30000000000000004", first.stdout)

    def test_every_published_configuration_is_valid(self):
        configs = sorted(harness.CONFIGS.glob("*.toml"))
        self.assertGreaterEqual(len(configs), 8)
        directories = set()
        for config in configs:
            result = run("validate", config)
            self.assertEqual(result.returncode, 0, result.stderr)
            directories.add(sections(result.stdout)["output.directory"])
        self.assertEqual(len(directories), len(configs), "two runs write to the same directory")

    def test_generate_writes_problems(self):
        result = run("generate", self.path / "new" / "p.json", "--count", "20")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("20 problems", result.stdout)
        self.assertTrue((self.path / "new" / "p.json").exists())

    def test_generate_takes_a_range_of_sizes(self):
        path = self.path / "sizes.json"
        result = run("generate", path, "--count", "200", "--n_nodes", "8:28", "--min_hops", "2")
        self.assertEqual(result.returncode, 0, result.stderr)
        sizes = [len(problem["idx_to_symbol"]) for problem in json.loads(path.read_text())]
        self.assertLess(min(sizes), 12)
        self.assertGreater(max(sizes), 20)
        mean = sum(sizes) / len(sizes)
        self.assertRegex(result.stdout, rf"nodes +{mean:.4f}")

    def test_unwritable_output_is_an_io_error(self):
        (self.path / "file").write_text("")
        self.assert_fails(run("generate", self.path / "file" / "p.json"), 5, "cannot create")


class Parallel(harness.Case):
    def test_any_number_of_ranks_generates_the_same_file(self):
        files = []
        for ranks in (1, 3):
            files.append(self.path / f"{ranks}.json")
            self.assert_succeeds(
                run("generate", files[-1], "--count", "1100", "--seed", "4", ranks=ranks))
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_an_error_on_one_rank_ends_all_with_its_code_and_name(self):
        result = run("generate", "/dev/null/p.json", "--count", "1100", ranks=2)
        self.assert_fails(result, 5, "superpose: error on rank 0 (")


if __name__ == "__main__":
    harness.main()
