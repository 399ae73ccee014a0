"""How many workers suit a machine, where the operator leaves that to the service."""

import sys
from pathlib import Path

from service.runtime.device import may_have_gpu
from service.runtime.machine import memory_bytes_here, num_cores_here

MOST = 4  # beyond these, what is gained is rarely worth the memory: whoever has the cores can say so
MEMORY_BYTES = 1_000_000_000  # for each: code and models take a third of it, pictures and forms in work the rest


def suitable_number(*, num_cores: float, memory_bytes: int | None, on_gpu: bool) -> int:
    """One worker for each core, as far as memory goes; one alone where they would share a GPU.

    Args:
        num_cores: that may be used; a share of one counts as a share.
        memory_bytes: that may be used; None where nobody knows.
        on_gpu: whether networks run there.
    """
    if on_gpu:
        return 1
    most = MOST if memory_bytes is None else min(MOST, memory_bytes // MEMORY_BYTES)
    return max(1, min(int(num_cores), most))


def suitable_number_here(device: str, *, root: Path = Path("/")) -> int:
    """The same for this machine, or for the container that this is.

    Args:
        device: where networks run, as the setting says it. The parent of workers does not load TensorFlow, so that
            for `auto` a device file has to tell whether there is a GPU.
        root: of the file system in which the machine describes itself.
    """
    if sys.platform == "win32":
        return 1  # event loops there cannot listen to a line
    on_gpu = device.startswith("gpu") or (device == "auto" and may_have_gpu(root=root))
    return suitable_number(
        num_cores=num_cores_here(root=root), memory_bytes=memory_bytes_here(root=root), on_gpu=on_gpu
    )
