"""How good predictions are: statistics on scores and labels, no tensors and no sockets."""
