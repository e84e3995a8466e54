"""Fields of protocol buffers on the wire (protobuf.dev, Encoding). A message is the bytes of its
fields one after the other."""

import struct

VARINT, EIGHT_BYTES, LENGTH_FIRST, FOUR_BYTES = 0, 1, 2, 5


def varint(value):
    """Seven bits a byte, the lowest first; a negative number as 64 bits."""
    value &= (1 << 64) - 1
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(content) + bytes([value])


def tag(number, wire_type):
    return varint(number << 3 | wire_type)


def integer(number, value):
    """An integer, a truth or an enumerator."""
    return tag(number, VARINT) + varint(value)


def double(number, value):
    return tag(number, EIGHT_BYTES) + struct.pack("<d", value)


def single(number, value):
    return tag(number, FOUR_BYTES) + struct.pack("<f", value)


def message(number, content):
    """A message within another, bytes, or a text."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return tag(number, LENGTH_FIRST) + varint(len(content)) + content
