"""What torch sees on this machine and what it supports: `python -m chexnet.accelerators.survey` prints JSON."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict

from chexnet.accelerators.environment import prepare_environment
from chexnet.accelerators.names import NAMES


def main() -> None:
    prepare_environment(os.environ)
    print(json.dumps(survey()))


def survey() -> Mapping[str, object]:
    """`accelerators`: in the order in which `auto` looks, each with `supports`, or with `fault` where it fails."""
    # Only now: torch reads the environment when it is imported.
    import torch

    from chexnet.accelerators.choose import PROBES
    from chexnet.accelerators.protocol import Absent, Place

    place = Place(local_rank=0, local_size=1, threads=torch.get_num_threads())
    found: list[Mapping[str, object]] = []
    for name in NAMES:
        try:
            device = PROBES[name](place)
            if not isinstance(device, Absent):
                supports = asdict(device.capabilities)
                found.append({"name": name, "description": device.describe(), "supports": supports})
        # Whatever a driver raises: the other devices are looked at all the same.
        except Exception as error:
            found.append({"name": name, "fault": f"{type(error).__name__}: {error}"})
    return {"version": torch.__version__, "cuda": torch.version.cuda, "accelerators": found}


if __name__ == "__main__":
    main()
