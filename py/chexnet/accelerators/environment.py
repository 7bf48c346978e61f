"""What has to be in the environment before torch is imported. Must not import torch itself."""

from collections.abc import MutableMapping


def prepare_environment(environment: MutableMapping[str, str], *, lazy: bool = False) -> None:
    """Set what the devices read at import; a value that the user has set is left alone.

    `lazy` asks for Gaudi's graph mode instead of eager mode (first-generation cards, software up to 1.21).
    """
    # The bridge caches its mode at import and its default has changed between releases.
    environment.setdefault("PT_HPU_LAZY_MODE", "1" if lazy else "0")
    environment.setdefault("PT_HPU_EAGER_ENABLE_GRADIENT_VIEW_LAYOUT_OPT", "1")
    # Without this `import torch` opens a Gaudi card even for a job on another device.
    environment.setdefault("PT_HPU_AUTOLOAD", "0")
    # cuBLAS is deterministic only with a fixed workspace.
    environment.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
