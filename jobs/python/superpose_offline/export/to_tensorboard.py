"""TensorBoard: a folder a run with one event file, written without any library: the format is a few
kinds of messages, and the machines where runs are trained often have no internet.

Sources: event.proto, summary.proto and tensor.proto of TensorFlow and hparams/plugin_data.proto of
TensorBoard for the numbers of the fields; TFRecord for the framing; RFC 3720, appendix B.4, for
CRC-32C.
"""

import json
import struct

from .files import file_exporter
from .protobuf import double, integer, message, single

FILE_NAME = "events.out.tfevents.superpose"  # TensorBoard looks for "tfevents"
DT_STRING, DATA_CLASS_TENSOR = 7, 2
STATUS_SUCCESS = 1
NUMBER, TEXT, TRUTH = 2, 3, 4  # fields of google.protobuf.Value


# --- Framing -------------------------------------------------------------------------------------

def crc_table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)  # Castagnoli's polynomial, reflected
        yield byte


CRC_TABLE = tuple(crc_table())


def crc32c(content):
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked_crc(content):
    """Rotated and shifted, so that the checksum of bytes that hold a checksum is a sound one."""
    crc = crc32c(content)
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)


def record(content):
    length = struct.pack("<Q", len(content))
    return length + masked_crc(length) + content + masked_crc(content)


# --- Messages ------------------------------------------------------------------------------------

def event(time, step, *values):
    """values: of a summary."""
    return double(1, time) + integer(2, step) + message(5, b"".join(message(1, v) for v in values))


def scalar(tag, value):
    return message(1, tag) + single(2, value)


def of_plugin(tag, plugin, content=b"", data_class=0, tensor=b""):
    """A value that a plugin of TensorBoard shows."""
    metadata = message(1, message(1, plugin) + message(2, content)) + integer(4, data_class)
    return message(1, tag) + message(9, metadata) + message(8, tensor)


def text(tag, content):
    """A page of Markdown."""
    tensor = integer(1, DT_STRING) + message(2, b"") + message(8, content)
    return of_plugin(tag, "text", data_class=DATA_CLASS_TENSOR, tensor=tensor)


def setting(value):
    """google.protobuf.Value"""
    if isinstance(value, bool):
        return integer(TRUTH, int(value))
    if isinstance(value, (int, float)):
        return double(NUMBER, value)
    return message(TEXT, str(value))


def hyper_parameters(run):
    """The values that begin and end a session of the plugin hparams."""
    settings = b"".join(message(1, message(1, name) + message(2, setting(value)))
                        for name, value in run.settings().items())
    begin = message(3, settings + message(4, run.title) + double(5, run.created))
    end = message(4, integer(1, STATUS_SUCCESS) + double(2, run.end))
    null = integer(1, 1) + message(2, b"") + message(5, struct.pack("<f", 0))  # a scalar 0
    return [of_plugin(f"_hparams_/session_{part}_info", "hparams", content, tensor=null)
            for part, content in (("start", begin), ("end", end))]


def provenance(run):
    """A Markdown table would break at a `|`."""
    lines = [f"    {name} = {json.dumps(value)}" for name, value in run.provenance.items()]
    return text("provenance", "\n".join(lines))


# --- Files ---------------------------------------------------------------------------------------

def events(run):
    """In the order of steps."""
    yield double(1, run.created) + message(3, "brain.Event:2")
    yield event(run.created, 0, provenance(run), *hyper_parameters(run))
    rows = [row for table in run.tables for row in table.measurements()]
    for step, time, values in sorted(rows, key=lambda row: row[0]):
        yield event(time, step, *(scalar(*item) for item in values.items()))


def path_of(run):
    return f"{run.name}/{FILE_NAME}"


def files_of(run):
    return {path_of(run): b"".join(record(content) for content in events(run))}


def exporter(outputs):
    return file_exporter(outputs, lambda run: run.name, files_of)
