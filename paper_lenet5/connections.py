"""Which S2 feature maps each C3 feature map looks at. Section II-B, Table I."""

TABLE_I: tuple[tuple[int, ...], ...] = (
    # the first six take every contiguous subset of three maps,
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    # the next six every contiguous subset of four,
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    # the next three some discontinuous subsets of four,
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    # and the last one takes all six.
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""One entry per C3 map: the S2 maps it is connected to. 60 of the 96 possible crosses."""
