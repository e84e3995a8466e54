#!/usr/bin/env python3
"""Writes the reference values of the model (*.h5 beside this file) with PyTorch and Hugging Face
GPT-2. README.md has the requirements, the file layout and the formula of the weights.

    make_reference.py [--only NAME] [--published CHECKOUT]

The chain of thoughts is computed the slow, plain way: one problem at a time, no padding, no cache,
the whole prefix again for every thought, so that it shares no idea with the packed C++ model.
"""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py
import numpy
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

import problems
import published

SAMPLED_ENTRIES = 64
DECODED_TOKENS = 8
LEAST_MARGIN = 1e-4          # between the two largest logits of a decoded token
DECODED_CASES = ("cot", "no_cot")   # methods that write their answer


@dataclass
class Configuration:
    n_layer: int
    n_head: int
    n_embd: int
    n_positions: int
    tied: bool
    seed: int                    # of the graphs
    scale_matrix: float
    scale_layer_norm: float
    scale_bias: float
    hops: tuple
    max_width: int
    n_edges: range
    cases: tuple = ()            # empty: all
    whole_gradients: bool = True

    def attributes(self):
        kept = ("n_layer", "n_head", "n_embd", "n_positions", "tied", "scale_matrix",
                "scale_layer_norm", "scale_bias", "whole_gradients")
        flags = {name: +value for name, value in asdict(self).items() if name in kept}
        return {**flags, "vocab_size": problems.VOCAB_SIZE, "torch": str(torch.__version__),
                "transformers": transformers.__version__}


# 0.3 at width 16 and 0.04 at width 768 give pre-activations and attention logits of order 1, so
# that no part of the gradient vanishes against another.
SMALL = dict(n_positions=64, scale_matrix=0.3, scale_layer_norm=0.1, scale_bias=0.1,
             hops=(4, 3, 4, 3, 3), max_width=3, n_edges=range(9, 17))
FEW_CASES = ("coconut_stage_2", "cot", "no_cot", "pause", "mixed", "mixed_bfs_loss", "every_step")
CONFIGURATIONS = {
    "small_tied": Configuration(n_layer=2, n_head=2, n_embd=16, tied=True, seed=1, **SMALL),
    "small_untied": Configuration(n_layer=3, n_head=4, n_embd=16, tied=False, seed=2,
                                  cases=FEW_CASES, **SMALL),
    "one_layer": Configuration(n_layer=1, n_head=2, n_embd=16, tied=True, seed=3,
                               cases=FEW_CASES, **SMALL),
    "full_size": Configuration(n_layer=2, n_head=8, n_embd=768, n_positions=1024, tied=True,
                               seed=4, scale_matrix=0.04, scale_layer_norm=0.1, scale_bias=0.02,
                               hops=(4, 3, 4, 3, 3), max_width=6, n_edges=range(22, 45),
                               cases=FEW_CASES, whole_gradients=False),
}


def splitmix64(x):
    """Steele, Lea, Flood 2014; `x` an array of uint64, arithmetic modulo 2^64."""
    x = x + numpy.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return x ^ (x >> numpy.uint64(31))


def counters(parameter, size):
    return (numpy.uint64(parameter) << numpy.uint64(32)) + numpy.arange(size, dtype=numpy.uint64)


def weights(configuration, name, parameter, shape):
    """Values of parameter number `parameter`, rounded to float32."""
    bits = splitmix64(counters(parameter, int(numpy.prod(shape)))) >> numpy.uint64(11)
    u = bits.astype(numpy.float64) * 2.0**-52 - 1
    if name.endswith("bias"):
        values = configuration.scale_bias * u
    elif "ln_" in name:
        values = 1 + configuration.scale_layer_norm * u
    else:
        values = configuration.scale_matrix * u
    return values.astype(numpy.float32).reshape(shape)


def short_name(name):
    return name.removeprefix("transformer.")


def make_model(configuration, dtype):
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=problems.VOCAB_SIZE, n_layer=configuration.n_layer,
        n_head=configuration.n_head, n_embd=configuration.n_embd,
        n_positions=configuration.n_positions, tie_word_embeddings=configuration.tied,
        embd_pdrop=0, attn_pdrop=0, resid_pdrop=0, attn_implementation="eager")).to(dtype)
    with torch.no_grad():
        for p, (name, tensor) in enumerate(model.named_parameters()):
            tensor.copy_(torch.from_numpy(weights(configuration, name, p, tuple(tensor.shape))))
    return model.eval()


