import platform
import re
import subprocess
import sys

import pytest

ALLOCATE = """
import ctypes, sys, threading
from web.memory import bound_memory_pools
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
bytes(8_000_000)
large = bytes(8_000_000)
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
barrier.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this system's allocator has no such pools")
def test_threads_share_two_pools_and_large_things_lie_apart(tmp_path):
    pools, apart = {}, {}
    for how in ("default", "bounded"):
        subprocess.run([sys.executable, "-c", ALLOCATE, how, tmp_path / how], check=True)
        text = (tmp_path / how).read_text()
        pools[how] = text.count("<heap nr=")
        apart[how] = int(re.search(r'type="mmap" count="\d+" size="(\d+)"', text)[1])
    assert pools["bounded"] <= 2 < pools["default"]
    assert apart["default"] < 8_000_000 < apart["bounded"]
