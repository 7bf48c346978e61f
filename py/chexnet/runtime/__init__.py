"""What starts, watches and reports jobs. Never imports torch, so that an agent starts in a fraction of a second."""
