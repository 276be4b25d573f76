"""`python -m batchsora`."""

from batchsora.cli import main

if __name__ == "__main__":
    main()
