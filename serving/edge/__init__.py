"""Who may ask, how often and how much: keys, limits, proxies and what browsers are told."""
