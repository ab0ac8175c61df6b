"""What LeNet-5 is compared with: networks of today, and the other classifiers of section III-C."""
