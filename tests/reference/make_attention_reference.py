#!/usr/bin/env python3
"""Writes the reference attention (attention.h5 beside this file) with PyTorch and Hugging Face
GPT-2, of the model of small_tied.h5. README.md has the requirements and the file layout.

    make_attention_reference.py

The weights are those that transformers returns (output_attentions). It does not return the logits:
they are recomputed from the queries and keys that leave c_attn, and the script stops if their
softmax is not the weights. Thoughts are fed back as in make_reference.py.
"""

from pathlib import Path

import h5py
import numpy
import torch

import make_reference
import problems

CONFIGURATION = make_reference.CONFIGURATIONS["small_tied"]
# Shorter prompts than those of small_tied.h5 keep the matrices, and with them the file, small.
PROBLEMS = dict(seed=5, hops=(3, 4, 3), max_width=2, n_edges=range(7, 12))
TOLERANCE = 1e-13   # float64 on both sides; only the order of operations differs


def attention_and_projections(model, inputs):
    """Weights of every layer [L, NH, T, T] and what its c_attn puts out [L, T, 3C], of input
    embeddings [T, C]."""
    projections = []
    hooks = [block.attn.c_attn.register_forward_hook(
        lambda module, arguments, output: projections.append(output[0]))
        for block in model.transformer.h]
    output = model.transformer(inputs_embeds=inputs[None], use_cache=False, output_attentions=True)
    for hook in hooks:
        hook.remove()
    return torch.cat(output.attentions).numpy(), torch.stack(projections).numpy()


def scaled_products(projections, n_head):
    """q . k / sqrt(head size) [L, NH, T, T] of queries, keys and values side by side [L, T, 3C]."""
    n_layer, n_rows, _ = projections.shape
    q, k, _ = (x.reshape(n_layer, n_rows, n_head, -1) for x in numpy.split(projections, 3, axis=2))
    return numpy.einsum("lqhd,lkhd->lhqk", q, k) / numpy.sqrt(q.dtype.type(q.shape[3]))


def causal_softmax(logits):
    """Softmax over the keys j <= i of query i, 0 behind it, of logits [..., T, T]."""
    masked = numpy.where(numpy.tri(logits.shape[-1], dtype=bool), logits, -numpy.inf)
    exponentials = numpy.exp(masked - masked.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def lower_triangle(matrices):
    """[..., T, T] -> [..., T (T + 1) / 2], the keys of query 0, then those of query 1, ..."""
    queries, keys = numpy.tril_indices(matrices.shape[-1])
    return matrices[..., queries, keys]


def join(matrices):
    """Lower triangles of one matrix [L, NH, T, T] per sequence, one after the other."""
    triangles = [lower_triangle(matrix) for matrix in matrices]
    return numpy.concatenate(triangles, axis=-1).astype(numpy.float64)


@torch.no_grad()
def evaluate(model, sequences):
    """Attention [L, NH, all entries] and thoughts [all thoughts, C] of a batch, as float64."""
    logits, weights, thoughts = [], [], []
    for sequence in sequences:
        inputs, own_thoughts = make_reference.feed_back_thoughts(model, sequence)
        own_weights, projections = attention_and_projections(model, inputs)
        logits.append(scaled_products(projections, model.config.n_head))
        weights.append(own_weights)
        thoughts += [thought.double().numpy() for thought in own_thoughts]
    return {"attention_logits": join(logits), "attention_weights": join(weights),
            "thoughts": numpy.array(thoughts),
            "softmax_error": max(numpy.abs(causal_softmax(own_logits) - own_weights).max()
                                 for own_logits, own_weights in zip(logits, weights))}


def deviations(single, double):
    """How far float32 PyTorch is from float64: what to expect of any float32 program."""
    return {f"f32_{name}_max_absolute": float(numpy.abs(single[name] - double[name]).max())
            for name in ("attention_logits", "attention_weights")}


def model_attributes():
    """Those of small_tied.h5 that describe the model; there are no gradients here."""
    return {name: value for name, value in CONFIGURATION.attributes().items()
            if name != "whole_gradients"}


def write_case(group, sequences, single, double):
    make_reference.write_sequences(group, sequences)
    for name in ("attention_logits", "attention_weights"):
        group.create_dataset(name, data=double[name], compression="gzip", shuffle=True)
    if len(double["thoughts"]):
        group["thoughts"] = double["thoughts"]
    group.attrs.update(deviations(single, double))


def main():
    torch.set_num_threads(1)
    h5py.get_config().track_order = True   # readers list groups in the order of writing
    single_model, double_model = (make_reference.make_model(CONFIGURATION, dtype)
                                  for dtype in (torch.float32, torch.float64))
    cases = problems.make_attention_cases(problems.make_problems(**PROBLEMS), seed=1)
    path = Path(__file__).with_name("attention.h5")
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file.attrs.update(model_attributes())
        for name, sequences in cases.items():
            single, double = (evaluate(m, sequences) for m in (single_model, double_model))
            assert double["softmax_error"] < TOLERANCE, double["softmax_error"]
            write_case(file.create_group(name), sequences, single, double)
            print(name, f"softmax error {double['softmax_error']:.1e}",
                  *(f"{k} {v:.1e}" for k, v in deviations(single, double).items()), flush=True)


if __name__ == "__main__":
    main()
