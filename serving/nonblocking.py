"""Reads and writes of sockets that do not wait, and so keep Python's lock.

Python's own let other threads run meanwhile, whether they wait or not, and a thread that shares
Python with busy ones gets its next turn milliseconds later. What takes some microseconds is better
done at once.
"""

from __future__ import annotations

import ctypes
import os
import socket

_libc = ctypes.PyDLL(None, use_errno=True)
for _name in ("recv", "send"):
    _function = getattr(_libc, _name)
    _function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
    _function.restype = ctypes.c_ssize_t


def receive(sock: socket.socket, size: int, flags: int = 0) -> bytes:
    """Reads what is there, as `socket.recv` does, but never waits, whatever the socket's timeout.

    Args:
        sock: A connected socket without TLS.
        size: Bytes, at most.
        flags: Such as `socket.MSG_PEEK`.

    Returns:
        Some bytes; none where the other side has closed.

    Raises:
        BlockingIOError: There is nothing yet.
        OSError: The connection is broken.
    """
    buffer = ctypes.create_string_buffer(size)
    count = _checked(_libc.recv(sock.fileno(), buffer, size, flags | socket.MSG_DONTWAIT))
    return ctypes.string_at(buffer, count)


def send(sock: socket.socket, data: bytes) -> int:
    """Writes what there is room for, as `socket.send` does.

    Args:
        sock: A connected socket without TLS.
        data: What to write.

    Returns:
        How many bytes were written.

    Raises:
        BlockingIOError: There is no room now.
        OSError: The connection is broken.
    """
    return _checked(_libc.send(sock.fileno(), data, len(data), socket.MSG_DONTWAIT))


def _checked(count: int) -> int:
    if count < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return count
