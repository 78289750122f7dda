"""A program that is loaded once and then builds as often as it is asked: each build is a fork of it, which begins as
a new process does when it has imported what it needs. For tests that build hundreds of times and do not edit the
program."""

import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import TextIO

SERVER = """\
import json, os, socket, sys
sys.path.insert(0, os.getcwd())
import gradbook.cli
import gradbook.book.build, gradbook.book.site.generated, gradbook.book.site.pdf, gradbook.book.site.site
from pathlib import Path

asked = socket.socket(fileno=int(sys.argv[1]))
while True:
    words, pipes, *_ = socket.recv_fds(asked, 1 << 16, 2)
    if not words:
        break
    child = os.fork()
    if not child:
        os.setsid()
        os.dup2(pipes[0], 1), os.dup2(pipes[1], 2)
        asked.close()
        try:
            gradbook.cli.main(json.loads(words), obj={"root": Path.cwd()}, prog_name="build.py")
        except SystemExit as end:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(end.code or 0)
    for pipe in pipes:
        os.close(pipe)
    asked.send(b"%d" % child)
    asked.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


class Warm:
    """The program in `folder`, loaded."""

    def __init__(self, folder: Path):
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-c", SERVER, str(theirs.fileno())]
            self._server = subprocess.Popen(command, cwd=folder, pass_fds=[theirs.fileno()])

    def start(self, *words: object) -> "Run":
        """A build at work, in a process group of its own; one at a time."""
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        socket.send_fds(self._asked, [json.dumps([*map(str, words)]).encode()], [its_out, its_err])
        os.close(its_out), os.close(its_err)
        return Run(self._asked, open(out, encoding="utf-8"), open(err, encoding="utf-8"))

    def close(self) -> None:
        self._asked.close()
        self._server.wait()


class Run:
    """What `subprocess.Popen` has of a build."""

    def __init__(self, told: socket.socket, stdout: TextIO, stderr: TextIO):
        self._told, self.stdout, self.stderr = told, stdout, stderr
        self.pid = int(told.recv(20))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = int(self._told.recv(20))
        return self.returncode

    def communicate(self) -> tuple[str, str]:
        said = self.stdout.read(), self.stderr.read()
        self.wait()
        self.stdout.close(), self.stderr.close()
        return said
