"""Several programs in one `.pt2` file, with weights that they share written once."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from torch.export import ExportedProgram

from torchkeras._base.atomic import replacing

from .torch_program import quiet

MAIN = "model"  # what `torch.export.load` returns
_WEIGHTS, _CONFIG = "data/weights/", "_weights_config.json"
_OF_THE_WRITER = ("archive_format", "archive_version", "version", "byteorder", ".data/")


def write(programs: dict[str, ExportedProgram], filepath: str) -> None:
    """Write programs to one file, which is replaced in one step; the first is the main one too.

    Args:
        programs: The programs by name.
        filepath: The file.
    """
    from torch.export.pt2_archive._package import package_pt2

    main = {} if MAIN in programs else {MAIN: next(iter(programs.values()))}
    with (
        replacing(filepath) as temporary,
        tempfile.TemporaryDirectory(dir=temporary.parent) as folder,
    ):
        whole, small = (str(Path(folder, name)) for name in ("whole.pt2", "small.pt2"))
        with quiet():
            package_pt2(whole, exported_programs={**main, **programs})
        _write_once(whole, small)
        os.replace(small, temporary)


def _write_once(source: str, target: str) -> None:
    """Copy an archive; of weights that are equal, one is kept."""
    from torch.export.pt2_archive import PT2ArchiveReader, PT2ArchiveWriter

    with PT2ArchiveReader(source) as reader, PT2ArchiveWriter(target) as writer:
        names = [name for name in reader.get_file_names() if not name.startswith(_OF_THE_WRITER)]
        first_by_hash: dict[str, str] = {}
        kept: dict[str, str] = {}
        for name in names:
            if name.startswith(_WEIGHTS) and not name.endswith(_CONFIG):
                content = reader.read_bytes(name)
                digest = hashlib.sha256(content).hexdigest()
                own = name.removeprefix(_WEIGHTS)
                kept[own] = first_by_hash.setdefault(digest, own)
                if kept[own] == own:
                    writer.write_bytes(name, content)
        for name in names:
            if name.endswith(_CONFIG):
                config = json.loads(reader.read_string(name))
                writer.write_string(name, json.dumps(_pointing(config, kept)))
            elif not name.startswith(_WEIGHTS):
                writer.write_bytes(name, reader.read_bytes(name))


def _pointing(config: dict[str, Any], kept: dict[str, str]) -> dict[str, Any]:
    """Return the table of a program's weights with the names of those that were kept."""
    table = {
        key: {**entry, "path_name": kept[entry["path_name"]]}
        for key, entry in config["config"].items()
    }
    return {**config, "config": table}
