"""What stands for a Hub, a cluster, a vector unit or a command that is killed."""
