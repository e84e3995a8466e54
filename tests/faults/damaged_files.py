"""Ways to damage the files of a run, and to seal a checkpoint again (io/FORMAT.md, the seal): what a
writer with a defect would leave, for the checks behind the seal."""

import random
import shutil

import h5py
import xxhash

SEAL_BYTES = 128


def flip_a_bit(path):
    bits = 8 * path.stat().st_size
    place = random.randrange(bits)
    with open(path, "r+b") as file:
        file.seek(place // 8)
        byte = file.read(1)[0]
        file.seek(place // 8)
        file.write(bytes([byte ^ (1 << place % 8)]))
    return f"bit {place} of {bits}"


def cut_off(path):
    length = random.randrange(path.stat().st_size)
    with open(path, "r+b") as file:
        file.truncate(length)
    return f"cut to {length} bytes"


def edit_and_seal(source, path, edit, step):
    """`path` becomes a copy of the checkpoint, changed by edit(h5py.File), with a seal that matches."""
    shutil.copy(source, path)
    with h5py.File(path, "r+") as file:
        edit(file)
    contents = path.read_bytes()
    end = contents.rfind(b"superpose seal ")  # h5py may have left the old one
    contents = contents if end < 0 else contents[:end]
    words = f"superpose seal 1 bytes={len(contents)} step={step} score=nan ".encode()
    checksum = xxhash.xxh3_64_hexdigest(contents + words, seed=0)
    path.write_bytes(contents + (words + f"xxh3_64={checksum}".encode()).ljust(SEAL_BYTES - 1) +
                     b"\n")
