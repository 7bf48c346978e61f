"""What runs on the ranks: model, data, loop, checkpoints. Never imports zmq and never names a device."""
