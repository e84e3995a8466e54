"""Each dataset and attribute of a checkpoint is dropped or changed. Usage: see scenario.py."""

import random
import shutil

import h5py
import numpy as np

import scenario
from damaged_files import edit_and_seal

SETTINGS = {"train.epochs": 1}


def names_of(checkpoint):
    """Datasets, and attributes as (object, name)."""
    datasets, attributes = [], []

    def visit(name, item):
        attributes.extend((name, attribute) for attribute in item.attrs)
        if isinstance(item, h5py.Dataset):
            datasets.append(name)

    with h5py.File(checkpoint) as file:
        attributes.extend(("/", attribute) for attribute in file.attrs)
        file.visititems(visit)
    return datasets, attributes


def of_superpose(attribute):
    """Those that HDF5 writes to name dimensions hold references, which have no other value."""
    return attribute not in ("DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME")


def is_dimension(name):
    """Without values: only its extent means something."""
    return "/" not in name


def changed(value):
    if isinstance(value, str):
        return value + "x"
    return type(value)(value + 1)


def words_for(item, attribute):
    """How a message may name an attribute of an object: a checksum by its dataset, one of the seeds
    as the seeds."""
    if item != "/" and attribute == "xxh3_64":
        return [item]
    words = {"seed": ["seeds"], "data": ["holds other problems", "data hashes"],
             "library": ["libraries"], "file_type": ["superpose_checkpoint file"],
             "format_version": ["superpose_checkpoint file"]}
    return [attribute, attribute.replace("_", " "),
            *(word for start, some in words.items() if attribute.startswith(start) for word in some)]


class Changes(scenario.Scenario):
    asked = "each dataset and attribute dropped or changed: refused by name, or diff shows it"

    def trials(self):
        self.undisturbed(SETTINGS)
        self.original = self.checkpoints("undisturbed")[-1]
        with h5py.File(self.original) as file:
            self.step = int(file.attrs["step"])
        datasets, attributes = names_of(self.original)
        attributes = [(item, name) for item, name in attributes if of_superpose(name)]
        tensors = [name for name in datasets if not is_dimension(name)]
        for kind, names, trial in (("dropped", tensors, self.drop_dataset),
                                   ("changed", tensors, self.change_dataset),
                                   ("dropped", attributes, self.drop_attribute),
                                   ("changed", attributes, self.change_attribute)):
            for name in random.sample(names, 4) if self.short else names:
                yield f"{kind} {name}", lambda name=name, trial=trial: trial(name)

    def drop_dataset(self, name):
        self.assert_refused_or_shown(lambda file: file.__delitem__(name), [name])

    def change_dataset(self, name):
        def edit(file):
            values = file[name][...]
            values.flat[values.size // 2] = np.float32(values.flat[values.size // 2] + 1)
            file[name][...] = values

        self.assert_refused_or_shown(edit, [name])

    def drop_attribute(self, place):
        item, name = place
        self.assert_refused_or_shown(lambda file: file[item].attrs.__delitem__(name),
                                     words_for(item, name))

    def change_attribute(self, place):
        item, name = place
        self.assert_refused_or_shown(
            lambda file: file[item].attrs.modify(name, changed(file[item].attrs[name])),
            words_for(item, name))

    def assert_refused_or_shown(self, edit, words):
        """One of the words has to be there. As the only checkpoint of a run, sealed as if it had been written so."""
        directory = self.path / "edited"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        path = directory / self.original.name
        edit_and_seal(self.original, path, edit, self.step)
        shown = self.run_program("diff", self.original, path)
        result = self.run_job("edited", SETTINGS)
        if result.returncode == 0:
            said = shown.stdout + shown.stderr
        else:
            self.assertIn(result.returncode, (2, 4), result.stderr)
            self.assertIn("superpose: error", result.stderr)
            said = result.stderr
        self.assertTrue(any(word in said for word in words), f"none of {words} in\n{said}")


if __name__ == "__main__":
    scenario.main(Changes)
