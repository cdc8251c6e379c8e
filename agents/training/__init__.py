"""Clock-trained adapters: synthetic data, training, export and evaluation."""
