"""The other classifiers of section III-C, and how they compare with LeNet-5."""
