"""Cross-check of the reference against the published Coconut module (coconut.py of
github.com/Ber666/emergence-of-superposition), padded and batched the way its collator does it."""

import importlib.util

import numpy
import torch

from problems import ANSWER, EOS, LATENT

IGNORED = -100
TOLERANCE = 1e-9   # float64 on both sides; only the order of operations differs


def covers(sequences):
    """The module feeds every latent token back and knows label sets at one target each, off [A]."""
    fed_back = all(s.feed_back or s.n_latent == 0 for s in sequences)
    return fed_back and (single_labels(sequences) or all(len(s.targets) == 1 for s in sequences))


def single_labels(sequences):
    return all(len(labels) == 1 for s in sequences for _, labels in s.targets)


def load_module(checkout, model):
    spec = importlib.util.spec_from_file_location("coconut", checkout / "coconut.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    coconut = module.Coconut(model, LATENT, 31, 32, EOS, ANSWER)
    coconut.eval()
    return coconut


def pad(rows, filler):
    width = max(len(row) for row in rows)
    return torch.tensor([row + [filler] * (width - len(row)) for row in rows])


def make_batch(sequences):
    """Left padding aligns the first latent tokens, right padding fills up; returns the module's
    arguments and the left padding of each row."""
    first = max([s.latent_begin for s in sequences if s.n_latent], default=0)
    left = [first - s.latent_begin if s.n_latent else 0 for s in sequences]
    ids, labels = [], []
    for sequence, n_pad in zip(sequences, left):
        tokens = sequence.tokens + [EOS]     # room for the label of the last position
        row = [IGNORED] * len(tokens)
        for position, candidates in sequence.targets:
            row[position + 1] = candidates[0]
        ids.append([EOS] * n_pad + tokens)
        labels.append([IGNORED] * n_pad + row)
    arguments = dict(
        input_ids=pad(ids, EOS),
        attention_mask=pad([[0] * n + [1] * (len(row) - n) for n, row in zip(left, ids)], 0),
        position_ids=pad([[0] * n + list(range(len(row) - n)) for n, row in zip(left, ids)], 0),
        labels=pad(labels, IGNORED))
    return arguments, left


def run(coconut, sequences):
    """Logits at the targets and the loss."""
    arguments, left = make_batch(sequences)
    if not single_labels(sequences):
        arguments.update(bfs_paper_loss=True,
                         candidate_nodes=[s.targets[0][1] for s in sequences])
    outputs = coconut(**arguments)
    logits = [outputs.logits[i, left[i] + position] for i, s in enumerate(sequences)
              for position, _ in s.targets]
    return torch.stack(logits), outputs.loss


def compare(checkout, model, sequences, reference, gradients):
    """Largest deviations as text; AssertionError above TOLERANCE."""
    model.zero_grad(set_to_none=False)
    logits, loss = run(load_module(checkout, model), sequences)
    loss.backward()
    errors = {
        "logits": numpy.abs(logits.detach().numpy() - reference["logits"]).max(),
        "loss": abs(loss.item() - reference["loss"]),
        "gradients": max(
            numpy.linalg.norm(gradient - reference["gradients"][name]) /
            numpy.linalg.norm(reference["gradients"][name])
            for name, gradient in gradients(model).items()),
    }
    assert max(errors.values()) < TOLERANCE, errors
    return ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
