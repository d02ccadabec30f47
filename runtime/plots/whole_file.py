# SPDX-License-Identifier: GPL-3.0-or-later
"""How pictures and pages reach their files: as runtime::write_whole() writes results."""

import io
import os
import pathlib
import stat
import sys


def write_whole(path, content):
    """Bytes into a file: whole or not at all where that is a regular one, whose mode, owner and links stay; through
    devices, FIFOs and own descriptors. Ends the program with one line where it cannot."""
    try:
        _write(os.fspath(path), content)
    except OSError as error:
        sys.exit(f"{path}: cannot be written: {error.strerror}")


def save(figure, picture, **options):
    """A figure into a file whose name says which kind of picture; PNG where it says nothing."""
    kind = pathlib.Path(picture).suffix[1:].lower() or "png"
    known = figure.canvas.get_supported_filetypes()
    if kind not in known:
        sys.exit(f"{picture}: expected a name that ends in .{', .'.join(sorted(known))}, found .{kind}")
    content = io.BytesIO()
    if kind == "svg":
        options.setdefault("metadata", {"Date": None})
    figure.savefig(content, format=kind, **options)
    write_whole(picture, content.getvalue())


def _write(path, content):
    own = _own_descriptor(path)
    if own is not None or (os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)):
        with open(os.dup(own) if own is not None else path, "wb") as out:
            out.write(content)
        return
    target = os.path.realpath(path)
    if not _replace(target, content):
        with open(target, "wb") as out:
            out.write(content)


def _own_descriptor(path):
    """Of this process, where a chain of links goes through /proc/self/fd."""
    for _ in range(40):
        if not os.path.islink(path):
            return None
        folder, name = os.path.split(path)
        if os.path.exists("/proc/self/fd") and os.path.samefile(folder or ".", "/proc/self/fd"):
            return int(name)
        path = os.path.join(folder, os.readlink(path))
    return None


def _replace(target, content):
    """False, with nothing changed, where the folder does not allow it but the file may be written."""
    old = os.stat(target) if os.path.exists(target) else None
    if old and not os.access(target, os.W_OK, effective_ids=True):
        raise PermissionError(13, os.strerror(13))
    part = f"{target}.part{os.getpid()}"
    try:
        with open(part, "xb") as out:
            if old and (old.st_uid, old.st_gid) != (os.fstat(out.fileno()).st_uid, os.fstat(out.fileno()).st_gid):
                os.fchown(out.fileno(), old.st_uid, old.st_gid)
            if old:
                os.fchmod(out.fileno(), stat.S_IMODE(old.st_mode))
            out.write(content)
        os.replace(part, target)
    except OSError as error:
        if os.path.exists(part):
            os.unlink(part)
        if old and error.errno in (1, 13, 16, 30):  # not permitted, access, busy, read-only
            return False
        raise
    return True
