"""`headstart serve`: vLLM on this machine, for the `vllm` brain."""
