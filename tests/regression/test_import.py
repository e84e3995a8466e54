"""`superpose import`: weights that transformers or the published code saved become a checkpoint that every
command takes; files that are damaged, hostile or of another model are refused with code 4.
tests/data/tiny_gpt2 was made by tests/reference/make_import_reference.py. Usage: see harness.py."""

import importlib.util
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import unittest

import h5py
import numpy as np

import harness
from hugging_face import file_of, header_of, parameters, read_safetensors, write_safetensors
from small_runs import SmallRuns, counters

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "data" / "tiny_gpt2"
SAMPLE = ROOT / "tests" / "data" / "sample.json"
CONVERTER = ROOT / "jobs" / "python" / "state_dict_to_safetensors.py"


def published(tensors):
    """A state dict as the published Coconut module has it."""
    state = {f"base_causallm.{name}": values for name, values in tensors.items()}
    embedding = tensors["transformer.wte.weight"]
    return {**state, "base_causallm.lm_head.weight": embedding, "embedding.weight": embedding}


class Import(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        cls.tensors, _ = read_safetensors(TINY / "model.safetensors")

    def load(self, *words):
        return self.run_program("import", *words)

    def folder(self, name, tensors=None, **settings):
        """A copy of the folder with other tensors, or other settings in config.json."""
        path = self.path / name
        shutil.copytree(TINY, path)
        if tensors is not None:
            write_safetensors(path / "model.safetensors", tensors)
        config = {**json.loads((path / "config.json").read_text()), **settings}
        (path / "config.json").write_text(json.dumps(config))
        return path

    def assert_same_parameters(self, checkpoint, tensors):
        stored = parameters(checkpoint)
        self.assertEqual(set(stored), set(tensors))
        for name, values in tensors.items():
            self.assertEqual((stored[name].shape, stored[name].tobytes()),
                             (values.shape, values.tobytes()), name)

    def imported(self, *words):
        """Path of the checkpoint, which is named without a folder."""
        output = f"{self._testMethodName}.h5"
        self.assert_succeeds(self.load(*words[:1], output, *words[1:]))
        return self.path / output

    # --- What comes in ----------------------------------------------------------------------------

    def test_a_folder_of_transformers_gives_its_logits(self):
        checkpoint = self.imported(TINY)
        self.assert_same_parameters(checkpoint, self.tensors)
        result = self.run_program("probe", checkpoint, "--data", SAMPLE, "--output", "probe.h5")
        self.assert_succeeds(result)
        with h5py.File(self.path / "probe.h5") as file:
            raw, problems = next(iter(file["raw"].values())), file["problems"]
            for p, expected in enumerate(json.loads((TINY / "logits.json").read_text())["problems"]):
                n = len(expected["tokens"])
                self.assertEqual(problems["tokens"][p][:n].tolist(), expected["tokens"])
                found = [*raw["next_node_logits"][p][:len(expected["positions"]) - 1],
                         raw["answer_logits"][p]]
                np.testing.assert_allclose(found, expected["logits"], rtol=0, atol=1e-5)

    def test_a_checkpoint_makes_the_round_trip_bit_for_bit(self):
        for name, settings in (("tied", {}), ("untied", {"model.tied": False, "model.vocab_size": 43,
                                                         "method.c_thought": 2})):
            self.assertEqual(self.train(name, settings).returncode, 0)
            before = self.checkpoints(name)[-1]
            self.assert_succeeds(self.run_program("export", "--to", "huggingface", before, f"{name}_hf"))
            self.assert_succeeds(self.load(f"{name}_hf", f"{name}.h5"))
            after = self.path / f"{name}.h5"
            self.assert_same_parameters(after, parameters(before))
            with h5py.File(before) as a, h5py.File(after) as b:
                for key in ("configuration", "data_hash_train", "data_hash_valid", "sequence_version"):
                    self.assertEqual(a.attrs[key], b.attrs[key])
            self.assert_succeeds(self.run_program("export", "--to", "huggingface", after, f"{name}_again"))
            for file in ("model.safetensors", "tokenizer.json", "think.py"):
                self.assertEqual((self.path / f"{name}_hf" / file).read_bytes(),
                                 (self.path / f"{name}_again" / file).read_bytes())

    def test_names_of_the_published_code_and_of_wrappers(self):
        buffers = {f"transformer.h.{i}.attn.{name}": values for i in range(2)
                   for name, values in (("bias", np.ones((1, 1, 4, 4), np.uint8)),
                                        ("masked_bias", np.float32(-1e4).reshape(())))}
        bare = {name.removeprefix("transformer."): values for name, values in self.tensors.items()}
        for i, tensors in enumerate((
                published(self.tensors), published({**self.tensors, **buffers}), bare,
                {f"module.{name}": values for name, values in published(self.tensors).items()},
                {f"_orig_mod.{name}": values for name, values in self.tensors.items()},
                {f"_fsdp_wrapped_module.{name.replace('h.0.', 'h.0._checkpoint_wrapped_module.')}":
                 values for name, values in published(self.tensors).items()})):
            write_safetensors(self.path / "state.safetensors", tensors)
            output = self.path / f"state_{i}.h5"
            self.assert_succeeds(self.load("state.safetensors", output, "--model.n_head=4"), ", tied")
            self.assert_same_parameters(output, self.tensors)

    def test_a_matrix_of_its_own_makes_the_model_untied(self):
        untied = {**self.tensors, "lm_head.weight": self.tensors["transformer.wte.weight"] + 1}
        write_safetensors(self.path / "untied.safetensors", untied)
        self.assert_same_parameters(self.imported("untied.safetensors", "--model.n_head=4"), untied)
        path = self.folder("said_to_be_tied", untied)
        self.assert_fails(self.load(path, "no.h5"), 4, "lm_head.weight is not the embedding matrix")
        path = self.folder("said_to_be_untied", tie_word_embeddings=False)
        self.assert_fails(self.load(path, "no.h5"), 4, "no parameter lm_head.weight")

    def test_half_precision_is_widened_without_rounding(self):
        for name, narrow, wide in (
                ("F16", lambda v: v.astype(np.float16), lambda v: v.astype(np.float32)),
                ("BF16", lambda v: (v.view(np.uint32) >> 16).astype(np.uint16),
                 lambda v: (v.astype(np.uint32) << 16).view(np.float32))):
            tensors = {key: narrow(values) for key, values in self.tensors.items()}
            tensors["transformer.ln_f.bias"][:4] = [0x0000, 0x8000, 0x0001, 0x83ff] if name == "BF16" \
                else np.array([0x0000, 0x8000, 0x0001, 0x83ff], np.uint16).view(np.float16)
            write_safetensors(self.path / "narrow.safetensors", tensors)
            output = self.path / f"{name}.h5"
            self.assert_succeeds(self.load("narrow.safetensors", output, "--model.n_head=4"))
            self.assert_same_parameters(output, {key: wide(v) for key, v in tensors.items()})

    # --- What it is good for ----------------------------------------------------------------------

    def test_every_command_takes_it(self):
        checkpoint = self.imported(TINY, "--data.train=train.json")
        self.assertEqual(set(counters(checkpoint).values()), {0})
        with h5py.File(checkpoint) as file:
            for moment in ("exp_avg", "exp_avg_sq"):
                for values in file[f"optimizer/{moment}"].values():
                    self.assertFalse(values[()].any())
        self.assert_succeeds(self.run_program("inspect", checkpoint), "intact")
        self.assert_succeeds(self.run_program("evaluate", checkpoint, "valid.json"), "(step 0)")
        model = {"model.n_embd": 16, "model.n_head": 4, "model.n_positions": 144}
        for name, ranks in (("branch", None), ("branch2", 2)):
            self.assert_succeeds(self.train(name, model, ranks, resume=checkpoint),
                                 "branched off at step 0")
        self.assertEqual(self.outcome("branch"), self.outcome("branch2"))
        for key, other in (("model.n_head", 2), ("model.layer_norm_epsilon", 1e-6)):
            self.assert_fails(self.train("other", {**model, key: other}, resume=checkpoint), 2, key)

    def test_any_number_of_ranks_makes_the_same_checkpoint(self):
        one, two = self.path / "one.h5", self.path / "two.h5"
        self.assert_succeeds(self.load(TINY, one))
        self.assert_succeeds(self.run_program("import", TINY, two, ranks=2))
        self.assert_succeeds(self.run_program("diff", one, two), "are the same")

    def test_outputs_obey_the_rule(self):
        folder = self.folder("ruled")
        checkpoint = self.imported(folder)
        before = checkpoint.read_bytes()
        self.assert_fails(self.load(TINY, checkpoint.name), 2, "would be lost", "of another command")
        self.assertEqual(checkpoint.read_bytes(), before)
        self.imported(folder)  # the same command
        self.assert_succeeds(self.load(TINY, checkpoint.name, "--force"))
        for name in ("model.safetensors", "config.json"):
            self.assert_fails(self.load(folder, folder / name, "--force"), 2, "what this command reads")
        self.assertEqual([*self.path.glob("**/*.partial")], [])

    # --- What is refused --------------------------------------------------------------------------

    def test_the_number_of_heads_has_to_be_told(self):
        write_safetensors(self.path / "heads.safetensors", self.tensors)
        self.assert_fails(self.load("heads.safetensors", "no.h5"), 2, "--model.n_head")
        self.assert_fails(self.load("heads.safetensors", "no.h5", "--model.n_head=3"), 2, "n_embd")
        self.assert_fails(self.load(TINY, "no.h5", "--model.n_layer=3"), 4, "h.2.ln_1.weight")
        self.assert_fails(self.load(TINY, "no.h5", "--model.n_positions=64"), 4, "shape [144, 16]")

    def test_models_that_are_computed_otherwise(self):
        for i, (key, value) in enumerate((
                ("model_type", "llama"), ("activation_function", "relu"), ("n_inner", 17),
                ("n_head", 3), ("n_head", 2**63), ("n_layer", 3), ("tie_word_embeddings", 1),
                ("superpose", {"configuration": "[model]\nnonsense = 1\n"}))):
            self.assert_fails(self.load(self.folder(f"config{i}", **{key: value}), "no.h5"), 4)
        for i, text in enumerate((b"{", b'{"n_head": 4, "n_head": 2}', b"[" * 100000, b'{"\xff": 1}')):
            path = self.folder(f"text{i}")
            (path / "config.json").write_bytes(text)
            self.assert_fails(self.load(path, "no.h5"), 4, "config.json")

    def test_another_vocabulary(self):
        words = [*map(str, range(31)), "<|start-latent|>", "<|end-latent|>", "<|latent|>", "|", "[Q]",
                 "[R]", "[A]", "<eos>", "<|no-answer|>"]
        right = {word: i for i, word in enumerate(words)}
        self.write_json("vocab.json", right)
        self.imported(TINY, "--vocabulary", "vocab.json")
        for wrong, part in (({**right, "[Q]": 36, "[R]": 35}, "token 35 is '[R]'"),
                            ({**right, "more": 40}, "'more' has the number 40"),
                            ({**right, "more": 39}, "same number 39"), ([], "no vocabulary"),
                            ({k: v for k, v in right.items() if v != 7}, "token 7 is not there")):
            self.write_json("wrong.json", wrong)
            self.assert_fails(self.load(TINY, "no.h5", "--vocabulary", "wrong.json"), 4, part)
        embedding = self.tensors["transformer.wte.weight"]
        for size, code, part in ((43, 2, "--vocabulary"), (30, 4, "30 tokens")):
            resized = {**self.tensors, "transformer.wte.weight": np.resize(embedding, (size, 16))}
            path = self.folder(f"vocabulary{size}", resized, vocab_size=size)
            self.assert_fails(self.load(path, "no.h5"), code, part)

    def test_weights_that_are_not_those_of_a_gpt2(self):
        embedding = self.tensors["transformer.wte.weight"]
        changes = (
            ({"transformer.extra": embedding}, "transformer.extra is no parameter"),
            ({"wte.weight": embedding}, "one parameter"),
            ({"transformer.wpe.weight": embedding[0]}, "no embedding matrix"),
            ({"transformer.h.1.ln_2.bias": np.ones(17, np.float32)}, "shape [17], not [16]"),
            ({"transformer.h.0.ln_1.weight": np.ones(16)}, "is F64"),
            ({"transformer.ln_f.bias": np.full(16, np.nan, np.float32)}, "not finite"),
            ({"embedding.weight": embedding + 1}, "is not the embedding matrix"))
        for change, part in changes:
            write_safetensors(self.path / "changed.safetensors", {**self.tensors, **change})
            self.assert_fails(self.load("changed.safetensors", "no.h5", "--model.n_head=4"), 4, part)
        for missing in ("wte.weight", "h.0.ln_1.weight", "h.1.mlp.c_proj.bias"):
            rest = {k: v for k, v in self.tensors.items() if k != f"transformer.{missing}"}
            write_safetensors(self.path / "missing.safetensors", rest)
            self.assert_fails(self.load("missing.safetensors", "no.h5", "--model.n_head=4"), 4)
        self.assertFalse((self.path / "no.h5").exists())

    def test_headers_that_do_not_fit_their_file(self):
        """More of them: tests/unit/test_safetensors.cpp."""
        whole = (TINY / "model.safetensors").read_bytes()
        header = header_of(self.tensors)
        data = b"".join(values.tobytes() for values in self.tensors.values())
        first, second = list(header)[:2]
        overlapping = {**header, second: {**header[second], "data_offsets": header[first]["data_offsets"],
                                          "shape": header[first]["shape"]}}
        overflowing = {**header, first: {**header[first], "shape": [2**62, 16]}}
        twice = json.dumps(header)[:-1] + f', "{first}": {{}}}}'
        path = self.path / "hostile.safetensors"
        for content, part in (
                (b"", "0 bytes"), (whole[:100], "truncated"), (whole[:-1], "truncated"),
                (struct.pack("<Q", 2**64 - 1) + whole[8:], "more than"),
                (file_of(twice.encode(), data), "is there twice"),
                (file_of(overflowing, data), "more elements"), (file_of(overlapping, data), "overlap")):
            path.write_bytes(content)
            self.assert_fails(self.load(path, "no.h5", "--model.n_head=4"), 4, part)
        self.assertFalse((self.path / "no.h5").exists())

    def test_what_else_a_file_may_be(self):
        for begin, part in ((b"PK\x03\x04", "state_dict_to_safetensors.py"),
                            (b"\x80\x02}q", "state_dict_to_safetensors.py"),
                            (b"\x89HDF\r\n\x1a\n", "needs no import")):
            (self.path / "kind").write_bytes(begin + bytes(100))
            self.assert_fails(self.load("kind", "no.h5"), 4, part)
        self.assert_fails(self.load("nowhere", "no.h5"), 4, "cannot open nowhere")
        self.assert_fails(self.load("/dev/null", "no.h5"), 4)
        for name, part in (("none", "no model.safetensors"), ("pytorch_model.bin", "convert it by"),
                           ("model.safetensors.index.json", "several files")):
            folder = self.path / f"folder_{name}"
            folder.mkdir()
            (folder / name).write_text("")
            self.assert_fails(self.load(folder, "no.h5"), 4, part)

    # --- The script for state dicts ---------------------------------------------------------------

    def convert(self, *words):
        return subprocess.run([sys.executable, CONVERTER, *words], cwd=self.path, capture_output=True,
                              text=True, timeout=120)

    @unittest.skipUnless(importlib.util.find_spec("torch"), "takes the Python package torch")
    def test_a_state_dict_that_torch_saved(self):
        import torch
        state = {name: torch.from_numpy(values.copy()) for name, values in self.tensors.items()}
        state = {f"module.{name}": values for name, values in published(state).items()}
        torch.save(state, self.path / "checkpoint_300")
        result = self.convert("checkpoint_300", "state.safetensors")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_same_parameters(self.imported("state.safetensors", "--model.n_head=4"), self.tensors)
        self.assertEqual(self.convert("checkpoint_300", "state.safetensors").returncode, 2)
        self.assertEqual(self.convert("checkpoint_300", "state.safetensors", "--force").returncode, 0)
        self.assertEqual(self.convert("checkpoint_300", "checkpoint_300", "--force").returncode, 2)
        torch.save({"epoch": 3, "state": state}, self.path / "nested")
        torch.save({"path": pathlib.Path("x")}, self.path / "objects")  # would run code to be loaded
        for name in ("nested", "objects", "train.json"):
            result = self.convert(name, "none.safetensors")
            self.assertEqual(result.returncode, 4, result.stderr)
        self.assertFalse((self.path / "none.safetensors").exists())

    @unittest.skipIf(importlib.util.find_spec("torch"), "there is torch")
    def test_torch_is_asked_for(self):
        result = self.convert("train.json", "none.safetensors")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("pip install torch", result.stderr)


if __name__ == "__main__":
    harness.main()
