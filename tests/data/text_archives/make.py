"""Write small archives in the exact format of the real ones: `python make.py`.

`samples.json` is what torchtext reads from them (`read_with_torchtext.py`, `tox -e torchtext`);
tests/unit/datasets/test_text_archives.py compares it with what we read.
"""

import csv
import io
import tarfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent
SENTENCES = [
    'A "quoted" line, with a comma',
    "Bären, naïve & co; 3,5\\nstars",
    "",
    "  spaces  around ",
    "It's <br /> fine",
]
CSV_SETS = {
    "DBpedia": ("dbpedia_csv", 14),
    "YelpReviewPolarity": ("yelp_review_polarity_csv", 2),
    "YelpReviewFull": ("yelp_review_full_csv", 5),
    "AmazonReviewPolarity": ("amazon_review_polarity_csv", 2),
    "AmazonReviewFull": ("amazon_review_full_csv", 5),
}


def table(classes: int, start: int, columns: int) -> bytes:
    """Return labels from 1 on and pieces of text, all quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in range(start, start + 6):
        texts = [SENTENCES[(row + piece) % len(SENTENCES)] for piece in range(columns)]
        writer.writerow([str(row % classes + 1), *texts])
    return out.getvalue().encode()


def tar(path: Path, members: dict[str, bytes]) -> None:
    """Write a tar archive whose bytes do not depend on the time."""
    with tarfile.open(path, "w:gz", compresslevel=9) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def reviews() -> dict[str, bytes]:
    """Return the files of aclImdb, in an order in which the sides change."""
    members = {"aclImdb/README": b"Read me", "aclImdb/imdb.vocab": b"the\nand\n"}
    for part in ("test", "train"):
        for number in range(3):
            for side, stars in (("pos", 9), ("neg", 2)):
                text = f"{part} {side} {number}: {SENTENCES[number - 1]}"
                members[f"aclImdb/{part}/{side}/{number}_{stars}.txt"] = text.encode()
        members[f"aclImdb/{part}/urls_pos.txt"] = b"http://example.org\n"
    return {**members, "aclImdb/train/unsup/0_0.txt": b"nobody knows"}


def glue() -> dict[str, bytes]:
    """Return the tables of SST-2."""
    labelled = "".join(f"{s.strip() or 'empty'} \t{i % 2}\n" for i, s in enumerate(SENTENCES[1:]))
    plain = "".join(f"{i}\t{s.strip() or 'empty'}\n" for i, s in enumerate(SENTENCES[1:]))
    return {
        "SST-2/train.tsv": f"sentence\tlabel\n{labelled * 2}".encode(),
        "SST-2/dev.tsv": f"sentence\tlabel\n{labelled}".encode(),
        "SST-2/test.tsv": f"index\tsentence\n{plain}".encode(),
    }


def place(name: str, file: str) -> Path:
    """Return where torchtext looks for a file."""
    path = FOLDER / "datasets" / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def main() -> None:
    for part, start in (("train", 0), ("test", 3)):
        place("AG_NEWS", f"{part}.csv").write_bytes(table(4, start, 2))
    for name, (stem, classes) in CSV_SETS.items():
        columns = 1 if "Yelp" in name else 2
        members = {
            f"{stem}/test.csv": table(classes, 3, columns),
            f"{stem}/train.csv": table(classes, 0, columns),
            f"{stem}/readme.txt": b"Read me",
        }
        tar(place(name, f"{stem}.tar.gz"), members)
    tar(place("IMDB", "aclImdb_v1.tar.gz"), reviews())
    with zipfile.ZipFile(place("SST2", "SST-2.zip"), "w") as archive:
        for member, content in glue().items():
            archive.writestr(zipfile.ZipInfo(member), content)


if __name__ == "__main__":
    main()
