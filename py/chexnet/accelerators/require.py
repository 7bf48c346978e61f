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


def require_compiler(accelerator: Accelerator) -> str:
    """The backend of torch.compile for the device. Raises UserError when there is none."""
    backend = accelerator.capabilities.compiler
    if backend is None:
        raise UserError(
            f"{accelerator.describe()} has no compiler for torch.compile.", "Leave compile out, or use another device."
        )
    return backend


def require_sync_batch_norm(accelerator: Accelerator) -> None:
    """Raises UserError when the ranks cannot share batch-norm statistics on the device."""
    if not accelerator.capabilities.sync_batch_norm:
        raise UserError(
            f"{accelerator.describe()} cannot share batch-norm statistics between ranks.",
            "Leave sync_batch_norm out; from 16 images per rank on it makes little difference.",
        )