def hidden_states(model, inputs):
    """States after ln_f [T, C] of input embeddings [T, C] (positions are added inside)."""
    return model.transformer(inputs_embeds=inputs[None], use_cache=False).last_hidden_state[0]


def feed_back_thoughts(model, sequence):
    """Input embeddings [T, C] with every thought in its place, and the thoughts [n_latent, C]."""
    inputs = model.transformer.wte(torch.tensor(sequence.tokens))
    thoughts = []
    for i in range(sequence.n_latent if sequence.feed_back else 0):
        position = sequence.latent_begin + i
        thoughts.append(hidden_states(model, inputs[:position])[-1])
        inputs = torch.cat([inputs[:position], thoughts[-1][None], inputs[position + 1:]])
    return inputs, thoughts


def forward(model, sequence):
    """Logits at the targets [n_targets, V] and the thoughts fed back [n_latent, C]."""
    inputs, thoughts = feed_back_thoughts(model, sequence)
    positions = [position for position, _ in sequence.targets]
    return model.lm_head(hidden_states(model, inputs)[positions]), thoughts


def loss_sum(logits, sequence):
    """Sum over the targets of -log sum_{v in labels} softmax(logits)_v."""
    log_p = torch.log_softmax(logits, dim=-1)
    return sum((-torch.logsumexp(row[labels], dim=0)
                for row, (_, labels) in zip(log_p, sequence.targets) if labels),
               start=torch.zeros((), dtype=logits.dtype))


def n_supervised(sequences):
    return sum(bool(labels) for s in sequences for _, labels in s.targets)


def gradients(model):
    return {short_name(name): tensor.grad.double().numpy().copy()
            for name, tensor in model.named_parameters()}


def evaluate(model, sequences):
    """Values of a batch: logits, thoughts, loss and gradients by name, all as float64 arrays."""
    for tensor in model.parameters():
        tensor.grad = torch.zeros_like(tensor)
    all_logits, all_thoughts, loss = [], [], 0.0
    for sequence in sequences:
        logits, thoughts = forward(model, sequence)
        share = loss_sum(logits, sequence) / n_supervised(sequences)
        share.backward()
        loss += share.item()
        all_logits.append(logits.detach().double().numpy())
        all_thoughts += [thought.detach().double().numpy() for thought in thoughts]
    return {"logits": numpy.concatenate(all_logits),
            "thoughts": numpy.array(all_thoughts),
            "loss": loss, "gradients": gradients(model)}


def relative_error(value, reference):
    return float(numpy.linalg.norm(value - reference) / numpy.linalg.norm(reference))


def deviations(single, double):
    """How far float32 PyTorch is from float64: what to expect of any float32 program."""
    return {
        "f32_logits_max_absolute": float(numpy.abs(single["logits"] - double["logits"]).max()),
        "f32_loss_relative": abs(single["loss"] / double["loss"] - 1),
        "f32_gradient_max_relative": max(
            relative_error(single["gradients"][name], gradient)
            for name, gradient in double["gradients"].items()),
    }


@torch.no_grad()
def decode_greedily(model, prompt):
    """Tokens after a prompt up to <eos>, or DECODED_TOKENS, and the logits [n, V] that each was the
    largest of, with those of <eos>."""
    tokens, rows = list(prompt), []
    while len(rows) < DECODED_TOKENS and (not rows or tokens[-1] != problems.EOS):
        inputs = model.transformer.wte(torch.tensor(tokens))
        rows.append(model.lm_head(hidden_states(model, inputs)[-1]).double().numpy())
        best, second = numpy.sort(rows[-1])[:-3:-1]
        assert best - second > LEAST_MARGIN, "no program could be held to such a choice"
        tokens.append(int(rows[-1].argmax()))
    decoded = tokens[len(prompt):]
    return (decoded[:-1] if decoded[-1] == problems.EOS else decoded), rows


