"""One book: the folder it lies in, what its gradbook.toml says, and where its examples and chapters are."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError

from gradbook.engine import plugins
from gradbook.engine.errors import BookError, unknown
from gradbook.engine.spec.example import Known, Model
from gradbook.engine.spec.mistakes import TABLE, TEXT, sentence
from gradbook.engine.spec.plain import plain
from gradbook.engine.spec.toml import parse, read_tables

SETTINGS = "gradbook.toml"
"""The file that makes a folder a book of one's own."""

PACKAGE = Path(__file__).resolve().parent.parent
"""Where gradbook's own rooms lie: the checkout, or the installed package. The checkout is a project too."""

APART = ("_templates", "static", "locale", "examples", "operations", "reference", "about")
"""What lies in a folder of chapters, or is made beside them, and is none."""

ALWAYS = ("how-to-read.md",)
"""The chapters that the pages of every book refer to."""

Line = Annotated[str, plain("title")]


def _each_once(names: list[str]) -> list[str]:
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ValueError(f"names {twice[0]!r} twice")
    return names


def _web(address: str) -> str:
    if address and not address.startswith(("https://", "http://")):
        raise ValueError("expected the address of the site, which starts with https:// or http://")
    return address


class Defaults(Model):
    """[page]: how numbers are printed in examples that do not say it themselves."""

    arithmetic: Annotated[str, Known("arithmetic", ("pencil", "exact"))] | None = None
    digits: Annotated[int, Field(ge=2, le=12)] | None = None


class Settings(Model):
    """What gradbook.toml may say. `shipped` names what comes along of gradbook's own book."""

    title: Annotated[
        Annotated[Line, Tag(TEXT)] | Annotated[dict[str, Line], Field(min_length=1), Tag(TABLE)],
        Discriminator(lambda value: TABLE if isinstance(value, dict) else TEXT),
    ] = "gradbook"
    authors: list[Line] = Field(default_factory=list)
    languages: Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)] | None = None
    address: Annotated[str, AfterValidator(_web)] = ""
    shipped: Annotated[list[Literal["examples", "chapters"]], AfterValidator(_each_once)] = Field(
        default_factory=list
    )
    page: Defaults = Defaults()


