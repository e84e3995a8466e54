"""What a command writes: never onto what it reads, not onto what others wrote, whole or not at all; and
what it says where stdout, memory or the working directory fail. Usage: see harness.py."""

import hashlib
import json
import os
import resource
import subprocess

import harness
from small_runs import SmallRuns

SWEEP = '[sweep]\nbase = "small.toml"\nseeds = 1\n[train]\nepochs = 1\n'
PRECIOUS = "precious"
DEFECT = "defect"


def limited(kind, bytes_):
    return lambda: resource.setrlimit(kind, (bytes_, bytes_))


class Outputs(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        result = cls.train("done", {"train.epochs": 1})
        assert result.returncode == 0, result.stderr
        (cls.path / "sweep.toml").write_text(SWEEP)

    @property
    def checkpoint(self):
        return next((self.path / "done").glob("checkpoint_*.h5")).relative_to(self.path)

    def commands(self):
        """Each command that writes a file the user names: its words but that name, and its inputs."""
        return {
            "evaluate": (["evaluate", self.checkpoint, "valid.json", "--json"],
                         [self.checkpoint, "valid.json"]),
            "bench": (["bench", "small.toml", "--model.n_positions=256", "--steps", 1,
                       "--warmup", 0, "--json"], ["small.toml"]),
            "probe": (["probe", self.checkpoint, "--data", "valid.json", "--output"],
                      [self.checkpoint, "valid.json"]),
            "theory": (["theory", "construct", "--data=valid.json", "--count=2", "--longest=0"],
                       ["valid.json"])}

    def files(self):
        return {path.relative_to(self.path): path.read_bytes()
                for path in self.path.rglob("*") if path.is_file()}

    def run_with(self, *arguments, preexec=None, **streams):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.run(harness.command(*arguments), cwd=self.path, text=True, timeout=120,
                              preexec_fn=preexec, **streams)

    # --- Which files are replaced -----------------------------------------------------------------

    def test_an_input_is_never_replaced(self):
        (self.path / "to_valid").symlink_to("valid.json")
        before = self.files()
        for words, inputs in self.commands().values():
            for name in (*inputs, *(["to_valid"] if "valid.json" in inputs else [])):
                self.assert_fails(self.run_program(*words, name, "--force"), 2, "would be lost",
                                  "what this command reads")
        self.assertEqual(self.files(), before)

    def test_what_others_wrote_is_kept(self):
        (self.path / PRECIOUS).write_text(PRECIOUS)
        (self.path / "to_precious").symlink_to(PRECIOUS)
        before = self.files()
        for words in (*(words for words, _ in self.commands().values()), ["generate", "--count=5"]):
            for name in (PRECIOUS, "to_precious", "done/run.h5"):
                self.assert_fails(self.run_program(*words, name), 2, "would be lost", "--force")
            self.assert_fails(self.run_program(*words, "done"), 2, "it is no file")
        self.assertEqual(self.files(), before)

    def test_the_same_command_replaces_what_it_wrote(self):
        words, _ = self.commands()["evaluate"]
        self.assert_succeeds(self.run_program(*words, "new/e.json"))
        whole = (self.path / "new" / "e.json").read_bytes()
        self.assert_succeeds(self.run_program(*words, "new/e.json"))
        self.assert_fails(self.run_program(*words, "new/e.json", "--latents", "1"), 2,
                          f"of another command, '{harness.PROGRAM} evaluate")
        self.assertEqual((self.path / "new" / "e.json").read_bytes(), whole)
        self.assert_succeeds(self.run_program(*words, "new/e.json", "--latents", "1", "--force"))
        self.assert_fails(self.run_program(*words, "new/e.json"), 2, "of another command")
        words, _ = self.commands()["theory"]
        for _ in range(2):
            self.assert_succeeds(self.run_program(*words, "theory.h5"))

    def test_generate_leaves_the_same_bytes_alone(self):
        words = ["generate", "same.json", "--count=20"]
        self.assert_succeeds(self.run_program(*words))
        made = os.stat(self.path / "same.json")
        self.assert_succeeds(self.run_program(*words))
        self.assertEqual(os.stat(self.path / "same.json").st_ino, made.st_ino)
        self.assert_fails(self.run_program(*words, "--seed=1"), 2, "would be lost")
        self.assert_succeeds(self.run_program(*words, "--seed=1", "--force"))

    def test_a_link_leads_to_the_file_it_names(self):
        (self.path / "far").mkdir()
        (self.path / "near.json").symlink_to("far/away.json")
        self.assert_succeeds(self.run_program("generate", "near.json", "--count=5"))
        self.assertTrue((self.path / "near.json").is_symlink())
        self.assertEqual(len(self.read_json("far/away.json")), 5)

    def test_a_collected_sweep_and_its_tables(self):
        self.assert_succeeds(self.run_program("sweep", "submit", "sweep.toml", "--local", 1))
        folder = self.path / "runs" / "sweeps" / "sweep"
        collect = ["sweep", "collect", "sweep.toml"]
        (folder / "collected.csv").write_text(PRECIOUS)
        self.assert_fails(self.run_program(*collect), 2, "collected.csv", "would be lost")
        self.assertEqual((folder / "collected.csv").read_text(), PRECIOUS)
        (folder / "collected.csv").unlink()
        for _ in range(2):
            self.assert_succeeds(self.run_program(*collect), "1 of 1 points")
        self.assert_fails(self.run_program(*collect, "--output", "x.csv"), 2, "names a table")
        point, = (folder / "points").iterdir()
        (point / "evaluation.json").write_text("{")
        result = self.run_program(*collect)
        self.assert_succeeds(result, "1 of 1 points")
        self.assertIn("left out: ", result.stderr)

    def test_a_new_sweep_replaces_nothing_in_its_folder(self):
        (self.path / "own").mkdir()
        (self.path / "own" / "points.csv").write_text(PRECIOUS)
        (self.path / "own.toml").write_text(SWEEP.replace("seeds", 'directory = "own"\nseeds'))
        self.assert_fails(self.run_program("sweep", "plan", "own.toml"), 2, "points.csv",
                          "would be lost")
        self.assertEqual((self.path / "own" / "points.csv").read_text(), PRECIOUS)

    def test_an_output_is_whole_or_not_there(self):
        """On a disk without room for it, where an earlier output is, or nothing."""
        disk = self.path / "disk"
        disk.mkdir()
        script = ('mount -t tmpfs -o size=64k none disk && { [ -z "$1" ] || cp "$1" disk/out; } || exit 99; '
                  'head -c 1M /dev/zero >disk/fill 2>&-; shift; "$@" >&2; code=$?; ls disk; '
                  '[ ! -e disk/out ] || md5sum <disk/out; exit $code')
        for name in ("evaluate", "theory"):
            words, _ = self.commands()[name]
            words = [*words, "disk/out"]
            self.assert_succeeds(self.run_program(*words))
            (disk / "out").rename(self.path / "whole")
            total = hashlib.md5((self.path / "whole").read_bytes()).hexdigest()
            for earlier, left in (("whole", ["fill", "out", f"{total}  -"]), ("", ["fill"])):
                result = subprocess.run(
                    ["unshare", "--mount", "bash", "-c", script, "bash", earlier,
                     *harness.command(*words)], cwd=self.path, capture_output=True, text=True)
                if result.returncode in (1, 99) and "superpose" not in result.stderr:
                    self.skipTest(f"cannot mount here: {result.stderr}")
                self.assert_fails(result, 5, "No space left")
                self.assertEqual(result.stdout.splitlines(), left)

    # --- stdout and stderr ------------------------------------------------------------------------

    def test_a_full_stdout_is_an_error_of_its_own(self):
        evaluate, _ = self.commands()["evaluate"]
        commands = (
            ["--version"], ["--help"], ["help", "train"], ["validate", "small.toml"],
            ["generate", "full.json", "--count=5"], ["inspect", self.checkpoint],
            ["inspect", "valid.json"], ["diff", self.checkpoint, self.checkpoint],
            ["diff", self.checkpoint, "other/checkpoint_000000003.h5"], [*evaluate, "-"],
            ["sweep", "plan", "sweep.toml", "--dry_run"], ["sweep", "status", "sweep.toml"],
            ["sweep", "status", "sweep.toml", "--json"],
            self.train_arguments("full", {"train.epochs": 1}))
        self.train("other", {"train.epochs": 1, "train.seed": 3})
        with open("/dev/full", "w") as full:
            for words in commands:
                with self.subTest(words=words):
                    result = self.run_with(*words, stdout=full)
                    self.assert_fails(result, 5, "stdout cannot be written (No space left")
                    self.assertNotIn(DEFECT, result.stderr)
        self.assertTrue(self.checkpoints("full"), "training stops with a checkpoint")
        self.assertEqual(len(self.read_json("full.json")), 5)

    def test_a_closed_or_full_stderr_does_not_change_the_code(self):
        bad = self.path / "bad.toml"
        bad.write_text("[model]\nn_layr = 4\n")
        with open("/dev/full", "w") as full:
            self.assertEqual(self.run_with("validate", bad, stderr=full).returncode, 2)
            self.assertEqual(self.run_with("evaluate", "none.h5", "none.json", stderr=full).returncode, 4)
        result = self.run_with("validate", bad, stderr=None, preexec=lambda: os.close(2))
        self.assertEqual(result.returncode, 2)
        self.assertEqual(bad.read_text(), "[model]\nn_layr = 4\n")

    def test_json_on_stdout_is_nothing_but_json(self):
        words, _ = self.commands()["evaluate"]
        result = self.run_program(*words, "-")
        self.assert_succeeds(result)
        self.assertEqual(json.loads(result.stdout)["problems"], 20)
        self.assertFalse((self.path / "-").exists())

    # --- Trouble that is expected -----------------------------------------------------------------

    def assert_expected(self, result, *codes):
        self.assertIn(result.returncode, codes, result.stderr)
        self.assertIn("superpose: error", result.stderr)
        self.assertNotIn(DEFECT, result.stderr)

    def test_a_working_directory_that_is_gone(self):
        gone = self.path / "gone"
        for words in (["validate", "x.toml"], ["generate", "x.json"], ["inspect", "x.h5"],
                      ["train", self.path / "small.toml"], ["sweep", "plan", self.path / "sweep.toml"],
                      ["evaluate", self.path / self.checkpoint, self.path / "valid.json", "--json", "x"]):
            gone.mkdir()
            result = subprocess.run(
                ["bash", "-c", 'cd "$1" && rmdir "$1" && shift && exec "$@"', "bash", gone,
                 *harness.command(*words)], capture_output=True, text=True, timeout=60)
            with self.subTest(words=words):
                self.assert_expected(result, 2, 3, 5)

    def test_a_path_of_70000_characters(self):
        long = "/".join(["x" * 99] * 700)
        evaluate, _ = self.commands()["evaluate"]
        for words in (["validate", long], ["generate", long], ["inspect", long], ["diff", long, long],
                      ["evaluate", long, "valid.json"], ["evaluate", self.checkpoint, long],
                      [*evaluate, long], self.train_arguments(long, {}),
                      ["sweep", "plan", long], ["theory", "construct", long]):
            result = self.run_with(*words)
            self.assert_expected(result, 2, 3, 4, 5)

    def test_memory_that_runs_out(self):
        result = self.run_with(
            *self.train_arguments("huge", {"model.n_embd": 16384, "model.vocab_size": 2**18}),
            preexec=limited(resource.RLIMIT_AS, 3 << 30))
        self.assert_fails(result, 1, "out of memory")
        self.assertNotIn(DEFECT, result.stderr)


if __name__ == "__main__":
    harness.main()
