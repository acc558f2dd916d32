"""What the benchmarks share: timing of child processes, and the CPU time that others took."""
import os
import resource
import statistics
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def _busy():
    """CPU seconds that the whole machine has spent working, and that this process tree has."""
    with open("/proc/stat") as file:
        t = [int(v) for v in file.readline().split()[1:9]]
    busy = sum(t) - t[3] - t[4]
    own = sum(sum(resource.getrusage(w)[:2]) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return busy / TICK, own


class Foreign:
    """Share of the machine that processes other than ours (and `others`, by id) used."""

    def __init__(self, others=()):
        self.others = others
        self.start = (time.monotonic(), *_busy(), self._children())

    def _children(self):
        total = 0.0
        for pid in self.others:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        return total

    def share(self):
        wall, busy, own, children = self.start
        now_busy, now_own = _busy()
        used = (now_busy - busy) - (now_own - own) - (self._children() - children)
        return max(0.0, used / ((time.monotonic() - wall) * os.cpu_count()))


# A process counts the peak memory of the one that started it as its own, so a small one starts it.
LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(command):
    """Wall seconds, CPU seconds and peak resident MB of a command; stops when it fails."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", LAUNCHER, *map(str, command)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return tuple(float(v) for v in done.stdout.split())


def median(values):
    return statistics.median(values)


def say(text):
    print(text, flush=True)