@dataclass(frozen=True)
class Project:
    """One book, from its folder."""

    root: Path
    settings: Settings

    @classmethod
    def at(cls, root: Path) -> "Project":
        """The book in a folder; without a gradbook.toml every setting is the default. Raises BookError."""
        path = Path(root).resolve() / SETTINGS
        return cls._from(read_tables(path) if path.exists() else {}, path)

    @classmethod
    def of(cls, text: str, root: Path) -> "Project":
        """The book that a gradbook.toml with this text would make of a folder. Raises BookError."""
        path = Path(root).resolve() / SETTINGS
        try:
            return cls._from(parse(text), path)
        except ValueError as error:
            raise BookError(f"{path}: {error}.") from None

    @classmethod
    def _from(cls, tables: dict, path: Path) -> "Project":
        try:
            return cls(path.parent, Settings.model_validate(tables))
        except ValidationError as error:
            raise BookError(f"{path}: {sentence(error, Settings)}") from None

    @classmethod
    def around(cls, folder: Path) -> "Project":
        """The book that `folder` lies in: the nearest folder, from here upwards, that holds a gradbook.toml."""
        if found := nearest(folder):
            return cls.at(found)
        raise BookError(
            f"{folder}: there is no book here or above ({SETTINGS}); `gradbook init DIR` makes one, "
            "`gradbook --project DIR` names another folder."
        )

    def opened(self) -> "Project":
        """This book, its own families, operations and templates found from now on, by all processes of a build."""
        if not self.is_ours:
            plugins.use(self.root)
        return self

    @property
    def languages(self) -> list[str]:
        """The book's languages, that of its chapters first. Raises BookError if one is unknown."""
        from .i18n.words import languages  # late: `trace` asks for none, and templates and catalogues load slowly

        for code in (wanted := self.settings.languages or list(languages())):
            if code not in languages():
                raise unknown(f"{self.root / SETTINGS}: languages", "language", code, languages())
        return wanted

    @property
    def is_ours(self) -> bool:
        """Whether this is gradbook's own book, in its checkout."""
        return self.root == PACKAGE

    @property
    def command(self) -> str:
        """What an author types to build it."""
        return "python build.py" if self.is_ours else "gradbook"

    @property
    def out(self) -> Path:
        """Where the book is built unless --out says otherwise."""
        return self.root / "build"

    @property
    def examples(self) -> Path:
        """The folder of this book's own example files."""
        return self.root / "examples"

    @property
    def docs(self) -> Path:
        """The folder of this book's own chapters."""
        return self.root / "docs"

    def chapters(self) -> dict[str, Path]:
        """Name in the book -> file, of every chapter and what chapters show. One of the project takes the place of
        a shipped one of the same name; how to read the pages comes along with every book."""
        ours = chapters_in(PACKAGE / "docs")
        if not self.has_reference:
            ours = {name: ours[name] for name in ALWAYS}
        return ours | chapters_in(self.docs)

    @property
    def locales(self) -> list[Path]:
        """Where translations of chapters are: those of the project go before shipped ones."""
        return [PACKAGE / "docs" / "locale", self.docs / "locale"]

    @property
    def has_reference(self) -> bool:
        """Whether the catalogue of operations and the map belong to this book: they go with gradbook's chapters."""
        return self.is_ours or "chapters" in self.settings.shipped

    def example_paths(self, only: tuple[str, ...] = ()) -> list[Path]:
        """The example files of the book, or those that `only` names; one of the project takes the place of a
        shipped one of the same name. Raises BookError if there are none or a name is unknown."""
        from .base.address import distinct

        ours = [PACKAGE / "examples"] if "examples" in self.settings.shipped else []
        folders = [*ours, self.examples]
        found = {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
        if not found:
            raise BookError(f"{self.examples}: there is no example file (*.toml).")
        for name in only:
            if Path(name).stem not in found:
                raise unknown("--only", "example", name, sorted(found))
        wanted = {Path(name).stem for name in only} or set(found)
        distinct(found.values())
        return [found[name] for name in sorted(wanted)]

    def example(self, name: str) -> Path:
        """The file of one example, by its name or its path. Raises BookError if there is none."""
        if name.endswith(".toml") and Path(name).is_file():
            return Path(name)
        found = {path.stem: path for path in self.example_paths()}
        if Path(name).stem not in found:
            raise unknown(str(self.examples), "example", name, sorted(found))
        return found[Path(name).stem]

    def inputs(self) -> list[Path]:
        """Every folder that the book is made from: its own, and gradbook's."""
        ours = [PACKAGE / room for room in ("docs", "templates", "engine", "book")]
        return list(dict.fromkeys([*self.watched(), *ours]))

    def watched(self) -> list[Path]:
        """Every folder that an edit of the book may be made in."""
        rooms = ["examples", "docs", "templates", "book/site/theme" if self.is_ours else "engine"]
        return [path for room in rooms if (path := self.root / room).is_dir()]

    def edition(self, present: set[str], is_part: bool = False) -> "Edition":
        """The edition that holds these examples; the others that are known, here or shipped, are left out."""
        folders = (PACKAGE / "examples", self.examples)
        known = {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
        return Edition(self, {name: path for name, path in known.items() if name not in present}, is_part)

    @property
    def changes(self) -> tuple[str, ...]:
        """What gradbook.toml says where an example's file leaves it open, as changes of that example."""
        page = self.settings.page.model_dump(exclude_none=True)
        return tuple(f"page.{key}?={value}" for key, value in page.items())

    def title(self, lang: str) -> str:
        """The book's title in a language; in another one if it has none in this."""
        title = self.settings.title
        return title if isinstance(title, str) else title.get(lang, next(iter(title.values())))

    def pdf_name(self, lang: str) -> str:
        """The name of the PDF's file, from the title."""
        from docutils.nodes import make_id

        return f"{make_id(self.title(lang)) or 'book'}-{lang}.pdf"

    @property
    def author(self) -> str:
        return ", ".join(self.settings.authors)


@dataclass(frozen=True)
class Edition:
    """What a build holds of a book: `left_out` are the files of the examples that it does not, by name; a part of a
    book, as --only makes it, has no reference either."""

    project: Project | None = None
    left_out: Mapping[str, Path] = field(default_factory=dict)
    is_part: bool = False

    @property
    def has_reference(self) -> bool:
        return self.project is None or (self.project.has_reference and not self.is_part)

    def settings(self, lang: str) -> list[str]:
        """Sphinx's settings for this edition in a language: whose book it is, and what chapters may still quote."""
        return [*self._of_the_book(lang), *self._of_what_is_left_out()]

    def _of_the_book(self, lang: str) -> list[str]:
        if self.project is None:
            return []
        title, address = self.project.title(lang), self.project.settings.address
        site = f"{address.rstrip('/')}/{lang}/" if address else ""
        return [f"project={title}", f"html_title={title}", f"author={self.project.author}", f"html_baseurl={site}"]

    def _of_what_is_left_out(self) -> list[str]:
        if not self.left_out:
            return []
        files = os.pathsep.join(map(str, self.left_out.values()))
        return [f"gradbook_left_out={','.join(self.left_out)}", f"gradbook_spare={files}"]

    def excuses(self, sentence: str) -> bool:
        """Whether a warning of Sphinx is no mistake in this edition."""
        return self._speaks_of_what_is_left_out(sentence) or self._is_left_unlisted(sentence)

    def _speaks_of_what_is_left_out(self, sentence: str) -> bool:
        """Whether this is a place in a contents list, a figure or a link, of what this edition does not hold."""
        from .base.address import address  # late, as docutils is loaded slowly

        places = "|".join(re.escape(address(name)) for name in self.left_out)
        spoken_of = [rf"'(?:examples/(?:{places})/|#?(?:{places})-)"] if places else []
        if not self.has_reference:
            spoken_of.append(r"'(?:\.\./)*(?:operations/|about/map|#?op-|#?operations\b|#?map\b)")
        return any(re.search(pattern, sentence) for pattern in spoken_of)

    def _is_left_unlisted(self, sentence: str) -> bool:
        """Whether this says that a page which is generated, or shipped with gradbook, is in no contents list."""
        place, _, said = sentence.partition(": ")
        if not said.startswith("document isn't included in any toctree") or self.project is None:
            return False
        page = self.project.root / re.sub(r":\d+$", "", place)
        return not (self.project.is_ours or page.is_file())


WHOLE = Edition()
"""A book of which nothing is left out, and of which nothing more is known."""


def chapters_in(docs: Path) -> dict[str, Path]:
    """The chapters in a folder and what they show, by name."""
    files = (path for path in sorted(docs.rglob("*")) if path.is_file() and path.suffix != ".py")
    named = {path.relative_to(docs).as_posix(): path for path in files}
    return {name: path for name, path in named.items() if name.partition("/")[0] not in APART}


def nearest(folder: Path) -> Path | None:
    """The nearest folder, from this one upwards, that holds a gradbook.toml."""
    folder = Path(folder).resolve()
    return next((each for each in (folder, *folder.parents) if (each / SETTINGS).is_file()), None)
