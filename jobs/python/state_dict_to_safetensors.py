#!/usr/bin/env python3
"""Converts a PyTorch state dict to a safetensors file, which `superpose import` reads.

usage: state_dict_to_safetensors.py STATE_DICT OUT.safetensors [--force]

STATE_DICT is what torch.save wrote of model.state_dict(), as the published code does. Names and values
stay as they are. It is loaded with weights_only: nothing in it is run. Takes the package torch.
Exit codes: 0 done, 2 usage or torch is missing, 4 no state dict, 5 a file cannot be read or written.
"""

import argparse
import json
import os
import pickle
import struct
import sys
from pathlib import Path

# Names of torch's types in the format.
TYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64",
         "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL"}


class Failure(Exception):
    def __init__(self, exit_code, message):
        super().__init__(message)
        self.exit_code = exit_code


def load(path):
    """{name: tensor} of a file that torch.save wrote."""
    try:
        import torch
    except ImportError as error:
        raise Failure(2, f"the package torch is missing ({error}); pip install torch") from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise Failure(5, f"cannot read {path} ({error})") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise Failure(4, f"{path} cannot be loaded as weights alone ({error})") from error
    if not isinstance(state, dict) or not state:
        raise Failure(4, f"{path} is no state dict (it holds a {type(state).__name__})")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise Failure(4, f"{path} is no state dict (under {name!r} it has a "
                             f"{type(value).__name__}); save model.state_dict() alone")
    return state


def type_name(name, tensor):
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in TYPES:
        raise Failure(4, f"tensor {name} is {kind}, which the format has no name for")
    return TYPES[kind]


def bytes_of(tensor):
    """Row-major, little-endian on the machines that torch runs on."""
    import torch
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def safetensors(state):
    """The parts of the file."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in state.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": type_name(name, tensor), "shape": list(tensor.shape),
                        "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield struct.pack("<Q", len(text)) + text
    for tensor in state.values():
        yield bytes_of(tensor)


def write(path, parts):
    """The file is whole or not there."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(temporary, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise Failure(5, f"cannot write {path} ({error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def convert(arguments):
    if arguments.output.exists() and not arguments.force:
        raise Failure(2, f"{arguments.output} is there and would be lost; name another output, or "
                         "add --force")
    if arguments.output.exists() and arguments.output.samefile(arguments.state_dict):
        raise Failure(2, f"{arguments.output} is what this command reads; name another output")
    state = load(arguments.state_dict)
    write(arguments.output, safetensors(state))
    print(f"{arguments.output}: {len(state)} tensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state_dict", type=Path, metavar="STATE_DICT")
    parser.add_argument("output", type=Path, metavar="OUT.safetensors")
    parser.add_argument("--force", action="store_true", help="replace what is there")
    try:
        convert(parser.parse_args())
    except Failure as failure:
        print(f"state_dict_to_safetensors.py: error: {failure}", file=sys.stderr)
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
