"""The search of `translator.search` as a graph: what the signature of a model folder computes."""
