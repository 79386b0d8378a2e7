"""Walls around somebody's code that the kernel keeps, on Linux: whoever has given up a right cannot take it back.

An audit hook lies in the same memory as the code that it watches, and whoever looks for it finds it.  Two walls lie
outside.  Landlock: nothing is written but in one folder, and nothing that is hidden is read.  A filter of system calls:
no processes, no signals, no other limits, no sockets, and nobody's files become somebody else's.  They hold for
whatever asks, also for a library in C, and for every thread that begins later.

This runs in the process that is to be shut in, `worker`, which imports it by its own name: it imports nothing of ours.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable, Iterator, Sequence

# What Landlock can refuse, from <linux/landlock.h>; later versions know more.
EXECUTE, WRITE, READ = 1 << 0, 1 << 1, 1 << 2
REMOVE, MAKE = 1 << 4 | 1 << 5, 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12
DEVICES = 1 << 6 | 1 << 11
MOVE, TRUNCATE, IOCTL = 1 << 13, 1 << 14, 1 << 15  # since its versions 2, 3 and 5
NETWORK, SCOPES = 1 << 0 | 1 << 1, 1 << 0 | 1 << 1  # since 4 and 6: ports; signals, and sockets without a name

# The system calls that are refused, by machine: the names in <asm/unistd.h>, in the same order.
NUMBERS = {"x86_64": 0, "aarch64": 1}
ARCHITECTURE = (0xC000003E, 0xC00000B7)
REFUSED = """
    fork 57 -        vfork 58 -        execve 59 221    execveat 322 281   tkill 200 130      rt_sigqueueinfo 129 138
    rt_tgsigqueueinfo 297 240          pidfd_send_signal 424 424           pidfd_getfd 438 438
    ptrace 101 117   process_vm_readv 310 270           process_vm_writev 311 271             process_madvise 440 440
    socket 41 198    setrlimit 160 164 setpriority 141 140                 ioprio_set 251 30  move_pages 279 239
    sched_setaffinity 203 122          sched_setscheduler 144 119          sched_setparam 142 118
    sched_setattr 314 274              migrate_pages 256 238               mount 165 40       umount2 166 39
    unshare 272 97   setns 308 268     chroot 161 51    pivot_root 155 41  chmod 90 -         fchmod 91 52
    fchmodat 268 53  fchmodat2 452 452 chown 92 -       lchown 94 -        fchown 93 55       fchownat 260 54
    utime 132 -      utimes 235 -      futimesat 261 -  utimensat 280 88   setxattr 188 5     lsetxattr 189 6
    fsetxattr 190 7  removexattr 197 14                 lremovexattr 198 15                   fremovexattr 199 16
    bpf 321 280      keyctl 250 219    add_key 248 217  request_key 249 218                   perf_event_open 298 241
    io_uring_setup 425 425             userfaultfd 323 282                 open_by_handle_at 304 265
    settimeofday 164 170               clock_settime 227 112               sethostname 170 161
    setdomainname 171 162              reboot 169 142   init_module 175 105                   finit_module 313 273
    kexec_load 246 104                 acct 163 89      swapon 167 224     swapoff 168 225    shmget 29 194
    msgget 68 186    semget 64 190     syslog 103 116
"""
CLONE, CLONE3, KILL, TGKILL, PRLIMIT, IOCTLS = (56, 220), (435, 435), (62, 129), (234, 131), (302, 261), (16, 29)
THREAD, X32 = 0x10000, 0x40000000  # the flag of a thread; where a second numbering begins
ASKING = 0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451  # is it a terminal, how wide, how much is there; how it blocks

# What a filter is made of, from <linux/bpf_common.h> and <linux/seccomp.h>.
LOAD, EQUAL, ABOVE, HAS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def confine(folder: str, hidden: Sequence[str], others: str, private: Sequence[str] = (),
            needed: Sequence[str] = ()) -> list[str]:  # fmt: skip
    """Shut this process in, for good: it writes in `folder` alone, and reads neither what is `hidden` nor any path
    that begins with `others`, but for the folder, and of what is `private` only what is `needed`.  Returns which walls
    stand now; none, where the kernel has none.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS, without which neither is allowed
        return []
    walls: dict[str, Callable[[], bool]] = {
        "files": lambda: _landlock(libc, folder, [*_readable(hidden, others, private, needed)]),
        "system calls": lambda: _seccomp(libc),
    }
    return [name for name, build in walls.items() if build()]


