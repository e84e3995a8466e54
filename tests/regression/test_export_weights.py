"""`superpose export --to huggingface`: what it writes is the checkpoint, by the rule for outputs, and what
transformers loads computes what the program computes. The tests that take torch and transformers are
skipped without them. Usage: see harness.py."""

import importlib.util
import json
import subprocess
import sys
import unittest

import h5py
import numpy as np

import harness
from hugging_face import parameters, read_safetensors
from small_runs import SmallRuns

FILES = {"README.md", "config.json", "model.safetensors", "think.py", "tokenizer.json",
         "tokenizer_config.json"}
SPECIAL = ["<|start-latent|>", "<|end-latent|>", "<|latent|>", "|", "[Q]", "[R]", "[A]", "<eos>",
           "<|no-answer|>"]
RUNS = {"run": {"data.valid": "valid.json", "method.c_thought": 2},
        "untied": {"model.tied": False, "model.vocab_size": 43, "method.name": "pause"},
        "cot": {"method.name": "cot", "data.valid": ""}}
HAS_TRANSFORMERS = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))


class Exported(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name, settings in RUNS.items():
            result = cls.train(name, settings)
            assert result.returncode == 0, result.stderr
            result = cls.export(name, f"{name}_hf")
            assert result.returncode == 0, result.stderr

    @classmethod
    def export(cls, *words):
        return cls.run_program("export", "--to", "huggingface", *words)

    def config(self, name):
        return self.read_json(f"{name}_hf/config.json")


class Export(Exported):
    # --- What is written --------------------------------------------------------------------------

    def test_weights_are_those_of_the_checkpoint_bit_for_bit(self):
        for name in RUNS:
            tensors, metadata = read_safetensors(self.path / f"{name}_hf" / "model.safetensors")
            stored = parameters(self.checkpoints(name)[-1])
            self.assertEqual(metadata, {"format": "pt"})
            self.assertEqual(set(tensors), set(stored))
            for key, values in stored.items():
                self.assertEqual((tensors[key].shape, tensors[key].tobytes()),
                                 (values.shape, values.tobytes()), key)

    def test_config_says_what_the_model_is(self):
        for name, tied, vocab_size in (("run", True, 40), ("untied", False, 43)):
            config = self.config(name)
            expected = {"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 32,
                        "n_positions": 128, "vocab_size": vocab_size, "tie_word_embeddings": tied,
                        "activation_function": "gelu_new", "eos_token_id": vocab_size - 2}
            self.assertEqual({key: config[key] for key in expected}, expected)

    def test_tokenizer_has_the_vocabulary(self):
        for name, size in (("run", 40), ("untied", 43)):
            tokens = self.read_json(f"{name}_hf/tokenizer.json")["model"]["vocab"]
            self.assertEqual(list(tokens), [*map(str, range(size - 9)), *SPECIAL])
            self.assertEqual(list(tokens.values()), list(range(size)))

    def test_card_has_provenance_and_results(self):
        with h5py.File(self.path / "run" / "run.h5") as run:
            accuracy = run["evaluation/accuracy_by_hops"][-1]
            hashes = run.attrs["data_hash_train"], run.attrs["data_hash_valid"]
            configuration, commit = run.attrs["configuration"], run.attrs["git_hash"]
        card = (self.path / "run_hf" / "README.md").read_text()
        for part in (*hashes, configuration, commit, "superpose export --to huggingface run",
                     f"| `accuracy_by_hops_2` | {accuracy[1]:.6g} |", "needs\n2 H of them",
                     "`<eos> s t | s t | ... | s t [Q] c1 c2 [R] root`"):
            self.assertIn(part, card)
        self.assertIn("Not measured", (self.path / "cot_hf" / "README.md").read_text())
        stored = self.config("run")["superpose"]
        self.assertEqual((stored["step"], stored["configuration"]), (12, configuration))

    def test_results_are_those_of_the_exported_weights_only(self):
        """An evaluation of other weights in the run.h5 beside them, or a run.h5 that cannot be read."""
        (self.path / "moved").mkdir()
        checkpoint = self.path / "moved" / self.checkpoints("run")[-1].name
        checkpoint.write_bytes(self.checkpoints("run")[-1].read_bytes())
        for content, warning in (((self.path / "untied" / "run.h5").read_bytes(), ""),
                                 (b"no HDF5", "no results")):
            (self.path / "moved" / "run.h5").write_bytes(content)
            result = self.export(checkpoint, "moved_hf", "--force")
            self.assert_succeeds(result)
            self.assertIn(warning, result.stderr)
            self.assertIn("Not measured", (self.path / "moved_hf" / "README.md").read_text())

    def test_scripts_are_python_of_about_ten_lines(self):
        for name in RUNS:
            text = (self.path / f"{name}_hf" / "think.py").read_text()
            compile(text, name, "exec")
            self.assertLess(len(text.splitlines()), 20)

    # --- Where it is written ----------------------------------------------------------------------

    def contents(self, folder):
        return {path.name: path.read_bytes() for path in (self.path / folder).iterdir()}

    def test_the_default_folder_is_named_after_the_checkpoint(self):
        self.assert_succeeds(self.export("run"), "checkpoint_000000012_huggingface")
        self.assertEqual(set(self.contents("run/checkpoint_000000012_huggingface")), FILES)

    def test_outputs_obey_the_rule(self):
        before = self.contents("run_hf")
        self.assertEqual(set(before), FILES)
        self.assert_fails(self.export("untied", "run_hf"), 2, "would be lost", "of another command")
        self.assertEqual(self.contents("run_hf"), before)
        self.assert_succeeds(self.export("run", "run_hf"))  # the same command
        self.assertEqual(self.contents("run_hf"), before)
        (self.path / "precious").mkdir()
        (self.path / "precious" / "README.md").write_text("precious")
        self.assert_fails(self.export("run", "precious"), 2, "would be lost")
        self.assertEqual(self.contents("precious"), {"README.md": b"precious"})
        self.assert_succeeds(self.export("run", "precious", "--force"))
        self.assertEqual(set(self.contents("precious")), FILES)
        self.assert_fails(self.export("run", "valid.json"), 5, "valid.json")

    def test_what_is_read_is_never_replaced(self):
        checkpoint = self.checkpoints("run")[-1]
        (self.path / "linked").mkdir()
        (self.path / "linked" / "model.safetensors").symlink_to(checkpoint)
        before = checkpoint.read_bytes()
        self.assert_fails(self.export("run", "linked", "--force"), 2, "what this command reads")
        self.assertEqual(checkpoint.read_bytes(), before)

    # --- Errors -----------------------------------------------------------------------------------

    def test_histories_are_another_command(self):
        for target in ("csv", "jsonl", "tensorboard", "wandb", "mlflow"):
            self.assert_fails(self.run_program("export", "--to", target, "run"), 2,
                              "histories of runs", f"draw.sh export --to {target} RUN...")
        self.assert_fails(self.run_program("export", "--to", "onnx", "run"), 2, "onnx")
        self.assert_fails(self.run_program("export", "run"), 2, "--to is required")
        self.assertIn("draw.sh export", self.run_program("export", "--help").stdout)

    def test_what_is_no_checkpoint(self):
        (self.path / "empty").mkdir(exist_ok=True)
        for path, code in (("empty", 4), ("none.h5", 4), ("run/run.h5", 4), ("valid.json", 4)):
            self.assert_fails(self.export(path, "nowhere"), code)
        self.assertFalse((self.path / "nowhere").exists())


@unittest.skipUnless(HAS_TRANSFORMERS, "takes the Python packages torch and transformers")
class WithTransformers(Exported):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        import torch
        torch.set_num_threads(1)

    def load(self, name):
        from transformers import GPT2LMHeadModel
        model, report = GPT2LMHeadModel.from_pretrained(self.path / f"{name}_hf",
                                                        output_loading_info=True)
        self.assertEqual([keys for keys in report.values() if keys], [])
        return model.eval()

    def probe(self, name):
        output = self.path / f"{name}_probe.h5"
        self.assert_succeeds(self.run_program("probe", self.checkpoints(name)[-1], "--data",
                                              "valid.json", "--output", output))
        return h5py.File(output)

    def test_weights_bit_for_bit(self):
        for name in RUNS:
            state = self.load(name).state_dict()
            for key, values in parameters(self.checkpoints(name)[-1]).items():
                self.assertEqual(state[key].numpy().tobytes(), values.tobytes(), key)

    def logits(self, model, tokens, positions, fed_back):
        """After each position that makes a thought, and after [A]."""
        import torch
        states = model.transformer.wte(torch.tensor([tokens]))
        with torch.no_grad():
            for place in range(positions[0] + 1, positions[-1]) if fed_back else ():
                hidden = model.transformer(inputs_embeds=states[:, :place]).last_hidden_state
                states = torch.cat([states[:, :place], hidden[:, -1:], states[:, place + 1:]], 1)
            return model(inputs_embeds=states).logits[0, positions].numpy()

    def test_logits_after_every_thought(self):
        largest = 0
        for name, fed_back in (("run", True), ("untied", False)):
            model = self.load(name)
            with self.probe(name) as file:
                raw, problems = next(iter(file["raw"].values())), file["problems"]
                for p in range(len(problems["tokens"])):
                    tokens = problems["tokens"][p][:problems["n_positions"][p]].tolist()
                    positions = [*(t for t in problems["position_thought"][p] if t >= 0),
                                 problems["position_answer"][p]]
                    expected = [*raw["next_node_logits"][p][:len(positions) - 1],
                                raw["answer_logits"][p]]
                    found = self.logits(model, tokens, positions, fed_back)
                    largest = max(largest, np.abs(found - expected).max())
        print(f"largest difference of a logit: {largest:.1e}", file=sys.stderr)
        self.assertLess(largest, 1e-5)

    def test_tokenizer_reads_prompts_as_the_program_does(self):
        from transformers import AutoTokenizer
        for name, size in (("run", 40), ("untied", 43)):
            tokenizer = AutoTokenizer.from_pretrained(self.path / f"{name}_hf")
            words = [*map(str, range(size - 9)), *SPECIAL]
            self.assertEqual(tokenizer(" ".join(words)).input_ids, list(range(size)))
            self.assertEqual(tokenizer.decode(list(range(size))), " ".join(words))
            with self.assertRaises(Exception):
                tokenizer("<eos> unheard")

    def test_scripts_answer(self):
        prompt = "<eos> 0 2 | 1 3 | 2 3 | 0 4 [Q] 3 5 [R] 0"
        for name, words in (("run", ["4"]), ("untied", ["2"]), ("cot", [])):
            result = subprocess.run([sys.executable, self.path / f"{name}_hf" / "think.py", prompt,
                                     *words], capture_output=True, text=True, timeout=120)
            self.assertEqual(result.returncode, 0, result.stderr)
            vocabulary = self.read_json(f"{name}_hf/tokenizer.json")["model"]["vocab"]
            self.assertTrue(set(result.stdout.split()) <= set(vocabulary), result.stdout)


if __name__ == "__main__":
    harness.main()
