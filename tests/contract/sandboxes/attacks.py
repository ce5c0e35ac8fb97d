"""What a hostile program tries, by sandbox and language, and what must be true afterwards.

``python -m tests.contract.sandboxes.attacks`` carries all of them out as whoever runs it and writes
what came of each as JSON; the test beside it looks at that, and at the host.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from kapell.adapters.sandbox.bubblewrap.sandbox import Bubblewrap
from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.kit.errors import KapellError
from kapell.services.sandbox.ports import (
    Language,
    Outcome,
    Program,
    Sandbox,
    SandboxLimits,
    Unfit,
)

LIMITS = SandboxLimits(seconds=2.5, memory=192 << 20, processes=24, output=100_000, disk=8 << 20)


@dataclass(frozen=True)
class Attack:
    """A program, and what must be true of what came of it."""

    sandbox: str
    language: Language
    name: str
    source: str
    held: Callable[[Outcome], bool]

    @property
    def id(self) -> str:
        """Return a name for reports."""
        return f"{self.sandbox}-{self.language}-{self.name}"


def failed(execution: Outcome) -> bool:
    """The program failed and gave nothing."""
    return not execution.ok and execution.result is None


def ended(*limits: str) -> Callable[[Outcome], bool]:
    """One of the limits ended it, or it failed by itself for want of what it used up."""
    return lambda execution: execution.limit in limits and not execution.changed


def gave(value: object) -> Callable[[Outcome], bool]:
    """It ended well, and found exactly this."""
    return lambda execution: execution.ok and execution.result == value


def contained(execution: Outcome) -> bool:
    """It ended somehow: failing, by a limit, or by ending its own sandbox."""
    return execution.result is None and not execution.changed


def anything(execution: Outcome) -> bool:
    """It may lie about itself; what such a lie reaches is a test of the tools."""
    del execution
    return True


# Tries each line by itself and gives the names of those that worked.
TRY = """
worked = []
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
    except BaseException:
        continue
    worked.append(name)
