"""Where Keras's published weights lie, and how they come here."""

from dataclasses import dataclass

from torchkeras._base.fetch import DownloadError
from torchkeras.utils.downloading import get_file

HOST = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of weights.

    Attributes:
        name: What it is called on disk.
        url: Where it is.
        digest: Its MD5 or SHA-256, if its authors gave one.
    """

    name: str
    url: str
    digest: str | None = None

    def fetched(self) -> str:
        """Return its path, after downloading it if it is not on disk.

        Raises:
            FileNotFoundError: If it is neither on disk nor to be had.
        """
        try:
            return get_file(self.name, self.url, cache_subdir="models", file_hash=self.digest)
        except DownloadError as error:
            digest = f", with the hash {self.digest}" if self.digest else ""
            raise FileNotFoundError(
                f"{self.name} is not on this machine and could not be downloaded: {error} Put "
                f"{self.url}{digest} into the folder `models` of `$KERAS_HOME` or `~/.keras`, "
                f"as {self.name}; or pass the path of a weights file as `weights`, or "
                "`weights=None` to start untrained."
            ) from error


@dataclass(frozen=True, slots=True)
class Published:
    """The two files of a network.

    Attributes:
        top: With the classifier.
        no_top: Without it.
    """

    top: WeightsFile
    no_top: WeightsFile


def published(
    folder: str, stem: str, digests: tuple[str, str] | None = None, no_top: str = "_notop"
) -> Published:
    """Return the two files of a network whose addresses end with their names.

    Args:
        folder: The address of the folder.
        stem: What both names begin with.
        digests: The hashes of the files with and without the classifier.
        no_top: What the name without the classifier has besides.
    """
    first, second = digests or (None, None)
    names = f"{stem}.h5", f"{stem}{no_top}.h5"
    return Published(
        WeightsFile(names[0], f"{folder}/{names[0]}", first),
        WeightsFile(names[1], f"{folder}/{names[1]}", second),
    )


def kernels(family: str, stem: str, digests: tuple[str, str]) -> Published:
    """Return the files of a network that Keras 2 published in its own naming.

    Args:
        family: The name of the folder.
        stem: The name of the network.
        digests: The hashes of the files with and without the classifier.
    """
    return published(f"{HOST}/{family}", f"{stem}_weights_tf_dim_ordering_tf_kernels", digests)
