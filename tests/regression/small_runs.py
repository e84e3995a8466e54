"""Training runs of a second, and what they leave behind.

A model of 33 thousand weights on graphs of 12 nodes, with everything on that could make the result
depend on the number of ranks or on an interruption: dropout, permuted ids, clipping, accumulation,
warm-up and cosine, an optimiser that is reset when a stage begins, and a last batch of 6 problems
for 8 leaves.
"""

import hashlib
import json

import h5py

import harness

CONFIG = """
data.train = "train.json"
data.valid = "valid.json"

[model]
n_layer = 2
n_head = 2
n_embd = 32
n_positions = 128

[method]
name = "coconut"
shuffle_nodes = true

[curriculum]
max_latent_stage = 2
first_stage_epochs = 1
epochs_per_stage = 1
reset_optimizer = true

[optimizer]
learning_rate = 3e-3
clip_norm = 1
schedule = "cosine"
warmup_steps = 2

[train]
epochs = 4
batch_size = 19
leaves = 8
accumulation = 2

[output]
directory = "run"
log_every = 1
checkpoint_every = 100
"""

N_TRAIN, N_VALID = 44, 20


def overrides(settings):
    """--KEY=VALUE for each; Python's True is TOML's true."""
    values = {key: str(value).lower() if isinstance(value, bool) else value
              for key, value in settings.items()}
    return [f"--{key}={value}" for key, value in values.items()]


class SmallRuns(harness.Case):
    """Problems and the configuration above, in self.path, where every command runs."""

    @classmethod
    def settle_in(cls):
        (cls.path / "small.toml").write_text(CONFIG)
        cls.generate("all.json", count=N_TRAIN + N_VALID)
        problems = cls.read_json("all.json")
        cls.write_json("train.json", problems[:N_TRAIN])
        cls.write_json("valid.json", problems[N_TRAIN:])

    @classmethod
    def run_program(cls, *arguments, ranks=None):
        return harness.run(*arguments, ranks=ranks, folder=cls.path)

    @classmethod
    def generate(cls, name, **options):
        options = {"n_nodes": 12, "min_hops": 2, "max_hops": 3, **options}
        result = cls.run_program("generate", name, "--force", *overrides(options))
        assert result.returncode == 0, result.stderr

    @classmethod
    def train_arguments(cls, directory, settings, resume="auto"):
        return ["train", "small.toml", "--resume", resume, "--output.directory", directory,
                *overrides(settings)]

    @classmethod
    def train(cls, directory, settings=(), ranks=None, resume="auto"):
        arguments = cls.train_arguments(directory, dict(settings), resume)
        return cls.run_program(*arguments, ranks=ranks)

    def checkpoints(self, directory):
        """Paths, oldest first."""
        return sorted((self.path / directory).glob("checkpoint_*.h5"))

    def outcome(self, directory):
        return outcome(self.checkpoints(directory)[-1], self.path / directory / "run.h5")

    @classmethod
    def read_json(cls, name):
        return json.loads((cls.path / name).read_text())

    @classmethod
    def write_json(cls, name, value):
        (cls.path / name).write_text(json.dumps(value))
        return name


def datasets(file):
    found = []
    file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return found


def fingerprint(dataset):
    digest = hashlib.sha256(dataset[()].tobytes()).hexdigest()[:16]
    return f"{dataset.dtype} {dataset.shape} {digest}"


def outcome(checkpoint, history):
    """Everything in the two files of a run that an undisturbed repetition must reproduce: all of
    the checkpoint and the histories but metadata and wall times."""
    with h5py.File(checkpoint) as state, h5py.File(history) as tables:
        found = {d.name: fingerprint(d) for d in datasets(state)}
        for group in ("counters", "values"):
            found.update({f"{group}.{name}": value for name, value in state[group].attrs.items()})
        found.update({f"history{d.name}": fingerprint(d) for d in datasets(tables)
                      if not d.name.endswith("/seconds")})
    return found


def counters(checkpoint):
    with h5py.File(checkpoint) as file:
        return {name: int(value) for name, value in file["counters"].attrs.items()}


def column(history, table, name):
    """Values of one column of a run.h5."""
    with h5py.File(history) as file:
        return file[table][name][()]


def damage(checkpoint, dataset="parameters/wte.weight"):
    """Inverts one byte in the middle of a dataset."""
    with h5py.File(checkpoint) as file:
        position = file[dataset].id.get_offset() + file[dataset].id.get_storage_size() // 2
    with open(checkpoint, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 0xFF]))
