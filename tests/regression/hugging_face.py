"""Folders of Hugging Face's transformers, read and written without it."""

import json
import struct

import h5py
import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "F64": np.float64, "U8": np.uint8,
         "I64": np.int64}


def read_header(content):
    length, = struct.unpack("<Q", content[:8])
    return json.loads(content[8:8 + length]), 8 + length


def read_safetensors(path):
    """{name: values}, and the metadata."""
    content = path.read_bytes()
    header, data = read_header(content)
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, info in header.items():
        begin, end = (data + place for place in info["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], TYPES[info["dtype"]]).reshape(info["shape"])
    return tensors, metadata


def type_name(values):
    return next(name for name, kind in TYPES.items() if values.dtype == kind)


def header_of(tensors):
    """The header of these tensors, one after the other."""
    header, end = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": type_name(values), "shape": list(values.shape),
                        "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
    return header


def file_of(header, data):
    """A safetensors file of this header, be it an object or a text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors(path, tensors):
    path.write_bytes(file_of(header_of(tensors), b"".join(v.tobytes() for v in tensors.values())))


def parameters(checkpoint):
    """Of a checkpoint, under GPT2LMHeadModel's names."""
    with h5py.File(checkpoint) as file:
        return {name if name == "lm_head.weight" else f"transformer.{name}": data[()]
                for name, data in file["parameters"].items()}