def write_decoded(group, model, sequences):
    decoded = [decode_greedily(model, s.tokens[:s.latent_begin]) for s in sequences]
    for name, values in (("decoded_tokens", [t for tokens, _ in decoded for t in tokens]),
                         ("decoded_lengths", [len(tokens) for tokens, _ in decoded]),
                         ("decoded_rows", [len(rows) for _, rows in decoded])):
        group.create_dataset(name, data=numpy.array(values, dtype=numpy.int32))
    group["decoded_logits"] = numpy.concatenate([rows for _, rows in decoded])


def write_sequences(group, sequences):
    targets = [(i, position, labels) for i, s in enumerate(sequences)
               for position, labels in s.targets]
    integers = {
        "tokens": [token for s in sequences for token in s.tokens],
        "lengths": [len(s.tokens) for s in sequences],
        "latent_begin": [s.latent_begin for s in sequences],
        "n_latent": [s.n_latent for s in sequences],
        "feed_back": [s.feed_back for s in sequences],
        "target_sequence": [i for i, _, _ in targets],
        "target_position": [position for _, position, _ in targets],
        "label_offsets": numpy.cumsum([0] + [len(labels) for _, _, labels in targets]),
        "labels": [label for _, _, labels in targets for label in labels],
    }
    for name, values in integers.items():
        group.create_dataset(name, data=numpy.array(values, dtype=numpy.int32))


def sampled_indices(parameter, gradient):
    """Half the entries are the largest, half are drawn by hash (most often ordinary or zero)."""
    half = SAMPLED_ENTRIES // 2
    largest = numpy.argsort(-numpy.abs(gradient), kind="stable")[:half]
    drawn = splitmix64(counters(parameter, half)) % numpy.uint64(gradient.size)
    return numpy.concatenate([largest, drawn.astype(numpy.int64)])


def write_gradients(group, values, whole):
    compressed = dict(compression="gzip", shuffle=True)
    for p, (name, gradient) in enumerate(values.items()):
        if whole:
            group.create_dataset(f"gradients/{name}", data=gradient, **compressed)
            continue
        flat = gradient.ravel()
        indices = sampled_indices(p, flat)
        sample = group.create_group(f"gradients/{name}")
        sample["indices"] = indices
        sample["values"] = flat[indices]
        sample["norm"] = numpy.linalg.norm(flat)
        sample["sum"] = flat.sum()


def write_case(group, sequences, single, double, whole):
    write_sequences(group, sequences)
    group["logits"] = double["logits"]
    group["loss"] = double["loss"]
    if len(double["thoughts"]):
        group["thoughts"] = double["thoughts"]
    write_gradients(group, double["gradients"], whole)
    group.attrs.update(deviations(single, double))


def write_configuration(name, configuration, checkout):
    given = problems.make_problems(configuration.seed, configuration.hops,
                                   configuration.max_width, configuration.n_edges)
    cases = problems.make_cases(given, seed=1)
    single_model = make_model(configuration, torch.float32)
    double_model = make_model(configuration, torch.float64)
    path = Path(__file__).with_name(f"{name}.h5")
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file.attrs.update(configuration.attributes())
        for case in configuration.cases or cases:
            single, double = (evaluate(m, cases[case]) for m in (single_model, double_model))
            write_case(file.create_group(case), cases[case], single, double,
                       configuration.whole_gradients)
            print(name, case, f"loss {double['loss']:.6f}",
                  *(f"{k} {v:.1e}" for k, v in deviations(single, double).items()), flush=True)
            if case in DECODED_CASES:
                write_decoded(file[case], double_model, cases[case])
            if checkout and published.covers(cases[case]):
                print("  published code:", published.compare(
                    checkout, double_model, cases[case], double, gradients), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CONFIGURATIONS, help="write this file only")
    parser.add_argument("--published", type=Path, metavar="CHECKOUT",
                        help="compare with coconut.py of a checkout of "
                             "github.com/Ber666/emergence-of-superposition")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    h5py.get_config().track_order = True   # readers list groups in the order of writing
    for name in [arguments.only] if arguments.only else CONFIGURATIONS:
        write_configuration(name, CONFIGURATIONS[name], arguments.published)


if __name__ == "__main__":
    main()
