"""Export to files of our own making, a few for each run."""

import contextlib
import os


class FileExporter:
    """Exports runs to the files that files_of(run) makes: {path within the folder: bytes}.
    path_of(run): what stands for the run there, a file or a folder."""

    def __init__(self, outputs, path_of, files_of):
        self.outputs, self.path_of, self.files_of = outputs, path_of, files_of

    def present(self, run):
        path = self.outputs.folder / self.path_of(run)
        return path if os.path.lexists(path) else None

    def write(self, run):
        for path, content in self.files_of(run).items():
            self.outputs.write(self.outputs.folder / path, content)
        return self.outputs.folder / self.path_of(run)


def file_exporter(outputs, path_of, files_of):
    return contextlib.nullcontext(FileExporter(outputs, path_of, files_of))
