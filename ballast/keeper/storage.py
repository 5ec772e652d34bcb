"""The journal's file: appended in one write, fsynced, held by one process at a time."""

import fcntl
import os
from pathlib import Path

from ballast.errors import DataError


class FileStorage:
    """`ballast.keeper.journal.Storage` in a local file. Locked until closed or until the process ends."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file. DataError when it cannot be, or when another process holds it."""
        self.name = str(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise DataError(
                f"{path}: {error.strerror}; set BALLAST_JOURNAL_FILE to a writable file"
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise DataError(f"{path} is in use by another keeper; stop that one first") from None
        self._sync_folder(path.parent)

    def read(self) -> bytes:
        """Everything that was appended."""
        return os.pread(self._fd, os.fstat(self._fd).st_size, 0)

    def append(self, line: bytes) -> None:
        """Adds one line; returns when it is on disk. DataError when the disk refuses, e.g. being full."""
        try:
            written = os.write(self._fd, line)
            os.fsync(self._fd)
        except OSError as error:
            raise DataError(
                f"{self.name}: {error.strerror}; nothing was sent, make room and restart"
            ) from None
        if written != len(line):
            raise DataError(f"{self.name}: the disk took only part of a line; make room and restart")

    def truncate(self, size: int) -> None:
        """Cuts everything after the first `size` bytes."""
        os.ftruncate(self._fd, size)
        os.fsync(self._fd)

    def close(self) -> None:
        """Lets another process have the file."""
        os.close(self._fd)

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        """A new file survives a crash only once its folder's entry is on disk."""
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
