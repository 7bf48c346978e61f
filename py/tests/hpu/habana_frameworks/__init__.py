"""Stands in for Intel's package of this name, on the emulated device. Only tests put it on the path."""
