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

            raise unknown(ctx.info_name, "target", args[0], self.commands)
        return super().resolve_command(ctx, args)

    def list_commands(self, _ctx):
        return list(self.commands)


only_option = click.option("--only", multiple=True, metavar="EXAMPLE", help="Build only this example (repeatable).")
lang_option = click.option("--lang", multiple=True, metavar="LANG", help="Build only this language, as in --lang en.")
set_option = click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE",
    help="Change a value of the example, as in update.learning_rate=0.1 (repeatable).",
)  # fmt: skip
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="Output folder.  [default: build, in the book's folder]",
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
@click.option("--project", "-C", type=click.Path(path_type=Path), help="The book's folder.  [default: the nearest]")
@click.version_option(__version__, prog_name="gradbook", message="%(prog)s %(version)s")
@build_options
@click.pass_context
def main(ctx, project, **options):
    """Build the book: worked examples in, a site and a PDF out.

    Without a target the site is built: build/html/index.html.
    """
    ctx.ensure_object(dict)
    if project:
        ctx.obj["root"] = project
    if ctx.invoked_subcommand is None:
        ctx.invoke(html, **options)
    elif any(ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in options):
        raise click.UsageError(f"options go after the target: {ctx.info_name} {ctx.invoked_subcommand} --option …")


def the_project():
    """The book that this command is about: the one that was named, or else the nearest."""
    from gradbook.book.project import Project

    root = click.get_current_context().obj.get("root")
    return (Project.at(root) if root else Project.around(Path.cwd())).opened()


def build_of(options: dict):
    """The build that these options ask for."""
    from gradbook.book.build import Build, Options

    return Build(the_project(), Options(**options), target)


@main.command()
@build_options
def html(**options):
    """Build the site in every language: HTML in build/html."""
    with build_of(options) as book:
        book.html()
        click.echo(f"open {book.entrance}")


@main.command()
@build_options
@click.option("--engine", type=click.Choice(["typst", "latex"]), default="typst", show_default=True)
def pdf(engine, **options):
    """Build one PDF per language: build/pdf."""
    with build_of(options) as book:
        for path in book.pdf(engine):
            click.echo(f"open {path}")


@main.command()
@build_options
def pages(**options):
    """Write the generated Markdown pages only: build/source."""
    with build_of(options) as book:
        book.pages()
        click.echo(f"see {book.out / 'source'}")


@main.command()
@click.argument("example", type=click.Path(path_type=Path))
@set_option
@click.option("--arithmetic", type=click.Choice(["exact", "pencil"]), default="exact", show_default=True)
@click.option("--format", "version", type=click.Choice(["1", "2"]), default="2", show_default=True)
def trace(example, changes, arithmetic, version):
    """Print an example's trace as JSON on standard output."""
    from gradbook.book.project import Project, nearest
    from gradbook.engine import load, pencil, work

    home = nearest(example.parent)
    spec = load(example, (*(Project.at(home).opened().changes if home else ()), *changes))
    worked = work(spec)
    click.echo((pencil(worked, spec.page.digits) if arithmetic == "pencil" else worked).to_json(int(version)))


@main.command()
@click.argument("step", metavar="EXAMPLE:STEP")
@set_option
@click.option("--arithmetic", type=click.Choice(["exact", "pencil"]), default=None, help="  [default: the example's]")
@click.option(
    "--format", "form", default="text", show_default=True, help="latex, markdown, mathml, typst, text or numpy."
)
def derivation(step, changes, arithmetic, form):
    """Print how a step was computed: seed:layer2.delta, in a format to paste or to run."""
    from gradbook.book.formula.formula import FORMATS, derivation
    from gradbook.book.pages.worked import Worked
    from gradbook.engine import load, work
    from gradbook.engine.errors import BookError, unknown

    trace, _, name = step.rpartition(":")
    if not (trace and name):
        raise BookError(f"derivation: {step!r} is no step; write it as in seed:layer2.delta (example:step).")
    if form not in FORMATS:
        raise unknown("derivation", "format", form, FORMATS)
    example, _, update = trace.partition("@")
    home = the_project()
    asked = [f"page.arithmetic={arithmetic}"] if arithmetic else []
    spec = load(home.example(example), (*home.changes, *changes, *asked))
    first = Worked.of(spec, work(spec))
    worked = first if not update else first.second if update == "2" else None
    if worked is None:
        raise BookError(
            f"derivation: there is no {trace!r}; {example}@2 is there where [page] says steps = 2 or more."
        )
    click.echo(derivation(worked.printed, name).as_format(form).rstrip())


@main.command()
@build_options
def check(**options):
    """Build what is needed and check it: redo every printed line, gradients, languages, links."""
    from gradbook import check as checker
    from gradbook.book.messages import missing
    from gradbook.book.pages.traces import traces
    from gradbook.book.site import check_inputs
    from gradbook.engine.errors import BookError

    with build_of(options) as book:
        book.html()
        found = check_inputs.quoted(book.out / "html")
        quoted = {name: path for name, path in book.left_out().items() if name in found}
        exact = traces(book.paths(), book.changes) | traces([*quoted.values()])
        with target("check"):
            try:
                inputs = check_inputs.built(book.out, book.project, book.langs)
                report = checker.run(traces=exact, quoted=quoted, jobs=book.jobs, **inputs)
            except checker.PluginError as error:
                raise BookError(str(error)) from None
        not_checked = check_inputs.skipped(book.out, book.project, book.langs)
        check_inputs.keep(book.out, report.to_json(), not_checked)
        book.html()  # the page with the result
    untranslated = missing(book.project.root, book.project.languages)
    click.echo("\n".join([*untranslated, report.summary(), *not_checked]))
    sys.exit(0 if report.ok and not untranslated else 1)


@main.command()
@out_option
def clean(out):
    """Remove the output folder, if it is ours."""
    from gradbook.book.site.output import clean as remove

    project = the_project()
    remove(out or project.out, project.inputs())


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", default="Neural networks by hand", show_default=True, help="The title of the book.")
@click.option("--author", multiple=True, help="An author (repeatable).")
@click.option("--lang", multiple=True, metavar="LANG", help="A language of the book (repeatable).  [default: en]")
@click.option("--shipped", is_flag=True, help="With the examples and chapters of gradbook's own book.")
def init(folder, title, author, lang, shipped):
    """Make a book of your own in FOLDER: settings, a first example, a first page."""
    from gradbook.book.init import new_book

    for path in new_book(folder, title, author, lang or ("en",), shipped):
        click.echo(f"wrote {_from_here(path)}")
    click.echo(f"build it: cd {folder} && gradbook")


@main.command()
@click.argument("name")
@click.option("--family", default="mlp", show_default=True, help="The model family.")
@click.option("--layers", default="2,3,2", show_default=True, help="Widths from input to output.")
@click.option("--activation", show_default="the family's own", help="Activation of every layer.")
@click.option("--samples", type=click.IntRange(1, 100), default=1, show_default=True, help="Samples in the batch.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another number gives other numbers.")
def new(name, family, layers, activation, samples, seed):
    """Write a new example file with hand-friendly numbers: examples/NAME.toml."""
    from gradbook.book.new import new_example

    project = the_project()
    path = new_example(project.examples, name, family, layers, activation, samples, seed, project.command)
    click.echo(f"wrote {_from_here(path)}")


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@main.command()
@build_options
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0 picks one.")
def serve(port, **options):
    """Build, serve on this machine only, and rebuild what an edit touches."""
    with build_of(options) as book:
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

    project = the_project()
    for line in update_all(project.root, project.languages):
        click.echo(line)
