"""The front door of the checkout: the same command line as `gradbook`, for the book that lies here."""

from pathlib import Path

from gradbook.cli import main

if __name__ == "__main__":
    main(obj={"root": Path(__file__).resolve().parent}, prog_name="build.py")
