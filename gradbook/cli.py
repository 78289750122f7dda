"""The command line of the book: targets, timing lines, exit codes, and nothing else."""

import os
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from gradbook import __version__

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# One thread: how a sum is cut into pieces for several decides its last bit, and so the bytes of the book.

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
USER_ERROR = 2


class Book(click.Group):
    """The targets; a user's mistake is one sentence on standard error and exit code 2, never a traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from gradbook.engine.errors import BookError  # late: --help loads no library of the engine

            if not isinstance(error, BookError):
                raise
            click.secho("error: ", fg="red", nl=False, err=True)
            click.echo(str(error), err=True)
            ctx.exit(USER_ERROR)

    def resolve_command(self, ctx, args):
        if args[0] not in self.commands:
            from gradbook.engine.errors import unknown

            raise unknown("build.py", "target", args[0], self.commands)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx):
        return list(self.commands)


only_option = click.option("--only", multiple=True, metavar="EXAMPLE", help="Build only this example (repeatable).")
lang_option = click.option("--lang", multiple=True, metavar="LANG", help="Build only this language: en, zh.")
set_option = click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE",
    help="Change a value of the example, as in update.learning_rate=0.1 (repeatable).",
)  # fmt: skip
out_option = click.option(
    "--out", type=click.Path(path_type=Path), default=ROOT / "build", show_default="build", help="Output folder."
)
jobs_option = click.option("--jobs", type=click.IntRange(1, 64), default=None, help="Processes at work at once.")

keep_going_option = click.option(
    "--keep-going", is_flag=True, help="Build the other examples when one is wrong; exit code 2 all the same."
)


def build_options(command):
    for option in (keep_going_option, jobs_option, out_option, set_option, lang_option, only_option):
        command = option(command)
    return command


@contextmanager
def target(name: str):
    """Print one line for a target, with its seconds, when it is done; where a person waits, show that it is on."""
    start = time.perf_counter()
    with waiting(name):
        yield
    click.echo(f"{name:<28}{time.perf_counter() - start:8.2f} s", err=True)


def waiting(name: str):
    """A moving sign on a terminal. The examples have a bar of their own."""
    if not sys.stderr.isatty() or name == "examples":
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(name)


@click.group(cls=Book, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradbook", message="%(prog)s %(version)s")
@build_options
@click.pass_context
def main(ctx, **options):
    """Build the book: worked examples in, a site and a PDF out.

    Without a target the site is built: build/html/index.html.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(html, **options)
    elif any(ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in options):
        raise click.UsageError(f"options go after the target: build.py {ctx.invoked_subcommand} --option …")


@main.command()
@build_options
def html(only, lang, changes, out, jobs, keep_going):
    """Build the site in every language: HTML in build/html."""
    from gradbook.book.build import Build

    with Build(out, EXAMPLES, only, lang, changes, jobs, target, keep_going) as book:
        book.html()
        click.echo(f"open {book.entrance}")


@main.command()
@build_options
@click.option("--engine", type=click.Choice(["typst", "latex"]), default="typst", show_default=True)
def pdf(only, lang, changes, out, jobs, keep_going, engine):
    """Build one PDF per language: build/pdf/gradbook-<lang>.pdf."""
    from gradbook.book.build import Build

    with Build(out, EXAMPLES, only, lang, changes, jobs, target, keep_going) as book:
        for path in book.pdf(engine):
            click.echo(f"open {path}")


@main.command()
@build_options
def pages(only, lang, changes, out, jobs, keep_going):
    """Write the generated Markdown pages only: build/source."""
    from gradbook.book.build import Build

    with Build(out, EXAMPLES, only, lang, changes, jobs, target, keep_going) as book:
        book.pages()
        click.echo(f"see {out / 'source'}")


@main.command()
@click.argument("example", type=click.Path(path_type=Path))
@set_option
@click.option("--arithmetic", type=click.Choice(["exact", "pencil"]), default="exact", show_default=True)
def trace(example, changes, arithmetic):
    """Print an example's trace as JSON on standard output."""
    from gradbook.engine import load, pencil, work

    spec = load(example, changes)
    worked = work(spec)
    click.echo((pencil(worked, spec.page.digits) if arithmetic == "pencil" else worked).to_json())


@main.command()
@build_options
def check(only, lang, changes, out, jobs, keep_going):
    """Check the built book: redo every printed line, gradients, languages, links."""
    from gradbook import check as checker
    from gradbook.book import witness
    from gradbook.book.build import Build
    from gradbook.book.messages import missing

    with Build(out, EXAMPLES, only, lang, changes, jobs, target, keep_going) as book:
        exact = witness.traces(sorted(EXAMPLES.glob("*.toml")), changes)
        with target("check"):
            report = checker.run(traces=exact, **witness.built(out))
        witness.keep(out, report.to_json())
        book.html()  # the page with the result
    untranslated = missing()
    click.echo("\n".join([*untranslated, report.summary()]))
    sys.exit(0 if report.ok and not untranslated else 1)


@main.command()
@out_option
def clean(out):
    """Remove the output folder, if it is ours."""
    from gradbook.book.build import clean as remove

    remove(out)


@main.command()
@click.argument("name")
@click.option("--family", default="mlp", show_default=True, help="The model family.")
@click.option("--layers", default="2,3,2", show_default=True, help="Widths from input to output.")
@click.option("--activation", default="sigmoid", show_default=True, help="Activation of every layer.")
@click.option("--samples", type=click.IntRange(1, 100), default=1, show_default=True, help="Samples in the batch.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another number gives other numbers.")
def new(name, family, layers, activation, samples, seed):
    """Write a new example file with hand-friendly numbers: examples/NAME.toml."""
    from gradbook.book.new import new_example

    path = new_example(EXAMPLES, name, family, layers, activation, samples, seed)
    click.echo(f"wrote {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


@main.command()
@build_options
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0 picks one.")
def serve(only, lang, changes, out, jobs, keep_going, port):
    """Build, serve on this machine only, and rebuild what an edit touches."""
    from gradbook.book.build import Build

    with Build(out, EXAMPLES, only, lang, changes, jobs, target, keep_going) as book:
        book.serve(port)


@main.command()
@click.argument("family", required=False)
def schema(family):
    """Print the JSON schema of example files, for editors."""
    from gradbook.engine.schema import schema as text

    click.echo(text(family))


@main.command()
def messages():
    """Bring the translators' catalogues up to date with templates and chapters."""
    from gradbook.book.messages import update_all

    for line in update_all():
        click.echo(line)
