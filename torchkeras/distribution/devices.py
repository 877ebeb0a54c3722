"""Which devices there are, and how processes find each other."""

import os

import torch
import torch.distributed as dist

from torchkeras._base.messages import one_of

_KINDS = {"cpu": "cpu", "gpu": "cuda", "cuda": "cuda", "mps": "mps"}
_ASKED = "KERAS_DISTRIBUTION_"


def num_processes() -> int:
    """Return the number of processes that work together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def process_id() -> int:
    """Return the number of this process among them."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def list_devices(device_type: str | None = None) -> list[str]:
    """Return the devices that take part: one for each process, or those of this machine.

    Args:
        device_type: `"cpu"` or `"gpu"` (`"cuda"`, `"mps"`); the best kind there is if not given.

    Returns:
        Names such as `"gpu:0"`.

    Raises:
        ValueError: If the type is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.distribution.list_devices("cpu")
        ['cpu:0']
    """
    kind = _kind(device_type)
    count = max(num_processes(), 1)
    if count == 1 and kind == "cuda":
        count = torch.cuda.device_count()
    if kind == "mps" and not torch.backends.mps.is_available():
        count = 0
    name = "gpu" if kind == "cuda" else kind
    return [f"{name}:{number}" for number in range(count)]


def get_device_count(device_type: str | None = None) -> int:
    """Return how many devices `list_devices` finds.

    Args:
        device_type: `"cpu"` or `"gpu"` (`"cuda"`, `"mps"`); the best kind there is if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.distribution.get_device_count("cpu")
        1
    """
    return len(list_devices(device_type))


def _kind(device_type: str | None) -> str:
    if device_type is not None:
        if str(device_type).lower() == "tpu":
            raise ValueError("Received: device_type='tpu'. torch itself knows no TPUs.")
        return _KINDS[one_of("device_type", str(device_type).lower(), _KINDS)]
    if torch.cuda.is_available():
        return "cuda"
    return "cpu"


def initialize(
    job_addresses: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    """Let this process find the others; each process of a job calls it before anything else.

    Under `torchrun` all is known, and no argument is needed. Elsewhere the arguments, or the
    environment variables `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `..._NUM_PROCESSES` and
    `..._PROCESS_ID`, say it. Processes talk over NCCL between GPUs and over Gloo between CPUs. A
    process group that exists is kept.

    Args:
        job_addresses: Where the processes run, as `"host:port,host:port"`; the first counts.
        num_processes: How many there are.
        process_id: The number of this one, from 0.

    Raises:
        RuntimeError: If torch was built without `torch.distributed`.
        ValueError: If something is missing.
    """
    if not dist.is_available():
        raise RuntimeError("This build of torch has no `torch.distributed`.")
    if dist.is_initialized():
        return
    addresses = job_addresses or os.environ.get(f"{_ASKED}JOB_ADDRESSES")
    world = _number("num_processes", num_processes, f"{_ASKED}NUM_PROCESSES", "WORLD_SIZE")
    rank = _number("process_id", process_id, f"{_ASKED}PROCESS_ID", "RANK")
    if not 0 <= rank < world:
        raise ValueError(
            f"`process_id` must be from 0 to {world - 1}. Received: process_id={rank} for "
            f"num_processes={world}."
        )
    backend = _choose_device(rank)
    dist.init_process_group(backend, init_method=_meeting(addresses), world_size=world, rank=rank)


def _number(argument: str, given: int | None, *variables: str) -> int:
    for variable in variables:
        if given is None and variable in os.environ:
            given = int(os.environ[variable])
    if given is None:
        raise ValueError(
            f"`{argument}` is unknown. Start the program with `torchrun --nproc-per-node=2 "
            f"program.py`, pass `{argument}`, or set {variables[0]}."
        )
    return given


def _meeting(addresses: str | None) -> str:
    """Return where the processes meet."""
    if addresses is None:
        if "MASTER_ADDR" in os.environ and "MASTER_PORT" in os.environ:
            return "env://"
        raise ValueError(
            "`job_addresses` is unknown. Start the program with `torchrun`, or pass "
            f"`job_addresses='host:port'`, or set {_ASKED}JOB_ADDRESSES."
        )
    first = addresses.split(",")[0].strip()
    if not first.rpartition(":")[2].isdigit() or ":" not in first:
        raise ValueError(
            "`job_addresses` must begin with the first process's 'host:port'. "
            f"Received: job_addresses={addresses!r}."
        )
    return f"tcp://{first}"


def _choose_device(rank: int) -> str:
    """Let this process use its own GPU, and return how processes talk."""
    if not torch.cuda.is_available():
        return "gloo"
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)) % torch.cuda.device_count())
    return "cpu:gloo,cuda:nccl"
