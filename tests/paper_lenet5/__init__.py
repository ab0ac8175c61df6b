"""The network, the optimiser and the data: the quick suite, which needs no extra but numba."""
