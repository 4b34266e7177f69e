"""Python runs this at its start where tools/offline.py put the folder on PYTHONPATH.

From then on a connection or a look-up that leaves loopback raises in this process, and no
code in it can take that back. Kernels talk to their notebooks over loopback: that stays.
"""

import ipaddress
import sys

HERE = {None, "", "localhost", b"localhost"}


def is_here(host: object) -> bool:
    if host in HERE:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def guard(event: str, arguments: tuple) -> None:
    if not event.startswith("socket."):
        return
    host: object = None
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # None: a socket in the file system
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    if not is_here(host):
        raise PermissionError(f"the book makes no request off the machine; got {event} to {host!r}")


sys.addaudithook(guard)
