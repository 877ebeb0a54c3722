"""Fail unless a wheel holds every file of the package, byte for byte, and nothing else."""

import sys
import zipfile
from pathlib import Path


def main(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}
    written = {
        path.as_posix(): path.read_bytes()
        for path in Path("torchkeras").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wrong = sorted(n for n in packed.keys() | written.keys() if packed.get(n) != written.get(n))
    if wrong or "torchkeras/py.typed" not in packed:
        sys.exit(f"{wheel} and torchkeras/ differ in: {', '.join(wrong) or 'no py.typed'}")
    print(f"{wheel}: {len(packed)} files")


main(*sys.argv[1:])
