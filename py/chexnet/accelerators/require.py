"""What a job asks of its device, and what the device lacks."""

from chexnet.accelerators.protocol import Accelerator, Precision
from chexnet.mistakes import UserError


def require(accelerator: Accelerator, precision: Precision) -> None:
    """Raises UserError when the device cannot compute in `precision`; it is never replaced silently."""
    able = accelerator.capabilities.precisions
    if precision not in able:
        raise UserError(
            f"{accelerator.describe()} cannot compute in {precision}.",
            f"Use precision: {' or '.join(able)}.",
        )
