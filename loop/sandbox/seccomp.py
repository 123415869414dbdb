"""The system calls that sandboxed code is refused, as a filter for `bwrap --seccomp`.

Limits on memory, files and processes have ways around them (a new user namespace may mount
unlimited memory, anonymous shared memory belongs to no process); these calls are those ways.
"""

import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_NEW_NAMESPACES = 0x7E020000
_CLONE3 = 435

# Per machine: its audit number, the number of clone, and the calls refused with EPERM.
_COMMON = (425, 428, 429, 430, 438, 447)
"""io_uring_setup, open_tree, move_mount, fsopen, pidfd_getfd, memfd_secret."""
_MACHINES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    # ptrace process_vm_readv process_vm_writev kcmp · unshare setns mount umount2 pivot_root ·
    # memfd_create shmget msgget · add_key request_key keyctl · bpf perf_event_open userfaultfd
    "x86_64": (
        0xC000003E,
        56,
        (101, 310, 311, 312, 272, 308, 165, 166, 155, 319, 29, 68, 248, 249, 250, 321, 298, 323),
    ),
    "aarch64": (
        0xC00000B7,
        220,
        (117, 270, 271, 272, 97, 268, 40, 39, 41, 279, 194, 186, 217, 218, 219, 280, 241, 282),
    ),
}


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def build_filter() -> bytes | None:
    """Assemble the filter for this machine.

    Returns:
        A classic BPF program, or None where the machine's call numbers are not known.
    """
    if platform.machine() not in _MACHINES:
        return None
    audit, clone, refused = _MACHINES[platform.machine()]
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, audit, if_true=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        # The x32 calls have the same effects under other numbers.
        _step(_AT_LEAST, 0x40000000, if_false=1),
        _step(_RETURN, _REFUSE),
        # clone3 keeps its flags in memory, where a filter cannot look: libc falls back to clone.
        _step(_EQUAL, _CLONE3, if_false=1),
        _step(_RETURN, _UNKNOWN),
    ]
    for number in (*refused, *_COMMON):
        steps += [_step(_EQUAL, number, if_false=1), _step(_RETURN, _REFUSE)]
    steps += [
        _step(_EQUAL, clone, if_false=3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _NEW_NAMESPACES, if_false=1),
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)
