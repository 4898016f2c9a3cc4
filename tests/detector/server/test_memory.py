import platform
import subprocess
import sys

import pytest

ALLOCATE = """
import ctypes, sys, threading
from detector.server.memory import bound_memory_pools
if sys.argv[1] == "bounded":
    bound_memory_pools()
barrier = threading.Barrier(9)
def hold():
    kept = [bytes(50_000) for _ in range(20)]
    barrier.wait()
    barrier.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
barrier.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
barrier.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this system's allocator has no such pools")
def test_threads_share_two_pools_of_memory(tmp_path):
    pools = {}
    for how in ("default", "bounded"):
        subprocess.run([sys.executable, "-c", ALLOCATE, how, tmp_path / how], check=True)
        pools[how] = (tmp_path / how).read_text().count("<heap nr=")
    assert pools["bounded"] <= 2 < pools["default"]
