"""The names of DenseNet-121 in torchvision and in published files, written from the architecture."""

import re

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def torchvision_names(blocks: tuple[int, ...] = (6, 12, 24, 16)) -> list[str]:
    """The keys of torchvision.models.densenet121().state_dict(), in order; with other blocks those of its sisters."""
    names = ["features.conv0.weight", *(f"features.norm0.{part}" for part in BATCH_NORM)]
    for block, layers in enumerate(blocks, start=1):
        for layer in range(1, layers + 1):
            prefix = f"features.denseblock{block}.denselayer{layer}"
            for number in (1, 2):
                names += [f"{prefix}.norm{number}.{part}" for part in BATCH_NORM]
                names.append(f"{prefix}.conv{number}.weight")
        if block < 4:
            names += [f"features.transition{block}.norm.{part}" for part in BATCH_NORM]
            names.append(f"features.transition{block}.conv.weight")
    return [*names, *(f"features.norm5.{part}" for part in BATCH_NORM), "classifier.weight", "classifier.bias"]


def names_of_2017(name: str) -> str:
    """The name in torchvision's published ImageNet file, which is older than its code."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name)
