"""The rule for files that a command writes (jobs/README.md, Output files): beside their name and
renamed when they are whole; what is there is replaced only if the same command wrote it from the
same inputs, or with --force; an input never."""

import hashlib
import json
import os
import socket
from pathlib import Path

from .hdf5 import Failure, UsageError

MAKER = "superpose_offline"
READ = {".h5", ".json"}  # what commands read from the directories they are given


def paths_in(values):
    """All paths among the values of arguments, those in lists too."""
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from paths_in(value)


class Outputs:
    """Where a command writes, and what it may replace. `mark` is to be in every file: by it a later
    call knows its own."""

    def __init__(self, folder, command, inputs, force):
        self.folder, self.inputs, self.force = folder, inputs, force
        words = b"\0".join([command.encode(), *(os.fsencode(path) for path in inputs)])
        self.mark = f"{MAKER} {hashlib.sha256(words).hexdigest()[:16]}"

    def write(self, path, contents):
        """The bytes, under this name or that of the file it links to."""
        self.require_replaceable(path)
        path = Path(os.path.realpath(path))
        temporary = path.with_name(f"{path.name}.{socket.gethostname()}.{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            self._write_new(temporary, contents)
            temporary.replace(path)
        except OSError as error:
            raise Failure(f"cannot write {path} ({error.strerror}); choose another "
                          "--output") from error

    def _write_new(self, temporary, contents):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with open(os.open(temporary, flags, 0o666), "wb") as file:
                file.write(contents)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def require_replaceable(self, path):
        if not path.exists():
            return
        if not path.is_file():
            raise UsageError(f"{path} is there and no file; name another --output")
        if self._is_input(path):
            raise UsageError(f"{path} is what this command reads (it would be lost); name another "
                             "--output")
        if not self.force and self.mark.encode() not in path.read_bytes():
            raise UsageError(f"{path} is there and would be lost (this command did not write it "
                             "from these inputs); name another --output, or add --force")

    def _is_input(self, path):
        return any(path.samefile(given) or
                   (given.is_dir() and path.suffix in READ and path.parent.samefile(given))
                   for given in self.inputs if given.exists())


def write_json(outputs, name, document):
    """A JSON file in the folder of the outputs; it says by what mark it was written."""
    text = json.dumps({**document, "written_by": outputs.mark}, indent=1)
    outputs.write(outputs.folder / name, text.encode() + b"\n")
    print(outputs.folder / name)
