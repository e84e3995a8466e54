#!/usr/bin/env python3
"""Times a training step of the published PyTorch Coconut code and of superpose: same problems, same
batch, same number of thoughts, same cores, in turns (A B A B), and prints the ratio.

    git clone https://github.com/Ber666/emergence-of-superposition published
    superpose generate problems.json --count 512 --seed 1
    venv/bin/python tests/peer/time_published.py --published published \\
        --superpose build/release/bin/superpose --problems problems.json --threads 2 \\
        --json ratio.json

Needs Python 3.9 or later with torch 2.5.1, transformers 4.46.3, numpy and h5py:

    python3 -m venv venv
    venv/bin/pip install torch==2.5.1 --index-url https://download.pytorch.org/whl/cpu
    venv/bin/pip install transformers==4.46.3 numpy h5py

What is compared
- Both: GPT-2 of the checkout's configuration (2 layers, 8 heads, 768 wide, dropout 0.1; --width and
  --heads set others), AdamW,
  and the first --batch problems of the file with as many hops as the most thoughts asked for, or
  more; every sequence has exactly the number of thoughts of its row. The script stops if the two
  programs do not compute the same number of tokens, padding aside.
- Published: its own Coconut module, data set, tokenizer and padding collator, imported from the
  checkout, its files unchanged. A step is forward, loss, backward, AdamW and zero_grad on a batch
  built beforehand; under bf16, forward and loss run in torch.autocast.
- superpose: `superpose train`, one step an epoch, one epoch a stage, so that it soon trains the
  stage asked for; a step is steps/seconds of its run.h5. It includes drawing and packing the batch,
  reduction over ranks and gradient norm, which the published step is spared.
- Both run on the first --threads cores of this process: torch with that many threads, superpose
  with --ranks ranks that share them. With --device cuda both compute on GPU 0: torch built for CUDA,
  superpose of the preset `cuda`, with one rank. mpirun as root needs OMPI_ALLOW_RUN_AS_ROOT=1 and
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1.
- Other load on these cores spoils the ratio, not only both times: torch's threads wait for each
  other spinning. Rows measured under a load above --threads + 1 are marked "shared".
- A superpose without a `precision` setting computes in f32; it is then put beside both published
  precisions, and the table says so.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

DEVICE = "cuda" if "cuda" in sys.argv or "--device=cuda" in sys.argv else "cpu"
if DEVICE == "cpu":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""   # its data set takes any device that it finds

import h5py
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

LEARNING_RATE, WEIGHT_DECAY = 1e-4, 0.01   # args/coconut_standard.yaml of the checkout
WARM_UP_STEPS = 1                          # of every turn, not counted


class Published:
    """The checkout's own code. `step` trains once on a batch made by its collator."""

    def __init__(self, checkout, threads, size):
        torch.set_num_threads(threads)
        sys.path.insert(0, str(checkout))
        # dataset.py imports a name from this package and uses it nowhere.
        sys.modules.setdefault("datasets", types.SimpleNamespace(Dataset=None))
        import coconut
        import dataset
        import stokenizer
        self.dataset = dataset
        self.tokenizer = stokenizer.STokenizer()
        # Its class sets these before its base class does, which forgets them again.
        self.tokenizer.pad_token = self.tokenizer.eos_token = "<eos>"
        self.latent, start, end = self.tokenizer.convert_tokens_to_ids(
            ["<|latent|>", "<|start-latent|>", "<|end-latent|>"])
        self.config = GPT2Config.from_json_file(
            checkout / "configs" / "symbol-2layer-8head-768dim.json")
        self.config.update(size)
        torch.manual_seed(0)
        self.model = coconut.Coconut(GPT2LMHeadModel(self.config), self.latent, start, end,
                                     self.tokenizer.eos_token_id).to(DEVICE)
        self.model.train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LEARNING_RATE,
                                           weight_decay=WEIGHT_DECAY)

    def batch(self, problems, thoughts):
        """Arguments of the module's forward: the whole file as one batch."""
        settings = types.SimpleNamespace(debug=False, uniform_prob=0)
        rows = self.dataset.get_graph_latent_cot_dataset(
            problems, thoughts, settings, self.tokenizer, shuffle_nodes=False)
        collator = self.dataset.MyCollator(self.tokenizer, latent_id=self.latent)
        batch = dict(collator(rows))
        per_row = (batch["input_ids"] == self.latent).sum(dim=1)
        if not (per_row == thoughts).all():
            sys.exit(f"published made {per_row.tolist()} thoughts, not {thoughts} each")
        return {name: value.to(DEVICE) if torch.is_tensor(value) else value
                for name, value in batch.items()}

    def step(self, batch, precision):
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = self.model(**batch).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        return loss.item()

    def seconds(self, batch, precision, steps):
        """Wall time of each of `steps` steps, after the warm-up."""
        times = []
        for _ in range(WARM_UP_STEPS + steps):
            begin = time.perf_counter()
            self.step(batch, precision)
            times.append(time.perf_counter() - begin)
        return times[WARM_UP_STEPS:]


