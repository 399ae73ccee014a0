"""`digits template`: draw and store templates of forms."""

import argparse
from pathlib import Path

from service.commands.errors import CommandError
from service.commands.files import content_of, is_template_file, name_of, using
from service.main import allowed_lists
from service.settings import Settings, load_settings
from service.stacks.template_pages import printable_pdf
from service.stacks.templates import TemplateStore


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command line."""
    parser = commands.add_parser("template", help="draw and store templates of forms")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    draw = actions.add_parser("draw", help="make a PDF to print, with corner marks and boxes")
    draw.add_argument("name", metavar="NAME", help="a stored template, or the path of a template's .json")
    draw.add_argument("--out", type=Path, metavar="PATH", help="the PDF (default: NAME.pdf)")
    draw.set_defaults(run=run_draw)
    store = actions.add_parser("store", help="store a template in DIGITS_TEMPLATES_DIR")
    store.add_argument("name", metavar="NAME", help="a-z, 0-9, _ and -")
    store.add_argument("template", type=Path, metavar="JSON", help="the template")
    store.add_argument("pages", type=Path, nargs="*", metavar="PAGE", help="its blank pages: one PDF, or pictures")
    store.set_defaults(run=run_store)


def run_draw(arguments: argparse.Namespace) -> int:
    """Write the PDF of a template; raises a `DigitsError` where there is no such template."""
    path = Path(arguments.name)
    settings = load_settings()
    if is_template_file(arguments.name):
        template = _store(settings).brought(content_of(path), [])
    else:
        _refuse_without_folder(settings)
        template = _store(settings).load(arguments.name)
    out: Path = arguments.out or Path(f"{path.stem}.pdf")
    pdf = printable_pdf(template)
    with using(out, "written"):
        out.write_bytes(pdf)
    print(f"{name_of(out)}: print it in its true size, not fitted to the paper.")
    return 0


def run_store(arguments: argparse.Namespace) -> int:
    """Store a template after all of it has been checked; raises a `DigitsError` where it cannot be used."""
    settings = load_settings()
    _refuse_without_folder(settings)
    pages = [content_of(page) for page in arguments.pages]
    stored, is_new = _store(settings).save(arguments.name, content_of(arguments.template), pages)
    print(f"{stored.name}: {len(stored.template.fields)} fields, {'stored' if is_new else 'replaced'}.")
    return 0


def _refuse_without_folder(settings: Settings) -> None:
    if settings.templates_dir is None:
        raise CommandError(
            "No templates are stored yet. Set DIGITS_TEMPLATES_DIR to the folder that they are to be kept in, for this "
            "command and for whoever reads with them."
        )


def _store(settings: Settings) -> TemplateStore:
    return TemplateStore(settings.templates_dir, max_pixels=settings.max_image_pixels, lists=allowed_lists(settings))