def unhidden(place: str, hidden: Sequence[str], others: str) -> Iterator[str]:
    """The largest folders and files, from `place` on, in which nothing lies that may not be read."""
    if place in hidden or place.startswith(others):
        return
    inside = place.rstrip("/") + "/"
    if not any(path.startswith(inside) for path in (*hidden, others)):
        yield place
        return
    try:
        entries = [entry.path for entry in os.scandir(place) if not entry.is_symlink()]
    except OSError:
        return
    for path in entries:
        yield from unhidden(path, hidden, others)


def _readable(hidden: Sequence[str], others: str, private: Sequence[str], needed: Sequence[str]) -> Iterator[str]:
    yield from unhidden("/", [*hidden, *private], others)
    for place in needed:
        yield from unhidden(place, hidden, others)


def _landlock(libc: ctypes.CDLL, folder: str, readable: Sequence[str]) -> bool:
    """Whether files are walled off: what no rule allows is refused from now on."""

    def call(number: int, *args: object) -> int:
        return int(libc.syscall(ctypes.c_long(number), *args))

    version = call(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    later = (MOVE, 2), (TRUNCATE, 3), (IOCTL, 5)
    all_rights = EXECUTE | WRITE | READ | REMOVE | MAKE | DEVICES | sum(bit for bit, since in later if version >= since)
    asked = struct.pack("=QQQ", all_rights, NETWORK if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = call(444, asked[:size], ctypes.c_size_t(size), ctypes.c_uint32(0))
    if rules < 0:
        return False

    def allow(path: str, rights: int) -> None:
        try:
            there = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # gone since
            return
        call(445, ctypes.c_int(rules), ctypes.c_int(1), struct.pack("=Qi", rights, there), ctypes.c_uint32(0))
        os.close(there)

    try:
        for path in readable:
            allow(path, READ)
        allow(folder, all_rights & ~(EXECUTE | DEVICES | IOCTL))
        allow(os.devnull, all_rights & (READ | WRITE | TRUNCATE))
        return call(446, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    finally:
        os.close(rules)


def _seccomp(libc: ctypes.CDLL) -> bool:
    """Whether system calls are walled off."""
    which = NUMBERS.get(platform.machine())
    if which is None or sys.byteorder != "little" or sys.maxsize < 2**32:
        return False
    code = b"".join(struct.pack("=HBBI", *step) for step in _filter(which))
    steps = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    program = Program(len(code) // 8, ctypes.addressof(steps))
    return bool(libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0)  # PR_SET_SECCOMP, by a filter


def _filter(which: int) -> Iterator[tuple[int, int, int, int]]:
    """The steps of the filter: what is done, how many steps on if so, and if not, with which number."""
    no = RETURN, 0, 0, REFUSE | errno.EPERM
    yes = RETURN, 0, 0, ALLOW

    def argument(k: int, half: int = 0) -> tuple[int, int, int, int]:
        return LOAD, 0, 0, 16 + 8 * k + 4 * half

    yield from [(LOAD, 0, 0, 4), (EQUAL, 1, 0, ARCHITECTURE[which]), no]
    yield from [(LOAD, 0, 0, 0), (ABOVE, 0, 1, X32), no]
    words = REFUSED.split()
    for number in words[1 + which :: 3]:
        if number != "-":
            yield from [(EQUAL, 0, 1, int(number)), no]
    yield from [(EQUAL, 0, 1, CLONE3[which]), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]  # it goes on with clone
    yield from [(EQUAL, 0, 4, CLONE[which]), argument(0), (HAS, 1, 0, THREAD), no, yes]
    for own in (KILL, TGKILL):
        yield from [(EQUAL, 0, 4, own[which]), argument(0), (EQUAL, 1, 0, os.getpid()), no, yes]
    yield from [(EQUAL, 0, 6, PRLIMIT[which]), argument(2), (EQUAL, 0, 2, 0), argument(2, 1), (EQUAL, 1, 0, 0), no, yes]
    yield from [(EQUAL, 0, len(ASKING) + 3, IOCTLS[which]), argument(1)]
    yield from [(EQUAL, len(ASKING) - i, 0, k) for i, k in enumerate(ASKING)]
    yield from [no, yes, yes]
