"""The devices by name, for option parsers that must not wait for torch."""

AUTO = "auto"
# In the order in which `auto` looks.
NAMES = ("hpu", "cuda", "xpu", "mps", "cpu")
