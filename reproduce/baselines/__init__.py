"""The networks that LeNet-5 is compared with."""