class Superpose:
    """The executable; every call of `seconds` is a fresh `superpose train` in a new directory."""

    def __init__(self, executable, ranks, threads, config):
        self.executable = str(executable.resolve())
        self.launcher = [] if ranks == 1 else ["mpirun", "-n", str(ranks), "--bind-to", "none"]
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(threads // ranks)}
        self.leaves = {"train.leaves": ranks} if DEVICE == "cuda" else {}
        self.model = {f"model.{name}": getattr(config, name) for name in (
            "n_layer", "n_head", "n_embd", "n_positions", "vocab_size", "embd_pdrop", "attn_pdrop",
            "resid_pdrop")}
        options = subprocess.run([self.executable, "train", "--help"], capture_output=True,
                                 text=True, check=True).stdout
        found = re.search(r"--(\w+\.precision)\b", options)
        self.precision_key = found and found[1]

    def precision(self, asked):
        """What the executable computes in when `asked` for f32 or bf16."""
        return asked if self.precision_key else "f32"

    def settings(self, problems, batch_size, thoughts, precision, epochs, directory):
        """The run as TOML: stage s is epoch s, and the last stage stays to the end."""
        values = {
            **self.model, **self.leaves, "data.train": problems, "method.name": "coconut",
            "method.uniform_prob": 0, "curriculum.max_latent_stage": thoughts,
            "curriculum.first_stage_epochs": 1, "curriculum.epochs_per_stage": 1,
            "optimizer.learning_rate": LEARNING_RATE, "optimizer.weight_decay": WEIGHT_DECAY,
            "train.epochs": epochs, "train.batch_size": batch_size,
            "output.directory": f"{directory}/run", "output.checkpoint_every": epochs}
        if self.precision_key:
            values[self.precision_key] = precision
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())

    def seconds(self, problems, batch_size, thoughts, precision, steps):
        """Wall time of each of `steps` steps of stage `thoughts`, and the tokens of one."""
        with tempfile.TemporaryDirectory() as directory:
            epochs = thoughts + WARM_UP_STEPS + steps
            config = Path(directory) / "run.toml"
            config.write_text(self.settings(problems, batch_size, thoughts, precision, epochs,
                                            directory))
            done = subprocess.run([*self.launcher, self.executable, "train", str(config)],
                                  env=self.environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"superpose train ended with code {done.returncode}:\n{done.stderr}")
            with h5py.File(f"{directory}/run/run.h5") as run:
                stages, tokens = run["steps/stage"][-steps:], run["steps/tokens"][-1]
                if not (stages == thoughts).all():
                    sys.exit(f"superpose trained the stages {stages}, not {thoughts}")
                return run["steps/seconds"][-steps:].tolist(), int(tokens)


def select_problems(path, count, hops, directory):
    """Path of a file of the first `count` problems of at least `hops` hops."""
    chosen = [p for p in json.loads(path.read_text()) if len(p["steps"]) >= hops][:count]
    if len(chosen) < count:
        sys.exit(f"{path} has {len(chosen)} problems of {hops} or more hops (a batch needs "
                 f"{count}); generate more")
    selected = Path(directory) / "problems.json"
    selected.write_text(json.dumps(chosen))
    return str(selected)


def compare(published, superpose, problems, batch_size, thoughts, precision, steps, rounds):
    """One row of the table: both programs in turns."""
    load = os.getloadavg()[0]
    batch = published.batch(problems, thoughts)
    times = {"published": [], "superpose": []}
    for _ in range(rounds):
        times["published"] += published.seconds(batch, precision, steps)
        taken, tokens = superpose.seconds(problems, batch_size, thoughts, precision, steps)
        times["superpose"] += taken
    # The published sequences carry their label as a last token; superpose's do not.
    attended = int(batch["attention_mask"].sum()) - batch_size
    if tokens != attended:
        sys.exit(f"superpose computed {tokens} tokens a step, published {attended}: not comparable")
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {"thoughts": thoughts, "published_precision": precision,
            "superpose_precision": superpose.precision(precision), "tokens": tokens,
            "published_padded_tokens": batch["input_ids"].numel(), "seconds": times,
            "published_s": medians["published"], "superpose_s": medians["superpose"],
            "ratio": medians["published"] / medians["superpose"],
            "ratio_of_fastest": min(times["published"]) / min(times["superpose"]),
            "load_before": load, "load_after": os.getloadavg()[0]}