worked
"""

PYTHON = {
    "read-host": (
        "import os\n"
        "NAMES = ['/etc/passwd', '/etc/shadow', '/etc/hosts', '/root', '/home', '/var/log', "
        "'/tmp/kapell-canary', '/proc/1/root/etc/passwd', '/proc/self/root/etc/passwd', '/sys']\n"
        "ATTEMPTS = {n: (lambda n=n: os.stat(n)) for n in NAMES}\n" + TRY,
        gave([]),
    ),
    "environment": (
        "import os\n"
        "seen = dict(os.environ)\n"
        "for pid in os.listdir('/proc'):\n"
        "    if pid.isdigit():\n"
        "        try: seen.update({pid: open(f'/proc/{pid}/environ').read()})\n"
        "        except OSError: pass\n"
        "['CANARY' in str(seen), 'secret' in str(seen)]",
        gave([False, False]),
    ),
    "network": (
        "import socket\n"
        "def tcp(): socket.create_connection(('127.0.0.1', input['port']), 1)\n"
        "def out(): socket.create_connection(('1.1.1.1', 53), 1)\n"
        "def udp():\n"
        "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "    s.connect(('8.8.8.8', 53)); s.send(b'x')\n"
        "def dns(): socket.getaddrinfo('example.org', 80)\n"
        "def unix(): socket.socket(socket.AF_UNIX).connect('\\0kapell-canary-%d' % input['port'])\n"
        "def raw(): socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\n"
        "def link(): socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        "ATTEMPTS = dict(tcp=tcp, out=out, udp=udp, dns=dns, unix=unix, raw=raw, link=link)\n"
        + TRY,
        gave([]),
    ),
    "fork-bomb": (
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        contained,
    ),
    "fork-count": (
        "import os, time\n"
        "made = 0\n"
        "for n in range(500):\n"
        "    try: child = os.fork()\n"
        "    except OSError: break\n"
        "    if child == 0: time.sleep(60)\n"
        "    made += 1\n"
        "made <= 24",
        gave(True),
    ),
    "thread-bomb": (
        "import threading, time\n"
        "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        contained,
    ),
    "memory-one": ("x = bytearray(1 << 30)", ended("memory")),
    "memory-slow": ("x = []\nwhile True: x.append(bytes(1 << 20))", ended("memory")),
    "memory-many": (
        "import os, time\n"
        "for n in range(8): os.fork()\n"
        "x = bytearray(b'x' * (100 << 20))\n"
        "time.sleep(60)",
        contained,
    ),
    "memory-shared": (
        "import mmap, os, time\n"
        "while True:\n"
        "    m = mmap.mmap(-1, 100 << 20)\n"
        "    for at in range(0, 100 << 20, 4096): m[at] = 1\n"
        "    if os.fork(): time.sleep(60)",
        contained,
    ),
    "memory-files": (
        "import os\n"
        "n = 0\n"
        "for where in ('/dev/shm', '/tmp', '/work'):\n"
        "    try:\n"
        "        while True:\n"
        "            n += 1\n"
        "            open(f'{where}/f{n}', 'wb').write(bytes(1 << 20))\n"
        "    except OSError: pass\n"
        "    for f in os.listdir(where): os.unlink(where + '/' + f)\n"
        "n < 50",
        gave(True),
    ),
    "output-flood": ("import os\nwhile True: os.write(1, b'x' * 65536)", ended("output")),
    "error-flood": ("import os\nwhile True: os.write(2, b'x' * 65536)", ended("output")),
    "endless-loop": (
        "import signal\n"
        "for n in range(1, 32):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True: pass",
        ended("time"),
    ),
    "sleep": ("import time\ntime.sleep(600)", ended("time")),
    "daemon": (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(600)\n"
        "    os._exit(0)\n"
        "'left'",
        gave("left"),
    ),
    "write-outside": (
        "import os\n"
        "NAMES = ['/x', '/usr/x', '/usr/bin/x', '/etc/x', '/dev/x', '/bin/x', '/lib/x', '/proc/x', "
        "'/sys/x', '/packages/x', '/var/x', '/home/x', '/root/x', '/usr/bin/python3']\n"
        "ATTEMPTS = {n: (lambda n=n: open(n, 'ab').write(b'x')) for n in NAMES}\n"
        "ATTEMPTS['mkdir'] = lambda: os.mkdir('/y')\n" + TRY,
        gave([]),
    ),
    "links": (
        "import os\n"
        "os.symlink('/etc/passwd', 'a'); os.symlink('/', 'b'); os.symlink('../../..', 'c')\n"
        "os.mkdir('d'); os.symlink('/etc', 'd/e')\n"
        "sorted(os.listdir())",
        lambda one: one.ok and not one.changed and set(one.left_out) == {"a", "b", "c", "d/e"},
    ),
    "hard-link": (
        "import os\n"
        "ATTEMPTS = {'usr': lambda: os.link('/usr/bin/env', '/work/x'),\n"
        "            'rename': lambda: os.rename('/usr/bin/env', '/work/y')}\n" + TRY,
        gave([]),
    ),
    "kill-init": ("import os\nos.kill(1, 9)\n'alive'", gave("alive")),
    "kill-supervisor": ("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)", contained),
    "kill-all": ("import os\nos.kill(-1, 9)\n'alive'", contained),
    "forge-report": (
        "import os\n"
        'lie = b\'{"exit":0,"names":[],"left":[],"files":[["../../evil",4]]}\'\n'
        "lie = len(lie).to_bytes(8, 'big') + lie + b'evil'\n"
        "base = f'/proc/{os.getppid()}/fd'\n"
        "for n in os.listdir(base):\n"
        "    try: os.write(os.open(f'{base}/{n}', os.O_WRONLY), lie)\n"
        "    except OSError: pass\n"
        "os.kill(os.getppid(), 9)",
        anything,
    ),
    "processes-seen": (
        "import os\nlen([p for p in os.listdir('/proc') if p.isdigit()]) < 8",
        gave(True),
    ),
    "proc-writes": (
        "NAMES = ['/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', "
        "'/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches', '/proc/1/oom_score_adj', "
        "'/proc/sys/fs/file-max', '/proc/1/mem']\n"
        "ATTEMPTS = {n: (lambda n=n: open(n, 'r+b').write(b'0')) for n in NAMES[:-1]}\n" + TRY,
        lambda one: one.ok and one.result in ([], ["/proc/1/oom_score_adj"]),
    ),
    "privileges": (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(name, *args):\n"
        "    if getattr(libc, name)(*args) != 0: raise OSError\n"
        "ATTEMPTS = {\n"
        "    'newuser': lambda: call('unshare', 0x10000000),\n"
        "    'newns': lambda: call('unshare', 0x20000),\n"
        "    'mount': lambda: call('mount', b'none', b'/tmp', b'tmpfs', 0, None),\n"
        "    'umount': lambda: call('umount', b'/work'),\n"
        "    'chroot': lambda: os.chroot('/tmp'),\n"
        "    'setuid': lambda: os.setuid(0),\n"
        "    'setgroups': lambda: os.setgroups([0]),\n"
        "    'hostname': lambda: call('sethostname', b'x', 1),\n"
        "    'reboot': lambda: call('reboot', 0),\n"
        "    'mknod': lambda: os.mknod('/work/dev', 0o60600, os.makedev(8, 0)),\n"
        "    'raise': lambda: __import__('resource').setrlimit(7, (999, 999)),\n"
        "    'nice': lambda: os.setpriority(0, 0, -10),\n"
        "}\n" + TRY,
        gave([]),
    ),
    "set-uid": (
        "status = open('/proc/self/status').read()\n'NoNewPrivs:\\t1' in status",
        gave(True),
    ),
    "terminal": (
        "import fcntl, termios\n"
        "ATTEMPTS = {'tty': lambda: open('/dev/tty').fileno(),\n"
        "            'type': lambda: fcntl.ioctl(1, termios.TIOCSTI, b'x')}\n" + TRY,
        gave([]),
    ),
    "long-value": (
        "'x' * (40 << 20)",
        lambda one: (bool(one.fault) or one.limit == "disk") and one.result is None,
    ),
    "deep-value": ("x = []\nfor n in range(100000): x = [x]\nx", failed),
    "odd-names": (
        "import os\n"
        "open('a\\nb', 'w').close(); open(' ', 'w').close(); open('-rf', 'w').close()\n"
        "open(b'\\xff\\xfe', 'w').close(); open('n' * 255, 'w').close()\n"
        "os.makedirs('d/' * 50)\n"
        "open('d/' * 50 + 'f', 'w').close()",
        lambda one: one.ok and "a\nb" in one.changed and len(one.left_out) == 1,
    ),
    "many-files": ("for n in range(30000): open(str(n), 'w').close()", ended("disk")),
}
JAVASCRIPT = {
    "read-host": (
        "const fs = require('fs');\n"
        "['/etc/passwd', '/etc/shadow', '/root', '/tmp/kapell-canary'].filter(fs.existsSync)",
        gave([]),
    ),
    "environment": ("JSON.stringify(process.env).includes('CANARY')", gave(False)),
    "network": (
        "const net = require('net');\n"
        "new Promise((done) => {\n"
        "  const s = net.connect(input.port, '127.0.0.1', () => done('reached'));\n"
        "  s.on('error', () => done('refused'));\n"
        "})",
        gave("refused"),
    ),
    "dns": (
        "require('dns').promises.resolve4('example.org').then(() => 'found', () => 'none')",
        lambda one: one.result == "none" or one.limit == "time",
    ),
    "loop": ("for (;;) {}", ended("time")),
    "timer": ("setInterval(() => 0, 1000)", lambda one: one.limit == "time" or bool(one.fault)),
    "memory": ("const x = []; for (;;) x.push(new Array(1e5).fill(Math.random()))", contained),
    "buffers": ("const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1))", contained),
    "flood": ("for (;;) require('fs').writeSync(1, 'x'.repeat(65536))", ended("output")),
    "fork": (
        "const { spawn } = require('child_process');\n"
        "for (let n = 0; n < 500; n++) spawn('sleep', ['60']).on('error', () => 0);\n"
        "new Promise(() => 0)",
        contained,
    ),
    "kill": ("process.kill(process.ppid, 9); for (;;) {}", contained),
    "write": (
        "const fs = require('fs');\n"
        "['/x', '/usr/x', '/etc/x', '/dev/x'].filter((n) => {\n"
        "  try { fs.writeFileSync(n, 'x'); return true; } catch { return false; } })",
        gave([]),
    ),
}
SHELL = {
    "read-host": ("cat /etc/passwd /etc/shadow /tmp/kapell-canary; ls /root /home; true",
                  lambda one: one.exit == 0 and "root:" not in one.stdout and not one.stdout),
    "fork-bomb": ("b() { b | b & }; b; sleep 60", contained),
    "network": (
        "python3 -c 'import socket; socket.create_connection((\"1.1.1.1\", 53), 1)' 2>&1 || "
        "echo refused",
        lambda one: one.stdout.endswith("refused\n"),
    ),
    "flood": ("cat /dev/zero", ended("output")),
    "stays": ("(sleep 600 &); nohup sleep 600 2>&1 & exit 0", lambda one: one.exit == 0),
    "fill": ("cat /dev/zero > big", lambda one: (not one.ok and not one.changed) or one.exit != 0),
    "remove": ("rm -rf /usr/bin /work /bin 2>/dev/null; ls /usr/bin/env",
               lambda one: "/usr/bin/env" in one.stdout),
    "kill": ("kill -9 -1", contained),
}  # fmt: skip
MONTY = {
    "read-host": ("open('/etc/passwd').read()", failed),
    "os": ("import os\nos.listdir('/')", failed),
    "environment": ("import os\nos.environ['CANARY']", failed),
    "socket": ("import socket", failed),
    "subprocess": ("import subprocess", failed),
    "escape": ("().__class__.__bases__[0].__subclasses__()", failed),
    "eval": ("eval('__import__(\"os\").system(\"id\")')", failed),
    "loop": ("while True: pass", ended("time")),
    "sleep": ("import time\ntime.sleep(600)", ended("time")),
    "memory": ("x = []\nwhile True: x.append('a' * 1000)", ended("memory")),
    "number": ("9 ** (9 ** 9)", ended("memory", "time")),
    "text": ("x = 'a'\nwhile True: x = x + x", ended("memory")),
    "flood": ("while True: print('x' * 1000)", ended("output")),
    "recursion": ("def f(): return f()\nf()", failed),
    "regex": ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
              lambda one: one.limit is not None or one.ok or one.exit != 0),
}  # fmt: skip
GROW = "WITH RECURSIVE r(n, s) AS (SELECT 1, 'xxxxxxxx' UNION ALL SELECT n + 1, s || s FROM r)"
# Nothing of this comes from anybody: the programs are the attacks themselves.
# ruff: noqa: S608
COUNT = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
SQL = {
    "attach": ("ATTACH '/tmp/kapell-canary' AS other", failed),
    "loop": (COUNT + " SELECT count(*) FROM r", ended("time")),
    "flood": (COUNT + " SELECT n FROM r", ended("output", "time", "memory")),
    "memory": (GROW + " SELECT n, s FROM r", lambda one: not one.ok and one.result is None),
    "pile": (
        "CREATE TABLE t AS "
        + COUNT
        + " SELECT n, n || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' AS x FROM r; SELECT count(*) FROM t",
        ended("time", "memory"),
    ),
}
DUCKDB = {
    **SQL,
    "read-host": ("SELECT * FROM read_text('/etc/passwd')", failed),
    "read-csv": ("SELECT * FROM read_csv('/etc/passwd', sep=':')", failed),
    "climb": ("SELECT * FROM read_text('../../../../../../etc/passwd')", failed),
    "glob": ("SELECT * FROM glob('/etc/*')", lambda one: not one.ok or one.result == []),
    "environment": ("SELECT getenv('CANARY')", failed),
    "network": ("SELECT * FROM 'http://127.0.0.1:9/x.csv'", failed),
    "extension": ("INSTALL httpfs; LOAD httpfs", failed),
    "unlock": ("SET lock_configuration = false", failed),
    "memory-limit": ("SET memory_limit = '100GB'", failed),
    "external": ("SET enable_external_access = true", failed),
    "folders": ("SET allowed_directories = ['/']", failed),
    "write": ("COPY (SELECT 1) TO '/tmp/kapell-evil.csv'", failed),
    "write-near": ("COPY (SELECT 1) TO 'x.csv'", failed),
    "export": ("EXPORT DATABASE '/tmp/kapell-evil'", failed),
}
SQLITE = {
    **SQL,
    "extension": ("SELECT load_extension('/usr/lib/x.so')", failed),
    "pragma": ("PRAGMA temp_store_directory = '/tmp'", failed),
    "vacuum": ("VACUUM INTO '/tmp/kapell-evil.db'", failed),
    "blob": ("SELECT length(zeroblob(2000000000))", failed),
    "read-host": ("SELECT readfile('/etc/passwd')", failed),
    "schema": ("PRAGMA writable_schema = ON", failed),
}


def attacks() -> tuple[Attack, ...]:
    """Return all of them."""
    sets: tuple[tuple[str, Language, dict[str, tuple[str, Callable[[Outcome], bool]]]], ...] = (
        ("bubblewrap", "python", PYTHON),
        ("bubblewrap", "javascript", JAVASCRIPT),
        ("bubblewrap", "shell", SHELL),
        ("monty", "python", MONTY),
        ("duckdb", "sql", DUCKDB),
        ("sqlite", "sql", SQLITE),
    )
    return tuple(
        Attack(sandbox, language, name, source, held)
        for sandbox, language, found in sets
        for name, (source, held) in found.items()
    )


async def outcome(sandbox: Sandbox, attack: Attack, port: int) -> dict[str, object]:
    """Carry an attack out and tell whether it was held."""
    program = Program(
        language=attack.language,
        source=attack.source,
        input={"port": port},
        limits=LIMITS,
    )
    try:
        execution = await sandbox.run(program)
    except Unfit as unfit:
        execution = unfit.outcome
    except KapellError as error:
        # It ended its own sandbox: nothing came out, so nothing was gained.
        return {
            "held": error.code == "sandbox_broken" and attack.held in (contained, anything),
            "how": str(error),
        }
    told = repr(msgspec.structs.replace(execution, changed={}))[:2000]
    return {"held": attack.held(execution), "how": told}


async def main(port: int) -> None:
    """Carry out all and write what came of them."""
    sandboxes: dict[str, Sandbox] = {
        "bubblewrap": Bubblewrap(),
        "monty": Monty(everything=True),
        "duckdb": SqlSandbox("duckdb"),
        "sqlite": SqlSandbox("sqlite"),
    }
    found: dict[str, object] = {}
    for name, sandbox in sandboxes.items():
        ready = await sandbox.readiness()
        if not ready.ok:
            found[name] = ready.detail
    for attack in attacks():
        sandbox = sandboxes[attack.sandbox]
        ready = await sandbox.readiness()
        if attack.language in ready.languages:
            found[attack.id] = await outcome(sandbox, attack, port)
    for sandbox in sandboxes.values():
        await sandbox.close()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
