"""The training commands, a module each. Heavy imports stand in functions: --help is fast."""
