"""One small class per device. Nothing outside this package names one, so a new device is one file and one line."""
