"""Read the small archives with the real torchtext, and compare with `samples.json`, or write it.

torchtext 0.18 loads with torch 2.3 alone, which torchkeras does not support, so both meet in this
file: `tox -e torchtext` proves that torchtext reads what it says, and
tests/unit/datasets/test_text_archives.py that torchkeras reads the same.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torchtext

torchtext.disable_torchtext_deprecation_warning()
import torchtext.datasets as sets  # noqa: E402
from torchtext.data.utils import get_tokenizer  # noqa: E402
from torchtext.transforms import RegexTokenizer  # noqa: E402
from torchtext.vocab import build_vocab_from_iterator  # noqa: E402

FOLDER = Path(__file__).parent
NAMES = sorted(path.name for path in (FOLDER / "datasets").iterdir())


def accept(name: str) -> None:
    """Tell torchtext the hashes of the small archives, in place of those of the real ones."""
    files = {p.stem: p for p in (FOLDER / "datasets" / name).iterdir()}
    found = {k: hashlib.md5(path.read_bytes()).hexdigest() for k, path in files.items()}
    module = sys.modules[f"torchtext.datasets.{name.lower()}"]
    module.MD5 = found if name == "AG_NEWS" else next(iter(found.values()))
    if hasattr(module, "_EXTRACTED_FILES_MD5"):
        module._EXTRACTED_FILES_MD5 = None


def samples(root: str) -> dict[str, Any]:
    """Return all samples of all sets, as torchtext yields them."""
    found: dict[str, Any] = {}
    for name in NAMES:
        accept(name)
        parts = ("train", "dev", "test") if name == "SST2" else ("train", "test")
        for part in parts:
            found[f"{name}/{part}"] = [list(s) for s in getattr(sets, name)(root, split=part)]
    return found


def tools() -> dict[str, Any]:
    """Return what vocabularies and tokenizers of torchtext are like."""
    words = [["the", "cat"], ["the", "dog"]]
    vocab = build_vocab_from_iterator(words, specials=["<unk>", "<pad>"])
    vocab.set_default_index(0)
    basic, regex = get_tokenizer("basic_english"), RegexTokenizer([(r"[^a-z ]", " ")])
    text = "The cat, the dog!"
    return {
        "itos": vocab.get_itos(),
        "default_index": vocab.get_default_index(),
        "basic_english": [basic.__module__, basic.__name__, basic(text)],
        "regex": [type(regex).__module__, regex(text)],
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as root:  # torchtext unpacks beside the archives
        shutil.copytree(FOLDER / "datasets", Path(root, "datasets"))
        found = json.dumps({**samples(root), "tools": tools()}, indent=1, ensure_ascii=False)
    kept = FOLDER / "samples.json"
    if sys.argv[1:] == ["--write"]:
        kept.write_text(found + "\n", encoding="utf-8")
    elif json.loads(found) != json.loads(kept.read_text(encoding="utf-8")):
        sys.exit(f"torchtext {torchtext.__version__} reads something else than samples.json says.")
    print(f"torchtext {torchtext.__version__} reads {len(NAMES)} sets as samples.json says.")


if __name__ == "__main__":
    main()
