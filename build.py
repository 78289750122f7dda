"""The front door of the checkout: the same command line as `gradbook`, for the book that lies here."""

from gradbook.cli import main

if __name__ == "__main__":
    main(prog_name="build.py")
