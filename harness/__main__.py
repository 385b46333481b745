"""`python -m harness` is `restobench`."""

from harness.cli import main

if __name__ == "__main__":
    main()