HEADER = ("thoughts  published        step  superpose        step  tokens/s   ratio  fastest  load")


def describe(row, threads):
    load = max(row["load_before"], row["load_after"])
    return (f"{row['thoughts']:8}  {row['published_precision']:>9}  {row['published_s']:8.3f} s"
            f"  {row['superpose_precision']:>9}  {row['superpose_s']:8.3f} s"
            f"  {row['tokens'] / row['superpose_s']:8.0f}  {row['ratio']:6.2f}"
            f"  {row['ratio_of_fastest']:7.2f}  {load:4.1f}{' shared' * (load > threads + 1)}")


def describe_setting(config, attention, arguments):
    return (
        f"{config.n_layer} layers, {config.n_head} heads, n_embd {config.n_embd}, batch "
        f"{arguments.batch}, dropout {config.resid_pdrop} in both, "
        f"{torch.cuda.get_device_name() if DEVICE == 'cuda' else f'{arguments.threads} cores'}\n"
        f"published: torch {torch.__version__}, {torch.get_num_threads()} threads, transformers "
        f"{transformers.__version__}, {attention} attention; superpose: {arguments.ranks} ranks\n"
        f"step: median of {arguments.rounds} turns of {arguments.steps} steps; ratio: published / "
        f"superpose; fastest: the same of the fastest steps")


def integers(text):
    return [int(part) for part in text.split(",")]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=Path, required=True, metavar="CHECKOUT",
                        help="checkout of github.com/Ber666/emergence-of-superposition")
    parser.add_argument("--superpose", type=Path, required=True, metavar="EXECUTABLE")
    parser.add_argument("--problems", type=Path, required=True, metavar="FILE",
                        help="written by superpose generate, at most 31 nodes")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="of both programs")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="cores")
    parser.add_argument("--ranks", type=int, help="of superpose; one a core unless given")
    parser.add_argument("--batch", type=int, default=128, help="problems a step")
    parser.add_argument("--width", type=int, default=768, help="n_embd of both")
    parser.add_argument("--heads", type=int, default=8, help="n_head of both; divides --width")
    parser.add_argument("--latents", type=integers, default=[0, 2, 4], help="thoughts: 0,2,4")
    parser.add_argument("--precision", type=lambda text: text.split(","), default=["f32", "bf16"],
                        help="f32,bf16")
    parser.add_argument("--steps", type=int, default=3, help="steps timed in each turn")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each program")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times here")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    if not 1 <= arguments.threads <= cores:
        parser.error(f"--threads {arguments.threads}: this process may use 1 to {cores} cores")
    arguments.ranks = arguments.ranks or (1 if DEVICE == "cuda" else arguments.threads)
    if arguments.threads % arguments.ranks:
        parser.error(f"--ranks {arguments.ranks} does not divide --threads {arguments.threads}")
    if arguments.width % arguments.heads:
        parser.error(f"--heads {arguments.heads} does not divide --width {arguments.width}")
    if unknown := set(arguments.precision) - {"f32", "bf16"}:
        parser.error(f"--precision {unknown.pop()}: f32 or bf16")
    return arguments


def main():
    arguments = parse_arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:arguments.threads])
    size = {"n_embd": arguments.width, "n_head": arguments.heads}
    published = Published(arguments.published, arguments.threads, size)
    config = published.config
    superpose = Superpose(arguments.superpose, arguments.ranks, arguments.threads, config)
    attention = published.model.base_causallm.config._attn_implementation
    setting = describe_setting(config, attention, arguments)
    print(setting, HEADER, sep="\n", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        problems = select_problems(arguments.problems, arguments.batch, max(arguments.latents),
                                   directory)
        for thoughts in arguments.latents:
            for precision in arguments.precision:
                rows.append(compare(published, superpose, problems, arguments.batch, thoughts,
                                    precision, arguments.steps, arguments.rounds))
                print(describe(rows[-1], arguments.threads), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"setting": setting, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
