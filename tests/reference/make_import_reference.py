"""Writes tests/data/tiny_gpt2: a GPT-2 as transformers saves it, and its logits after every thought on
the problems of tests/data/sample.json.

usage: venv/bin/python make_import_reference.py SUPERPOSE

Python with torch, transformers, numpy and h5py. The program is asked for the tokens of the problems
alone: the logits are PyTorch's in float64, of the weights that were saved in float32.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import torch
import transformers

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
FOLDER = DATA / "tiny_gpt2"
CONFIG = {"vocab_size": 40, "n_positions": 144, "n_embd": 16, "n_layer": 2, "n_head": 4,
          "bos_token_id": 38, "eos_token_id": 38, "initializer_range": 0.4}


def make_model():
    """Weights so large that attention is far from uniform; no bias is 0, no norm is the identity."""
    torch.manual_seed(20)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**CONFIG)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def sequences(program):
    """Tokens of each problem, and the positions whose logits are wanted: those that make a thought,
    and that of [A]."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, probe = f"{folder}/tiny.h5", f"{folder}/probe.h5"
        subprocess.run([program, "import", FOLDER, checkpoint], check=True)
        subprocess.run([program, "probe", checkpoint, "--data", DATA / "sample.json", "--output", probe],
                       check=True, stdout=subprocess.DEVNULL)
        with h5py.File(probe) as file:
            problems = file["problems"]
            for p, n in enumerate(problems["n_positions"]):
                thoughts = [int(t) for t in problems["position_thought"][p] if t >= 0]
                yield (problems["tokens"][p][:n].tolist(),
                       [*thoughts, int(problems["position_answer"][p])])


def logits(model, tokens, positions):
    """Every thought recomputes the whole sequence before it."""
    states = model.transformer.wte(torch.tensor([tokens]))
    with torch.no_grad():
        for place in range(positions[0] + 1, positions[-1]):
            hidden = model.transformer(inputs_embeds=states[:, :place]).last_hidden_state
            states = torch.cat([states[:, :place], hidden[:, -1:], states[:, place + 1:]], dim=1)
        return model(inputs_embeds=states).logits[0, positions]


def main():
    model = make_model()
    model.save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)
    model = model.double()
    problems = [{"tokens": tokens, "positions": positions,
                 "logits": [[float(f"{x:.9g}") for x in row]
                            for row in logits(model, tokens, positions).tolist()]}
                for tokens, positions in sequences(sys.argv[1])]
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    (FOLDER / "logits.json").write_text(json.dumps({**versions, "problems": problems}) + "\n")


main()
