"""The command `gradbook`, and `python -m gradbook`."""

from gradbook.cli import main as cli


def main() -> None:
    cli(prog_name="gradbook")


if __name__ == "__main__":
    main()
