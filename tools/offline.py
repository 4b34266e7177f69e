"""Run a command without a network: `python tools/offline.py COMMAND ...`.

Two guards, for no one of them covers all:

- Where the kernel allows it (Linux, as root or with user namespaces), the command runs in a
  network namespace that holds loopback alone. That covers every process it starts and every
  language, TensorFlow's C++ too.
- Everywhere, each Python process it starts runs `tools/guard/sitecustomize.py`, by which a
  connection or a look-up that leaves loopback raises and says so. Code that opens sockets
  outside Python passes this one by, as does a Python started with -I or -S.
"""

import ctypes
import fcntl
import os
import socket  # noqa: TID251 - to bring loopback up in the new network
import struct
import sys
from pathlib import Path

GUARD = Path(__file__).resolve().parent / "guard"
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # <sched.h>
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # <linux/sockios.h>, <net/if.h>


def leave_the_network() -> bool:
    """Move this process into a network of its own; False or an OSError where that is not allowed."""
    user, group = os.geteuid(), os.getegid()
    unshare = getattr(ctypes.CDLL(None), "unshare", None)  # os.unshare comes with Python 3.12
    if unshare is None:
        return False
    if unshare(CLONE_NEWNET) != 0:
        if unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket() as any_socket:  # a new network begins with loopback down
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    return True


def may_leave() -> bool:
    """Try in a child: what is refused half-way would leave this process without loopback."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if leave_the_network() else 1)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    alone = sys.platform == "linux" and may_leave() and leave_the_network()
    how = "in a network of its own" if alone else "with Python's sockets guarded"
    print(f"offline: {how}", flush=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH")]))
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
