"""Whole texts around a model that translates sentences: what must survive, layout, markup."""
