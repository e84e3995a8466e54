#!/usr/bin/env python3
"""Predicts the time of a training step on a GPU from counts of operations, bytes and launches.

    superpose bench --model.precision bf16 --train.leaves 1 --train.batch_size 256 --json bench.json
    python3 tests/gpu/predict.py bench.json [--matrix_rate 7.9e14] [--copy_rate 4e12] [--launch 4e-6]

`bench` may run on any machine: its rows, outputs and operations are the model's, not the machine's, and
so are its launches but for some tens (a GPU rounds weights and draws masks by kernels, and GELU is
part of a product). What the GPU can do is given: the rate of bf16 products and of a large copy (defaults: an
H200 as measured by others), and what a launch costs at least. A step then takes

    operations / (share * matrix_rate) + bytes / copy_rate, and no less than launches * launch

where `share` (0.7) is what products of these shapes get of the rate of a large one. Bytes are every
input once and every output once of each kernel (bytes_per_step). Sums, not overlaps: kernels of one
stream run one after the other.
"""

import argparse
import json
import tomllib

BF16, F32 = 2, 4


def layer_bytes(rows, queries, width, attended):
    """Bytes of one layer's kernels, forward and backward, in units of the model's own names (block.cpp)."""
    x, t = BF16 * width, F32 * width   # a row in operands of products, and in the residual stream
    forward = (
        rows * (t + x)                 # ln_1
        + rows * (x + 2 * x)           # keys, values
        + queries * (x + x)            # queries
        + queries * (x + x) + rows * 2 * x + attended * BF16   # attention, weights kept by dropout
        + queries * (x + t)            # attention projection
        + queries * (2 * t + t + x)    # residual, ln_2
        + queries * (x + 8 * x)        # MLP in, GELU fused, both kept
        + queries * (4 * x + t)        # MLP out
        + queries * (2 * t + t))       # residual
    backward = (
        queries * (t + x)              # residual
        + queries * (x + 4 * x + 4 * x)            # d MLP out, slope of GELU
        + queries * (4 * x + t)        # d MLP in
        + queries * (5 * t + x) + queries * 2 * t  # ln_2, its weights
        + queries * 2 * x              # d attention projection
        + queries * 5 * x + rows * 4 * x + rows * 6 * t + attended * BF16   # attention
        + rows * (2 * t + 2 * x)       # keys' and values' gradient rounded
        + rows * (2 * x + t) + queries * (x + 2 * t)   # d keys, values, queries
        + rows * 4 * t + rows * 2 * t  # ln_1, its weights
        + queries * (5 * x + 5 * x + 2 * x + 2 * x) + rows * 3 * x   # weight gradients
        + queries * (x + 4 * x + x + x) + rows * 2 * x)              # bias gradients
    return forward + backward


def optimizer_bytes(parameters):
    """Zeroed gradient, its norm, AdamW, the weights' norm, and their bf16 copies."""
    return parameters * (F32 + F32 + 7 * F32 + F32 + F32 + BF16)


def parameter_count(n_layer, width, vocabulary, positions):
    return n_layer * (12 * width * width + 13 * width) + (vocabulary + positions + 2) * width


def bytes_per_step(step, model):
    """Of a step whose last layer computes outputs only."""
    width, layers = model["n_embd"], model["n_layer"]
    rows, outputs = step["rows"], step["outputs"]
    attended = rows * (rows / step["problems"]) * model["n_head"] * (model["attn_pdrop"] > 0)
    inner = (layers - 1) * layer_bytes(rows, rows, width, 2 * attended)
    last = layer_bytes(rows, outputs, width, 0)
    embedding = rows * F32 * width * 6
    parameters = parameter_count(layers, width, model["vocab_size"], model["n_positions"])
    return inner + last + embedding + optimizer_bytes(parameters)


def predict(step, model, card):
    """Seconds of a step: products, bytes, launches, and what they come to."""
    products = step["operations"] / (card.share * card.matrix_rate)
    moved = bytes_per_step(step, model) / card.copy_rate
    launched = step["launches"] * card.launch
    return products, moved, launched, max(products + moved, launched)


def training_seconds(bench, predicted, problems, epochs, epochs_per_stage):
    """Of a run whose stage grows every `epochs_per_stage` epochs up to the last measured one."""
    batch = bench["steps"][0]["problems"]
    stages = [s["latents"] for s in bench["steps"]]
    steps = -(-problems // batch)
    total = 0
    for epoch in range(epochs):
        stage = min(epoch // epochs_per_stage, stages[-1])
        nearest = min(range(len(stages)), key=lambda i: abs(stages[i] - stage))
        total += steps * predicted[nearest][-1]
    return total


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="written by superpose bench --json")
    parser.add_argument("--matrix_rate", type=float, default=790e12, help="operations/s")
    parser.add_argument("--copy_rate", type=float, default=4.0e12, help="bytes/s, read + written")
    parser.add_argument("--launch", type=float, default=4e-6, help="seconds a launch")
    parser.add_argument("--share", type=float, default=0.7, help="of matrix_rate that products get")
    return parser.parse_args()


def main():
    card = parse_arguments()
    with open(card.bench) as file:
        bench = json.load(file)
    model = tomllib.loads(bench["configuration"])["model"]
    predicted = [predict(step, model, card) for step in bench["steps"]]
    print("latents      rows   TFLOP      GB   launches   products   bytes   launches    step [ms]")
    for step, (products, moved, launched, total) in zip(bench["steps"], predicted):
        print(f"{step['latents']:7}  {step['rows']:8}  {step['operations'] / 1e12:6.3f}  "
              f"{bytes_per_step(step, model) / 1e9:6.2f}  {step['launches']:9.0f}  "
              f"{1e3 * products:9.2f}  {1e3 * moved:6.2f}  {1e3 * launched:9.2f}  {1e3 * total:11.2f}")
    seconds = training_seconds(bench, predicted, 14785, 300, 25)
    print(f"the papers' run, 14,785 problems and 300 epochs: {seconds:.0f} s of steps")


if __name__ == "__main__":
    main()
