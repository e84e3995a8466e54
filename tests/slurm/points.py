"""Directories of points of a sweep, as `superpose sweep plan` leaves them, for the tests here."""

from small_runs import overrides


def make_point(path, *lines):
    """A point with these lines in its job script."""
    path.mkdir(parents=True)
    write_job(path, *lines)
    return path


def write_job(point, *lines):
    (point / "job.sh").write_text("".join(line + "\n" for line in lines))


def training(launch, directory, settings):
    """A line of a job script; launch: "serial" or "ranks"."""
    words = ["train", "small.toml", "--output.directory", f"'{directory}'", *overrides(settings)]
    return " ".join([launch, *words])


def state_of(point):
    """The fields of the file `state`: state, job, host, time, code."""
    return tuple((point / "state").read_text().split(" "))
