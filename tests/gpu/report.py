#!/usr/bin/env python3
"""The short table of tests/gpu/measure.sh: what each step came to, and the figures they measured.

    python3 tests/gpu/report.py DIRECTORY

Exit code 1 if a step failed. Steps that left no figures (not run, or failed) have none in the table.
"""

import json
import sys
from pathlib import Path

INTERRUPTED = 75   # superpose train: stopped by --max_time after a checkpoint


def read_json(path):
    """None where a step left nothing, or was stopped while it wrote."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def print_steps(directory):
    """The steps with their exit codes; returns whether all went well."""
    good = True
    for line in (directory / "steps.tsv").read_text().splitlines():
        name, code, seconds = line.split("\t")
        fine = code == "0" or (name == "train" and int(code) == INTERRUPTED)
        outcome = "passed" if code == "0" else "stopped by time" if fine else f"FAILED, code {code}"
        print(f"{name:<12} {outcome:<18} {seconds:>5} s   {directory / name}.log")
        good = good and fine
    return good


def percent(share):
    """None where the limit has not been measured, as of bf16 on a CPU without it."""
    return "-" if share is None else f"{100 * share:.1f} %"


def print_bench(directory, precision):
    bench = read_json(directory / f"bench_{precision}.json")
    if bench is None:
        return
    machine = bench["machine_per_rank"]
    print(f"\n{precision}: matrix rate {machine['matrix_operations_per_second'] / 1e12:.1f} TFLOP/s, "
          f"copy {machine['copy_bytes_per_second'] / 1e12:.2f} TB/s")
    print("latents   step ms   tokens/s   of matrix rate   launches   device MiB")
    for step in bench["steps"]:
        print(f"{step['latents']:7}   {1e3 * step['median_seconds']:7.2f}   "
              f"{step['tokens_per_second']:8.0f}   {percent(step['share_of_matrix_rate']):>14}   "
              f"{step['launches']:8.0f}   {step['device_bytes'] / 2**20:10.0f}")
    print("kernels farthest from their limit:")
    slow = sorted((k for k in bench["kernels"] if k["share_of_limit"]),
                  key=lambda k: k["seconds"] * (1 - min(1, k["share_of_limit"])), reverse=True)
    for kernel in slow[:8]:
        print(f"  {kernel['name']:<28} {kernel['shape']:<24} {1e6 * kernel['seconds']:8.1f} us"
              f"  {percent(kernel['share_of_limit']):>8} of its limit")


def print_training(directory):
    evaluation = read_json(directory / "evaluation.json")
    for result in evaluation["results"] if evaluation else []:
        print(f"\nheld-out answers after the papers' run, {result['latents']} latent tokens: "
              f"{100 * result['accuracy']:.1f} % of {result['n_problems']} right")


def print_published(directory):
    published = read_json(directory / "published.json")
    for row in published["rows"] if published else []:
        print(f"{row['thoughts']} thoughts: published {row['published_precision']} "
              f"{1e3 * row['published_s']:.1f} ms, superpose {row['superpose_precision']} "
              f"{1e3 * row['superpose_s']:.2f} ms, ratio {row['ratio']:.1f}")


def main():
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "steps.tsv").exists():
        sys.exit("usage: report.py DIRECTORY, one that tests/gpu/measure.sh has written")
    directory = Path(sys.argv[1])
    good = print_steps(directory)
    for precision in ("bf16", "f32"):
        print_bench(directory, precision)
    print_training(directory)
    print_published(directory)
    sys.exit(not good)


if __name__ == "__main__":
    main()
