"""`python -m tinyv_stream.cli`: the command without its script, for launchers that start modules."""

from tinyv_stream.cli import main

if __name__ == "__main__":
    main()
