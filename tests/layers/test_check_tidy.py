#!/usr/bin/env python3
"""Tests of check_tidy.py in a repository made for it: which files it takes, and that it finds."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
FAULT = "int* f() { return 0; }\n"  # modernize-use-nullptr
CLEAN = "int* f() { return nullptr; }\n"
SOURCES = ("src/a.cpp", "src/b.cpp", "src/c.cpp")


@unittest.skipUnless(shutil.which("git") and shutil.which("clang-tidy"), "takes git and clang-tidy")
class CheckTidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="superpose_tidy_")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        (self.root / "tests" / "layers").mkdir(parents=True)
        (self.root / "src").mkdir()
        shutil.copy(HERE / "check_tidy.py", self.root / "tests" / "layers")
        shutil.copy(HERE.parents[1] / ".clang-tidy", self.root)
        for name in SOURCES:
            (self.root / name).write_text(FAULT)
        self.build = self.root / "build"
        self.build.mkdir()
        (self.build / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.root), "file": str(self.root / name),
              "command": f"c++ -std=c++17 -c {name}"} for name in SOURCES]))
        (self.root / ".gitignore").write_text("/build\n")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def git(self, *words):
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)

    def commit(self, **texts):
        self.write(**texts)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")

    def write(self, **texts):
        for name, text in texts.items():
            (self.root / "src" / f"{name}.cpp").write_text(text)

    def check(self, *options, root=None):
        script = (root or self.root) / "tests" / "layers" / "check_tidy.py"
        return subprocess.run([sys.executable, script, *options, self.build], capture_output=True,
                              text=True, timeout=120)

    def assert_checked(self, result, code, *names):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(f"{len(names)} of {len(names)} files checked", result.stdout)
        for name in names:
            self.assertIn(name, result.stdout)

    def test_takes_what_a_branch_changed_committed_or_not(self):
        self.git("switch", "--quiet", "--create", "branch")
        self.assert_checked(self.check(), 0)
        self.commit(b=CLEAN)
        self.commit()
        self.write(c=CLEAN)
        self.assert_checked(self.check(), 0, "b.cpp", "c.cpp")
        self.write(c=CLEAN + FAULT.replace("f", "g"))
        self.assert_checked(self.check(), 1, "c.cpp:2:19", "modernize-use-nullptr")

    def test_takes_the_last_commit_of_main(self):
        self.commit(a=CLEAN)
        self.commit(b=FAULT + FAULT.replace("f", "g"))
        self.assert_checked(self.check(), 1, "b.cpp:2")

    def test_what_stood_there_before_does_not_count(self):
        self.commit(a=FAULT + "\n")
        self.assert_checked(self.check(), 0, "a.cpp")

    def test_takes_nothing_where_no_commit_came_before(self):
        self.assert_checked(self.check(), 0)

    def test_a_header_is_checked_by_its_source(self):
        (self.root / "src" / "a.hpp").write_text(FAULT)
        self.write(a='#include "a.hpp"\n')
        self.assert_checked(self.check(), 1, "a.cpp")

    def test_all_is_all_and_names_what_it_had_no_time_for(self):
        result = self.check("--all")
        self.assert_checked(result, 1, *SOURCES)
        result = self.check("--all", "--seconds", "0.001")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("no time for a.cpp, b.cpp, c.cpp", result.stdout)


if __name__ == "__main__":
    unittest.main()
