"""The models that can be a brain, one file a backend."""
