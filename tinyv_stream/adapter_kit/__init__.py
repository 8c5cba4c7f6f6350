"""Building blocks of trainer adapters: requests with a time-out, reward conversion, a running mean."""
