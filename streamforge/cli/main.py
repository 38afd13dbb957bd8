"""The command line: ``streamforge COMMAND``.

Exit codes: 0 done; 1 the job or the daemon failed; 2 wrong usage, input or settings; 3 Redis (or the daemon) is not
there; 4 no such job or dead letter; 130 interrupted. Errors are one line on standard error; ``--debug`` adds the
traceback.
"""

from __future__ import annotations

import argparse
import getpass
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

from streamforge.errors import BrokerUnavailable, InputError, NotFound, StreamForgeError, UnknownJob
from streamforge.jobs.acts import acting

OK, FAILED, USAGE, AWAY, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_CODES: Final[tuple[tuple[type[StreamForgeError], int], ...]] = (
    (UnknownJob, NOT_FOUND),
    (NotFound, NOT_FOUND),
    (InputError, USAGE),
    (BrokerUnavailable, AWAY),
)
"""The first class that fits gives the exit code; any other error is FAILED."""

UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = build_parser().parse_args(argv)
    try:
        with acting(f"cli:{_user()}"):
            return _command(args.handler)(args)
    except StreamForgeError as error:
        return _fail(args, error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to flush at exit goes there
        return OK


def _user() -> str:
    """Whose login this is, for the audit log; a container may have no names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def build_parser() -> argparse.ArgumentParser:
    """Every command and option. Handlers are named, and imported when their command runs: help stays fast."""
    parser = argparse.ArgumentParser(
        prog="streamforge", description="AI generation jobs on Redis Streams: nothing lost, nothing done twice."
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    demo = _add(commands, "demo", "streamforge.cli.demo:demo", "make a set of banners with everything built in")
    brief = demo.add_mutually_exclusive_group()
    brief.add_argument("--prompt", help="what the banner is for")
    brief.add_argument("--brief", metavar="FILE", help="a JSON brief, or a text file with the prompt; - reads stdin")
    _picture_options(demo)
    _add_banner(commands)

    run = _add(commands, "run", "streamforge.cli.run:run", "run the daemon: worker and HTTP")
    run.add_argument("--port", type=int, help="HTTP port (api.port)")

    _add(commands, "record-exit", "streamforge.cli.run:record_exit", "for systemd: keep how the daemon ended")

    _add_jobs(commands)
    _add_queues(commands)
    _add_dead(commands)
    _add_models(commands)
    _add_keys(commands)
    _add_objects(commands)
    _add_db(commands)
    _add_erase(commands)
    _add_config(commands)

    completion = _add(commands, "completion", "streamforge.cli.completion:completion", "completion for a shell")
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))

    kinds = _add(commands, "kinds", "streamforge.cli.kinds:kinds", "list the pipelines, or show an input's schema")
    kinds.add_argument("kind", nargs="?")
    _remote_options(kinds)
    return parser


def _add_jobs(commands: Commands) -> None:
    submit = _add(commands, "submit", "streamforge.cli.submit:submit", "hand a job in")
    submit.add_argument("kind", help="see `streamforge kinds`")
    submit.add_argument("--input", required=True, metavar="JSON|@FILE", help="the input; @- reads stdin")
    submit.add_argument("--file", action="append", default=[], metavar="[NAME=]PATH", help="sent along; over HTTP")
    submit.add_argument("--id", help="the job's id; submitting it again gives the same job")
    submit.add_argument("--idempotency-key", default="", help="a repeated submission with this key is the same job")
    submit.add_argument("--queue", help="queue name")
    submit.add_argument("--priority", choices=("high", "normal", "low"), default="normal")
    submit.add_argument("--tenant", help="default: default, or the API key's own")
    submit.add_argument("--delay", type=_seconds, default=0.0, metavar="TIME", help="not before: 90, 15m, 2h, 1d")
    submit.add_argument("--expires-in", type=_seconds, default=0.0, metavar="TIME", help="not later than that")
    submit.add_argument("--wait", action="store_true", help="follow the job; exit 1 unless it succeeds")
    jobs = _add(commands, "jobs", "streamforge.cli.jobs:list_jobs", "list jobs, newest first")
    jobs.add_argument("--state", metavar="STATE,…", default="", help="such as queued,running,failed")
    for name in ("kind", "queue", "tenant"):
        jobs.add_argument(f"--{name}", default="")
    jobs.add_argument("--text", default="", help="in the id, the kind, the step or the error")
    jobs.add_argument("--count", type=_positive, default=20)
    status = _add(commands, "status", "streamforge.cli.jobs:status", "show a job")
    watch = _add(commands, "watch", "streamforge.cli.jobs:watch", "follow a job until it ends")
    for command in (status, watch):
        command.add_argument("id")
    cancel = _add(commands, "cancel", "streamforge.cli.jobs:cancel", "ask for the end of jobs, queued or running")
    cancel.add_argument("--reason", default="", help="shown to the jobs' owner")
    cancel.add_argument("--wait", action="store_true", help="return when they have ended")
    retry = _add(commands, "retry", "streamforge.cli.jobs:retry", "start failed or cancelled jobs again")
    for command in (cancel, retry):
        command.add_argument("id", nargs="+")
    for command in (submit, jobs, status, watch, cancel, retry):
        _remote_options(command)


def _add_banner(commands: Commands) -> None:
    banner = commands.add_parser("banner", help="banners: render a graph, list presets, keep brand kits")
    actions = banner.add_subparsers(title="actions", metavar="ACTION", required=True)
    render = _add(actions, "render", "streamforge.cli.banner:render", "lay out and paint a graph, without a daemon")
    render.add_argument("graph", metavar="GRAPH.json", help="as `streamforge banner schema` describes it")
    _picture_options(render)
    render.add_argument("--locks", metavar="FILE", help="JSON list of what is settled about elements")
    render.add_argument("--scale", type=int, choices=(1, 2), default=1, help="2 exports rasters at twice the size")
    render.add_argument("--max-kb", type=_positive, default=0, metavar="KB", help="cap of a raster file")
    render.add_argument("--outlines", action="store_true", help="SVG text as outlines")
    render.add_argument("--checks", action="store_true", help="print every check, not only those that fail")
    _add(actions, "schema", "streamforge.cli.banner:schema", "the JSON Schema of a graph")
    _add(actions, "sizes", "streamforge.cli.banner:sizes", "the presets that sizes may name")
    for action in actions.choices.values():
        _json_option(action)
    _add_kits(actions)


def _add_kits(commands: Commands) -> None:
    kit = commands.add_parser("kit", help="brand kits that briefs may name")
    actions = kit.add_subparsers(title="actions", metavar="ACTION", required=True)
    put = _add(actions, "put", "streamforge.cli.kits:put", "keep a kit under a name")
    put.add_argument("name")
    put.add_argument("file", metavar="KIT.json", help="logos may be files beside it")
    show = _add(actions, "show", "streamforge.cli.kits:show", "print a kit, its pictures left out")
    show.add_argument("name")
    _add(actions, "list", "streamforge.cli.kits:list_kits", "the names of the kits")
    delete = _add(actions, "delete", "streamforge.cli.kits:delete", "forget a kit")
    delete.add_argument("name")
    for action in actions.choices.values():
        action.add_argument("--tenant", default="", help="default: default, or the API key's own")
        _remote_options(action)


def _picture_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--size", action="append", metavar="WxH|PRESET", help="canvas, or a preset; repeatable")
    command.add_argument(
        "--format", action="append", choices=("png", "jpeg", "webp", "avif", "svg", "pdf"), help="repeatable"
    )
    command.add_argument("--logo", metavar="FILE", help="PNG, JPEG, WebP or SVG")
    command.add_argument("--logo-on-dark", metavar="FILE", help="takes the logo's place on dark grounds")
    command.add_argument("--hero", metavar="FILE", help="a photo, as PNG, JPEG or WebP")
    command.add_argument("--out", default="out", metavar="DIR", help="where the files go (default: out)")


def _add_dead(commands: Commands) -> None:
    dead = commands.add_parser("dead", help="dead letters: what could not be done, and why")
    actions = dead.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", "streamforge.cli.dead:list_letters", "newest first")
    listing.add_argument("--count", type=_positive, default=20)
    listing.add_argument("--before", default="", metavar="ID", help="older than this one")
    _filter_options(listing)
    show = _add(actions, "show", "streamforge.cli.dead:show", "one, with its original fields")
    show.add_argument("id")
    requeue = _add(actions, "requeue", "streamforge.cli.dead:requeue", "try again the named ones, or a filter's")
    requeue.add_argument("--fresh", action="store_true", help="without their checkpoints")
    purge = _add(actions, "purge", "streamforge.cli.dead:purge", "forget the named ones, or a filter's")
    for action in (requeue, purge):
        action.add_argument("id", nargs="*")
        _filter_options(action)
        action.add_argument("--all", action="store_true", help="every one")
    for action in actions.choices.values():
        _remote_options(action)


def _filter_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--reason", default="", help="such as crashed, attempts_exhausted, invalid_input")
    command.add_argument("--kind", default="")
    command.add_argument("--tenant", default="")
    command.add_argument("--older-than", type=_seconds, metavar="TIME", help="90, 15m, 2h, 1d")


def _add_queues(commands: Commands) -> None:
    queues = commands.add_parser("queues", help="queues: what waits in them, pause and resume")
    actions = queues.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", "streamforge.cli.queues:list_queues", "what waits, by priority and tenant")
    listing.add_argument("queue", nargs="*", help="default: worker.queues")
    for name, text in (("pause", "start no more of their jobs, on any worker"), ("resume", "start their jobs again")):
        _add(actions, name, f"streamforge.cli.queues:{name}", text).add_argument("queue", nargs="+")
    workers = _add(commands, "workers", "streamforge.cli.queues:list_workers", "the workers that are alive")
    top = _add(commands, "top", "streamforge.cli.top:top", "queues, workers and jobs, as they go")
    top.add_argument("--once", action="store_true", help="print how it stands, and end")
    drain = _add(commands, "drain", "streamforge.cli.queues:drain", "have workers hand back their jobs and end")
    drain.add_argument("worker", nargs="*", help="worker.name of a daemon")
    drain.add_argument("--all", action="store_true", help="every worker")
    drain.add_argument("--timeout", type=_seconds, default=60.0, metavar="TIME", help="how long to wait (default 60)")
    for command in (*actions.choices.values(), workers, top, drain):
        _remote_options(command)


def _add_models(commands: Commands) -> None:
    models = commands.add_parser("models", help="models: which are asked, what they cost, a fake one")
    actions = models.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", "streamforge.cli.models:list_models", "the settings' chains, prices and keys")
    _json_option(listing)
    health = _add(actions, "health", "streamforge.cli.money:health", "circuits, and keys that were refused")
    health.add_argument("--lift", action="store_true", help="let all of them be tried at once")
    spent = _add(actions, "spent", "streamforge.cli.money:spent", "what a tenant's calls cost on a day, by model")
    spent.add_argument("--tenant", default="", help="default: default, or the API key's own")
    spent.add_argument("--day", default="", metavar="YYYY-MM-DD", help="UTC; default: today")
    credit = _add(actions, "credit", "streamforge.cli.money:credit", "show a tenant's credits, or grant some")
    credit.add_argument("tenant")
    credit.add_argument("usd", nargs="?", type=_dollars)
    credit.add_argument("--id", default="", help="the payment's: granting it again changes nothing")
    for action in (health, spent, credit):
        _remote_options(action)
    fake = _add(actions, "serve-fake", "streamforge.cli.models:serve_fake", "a scripted server in the providers' place")
    fake.add_argument("--host", default="127.0.0.1")
    fake.add_argument("--port", type=int, default=8089)
    fake.add_argument("--faults", default="", metavar="FAULT=SHARE,…", help="such as rate_limited=0.05,stalled=0.01")
    fake.add_argument("--seed", type=int, default=1, help="of the faults")
    fake.add_argument("--requests-per-min", type=int, default=0, help="enforced for each key; 0 is no limit")
    fake.add_argument("--tokens-per-min", type=int, default=0, help="the same for tokens")


def _add_keys(commands: Commands) -> None:
    keys = commands.add_parser("keys", help="API keys: make, list, rotate, revoke")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = _add(actions, "create", "streamforge.cli.keys:create", "make a key, and print it once")
    create.add_argument("--admin", action="store_true", help="an operator's: every tenant, every scope")
    create.add_argument("--tenant", default="", help="whose it is (default: default)")
    create.add_argument("--scope", action="append", choices=("read", "submit", "admin"), help="repeatable (submit)")
    create.add_argument("--note", default="", help="what it is for")
    create.add_argument("--expires-in", type=_seconds, default=0.0, metavar="TIME", help="90, 15m, 2h, 30d")
    listing = _add(actions, "list", "streamforge.cli.keys:list_keys", "every key, without its secret")
    listing.add_argument("--tenant", default="")
    rotate = _add(actions, "rotate", "streamforge.cli.keys:rotate", "give a key another secret, and print it once")
    rotate.add_argument("id")
    rotate.add_argument("--overlap", type=_seconds, default=0.0, metavar="TIME", help="the old one stays good so long")
    _add(actions, "revoke", "streamforge.cli.keys:revoke", "forget keys").add_argument("id", nargs="+")
    for action in actions.choices.values():
        _remote_options(action)


def _add_objects(commands: Commands) -> None:
    objects = commands.add_parser("objects", help="the object store: what is kept, check it, clear it")
    actions = objects.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "usage", "streamforge.cli.objects:usage", "what each tenant keeps, and may")
    collect = _add(actions, "collect", "streamforge.cli.objects:collect", "delete what nothing refers to any more")
    collect.add_argument("--dry-run", action="store_true", help="only say how much that is")
    check = _add(actions, "check", "streamforge.cli.objects:check_all", "exit 1 where an object is missing")
    check.add_argument("--read", action="store_true", help="or, having read all of them, is damaged")
    _add(actions, "take-over", "streamforge.cli.objects:take_over", "after Redis was lost: this one counts now")
    for action in actions.choices.values():
        _json_option(action)


def _add_db(commands: Commands) -> None:
    db = commands.add_parser("db", help="the archive's database: upgrade, check, export, import")
    actions = db.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "upgrade", "streamforge.cli.db:upgrade", "bring its tables up to date, beside running daemons")
    _add(actions, "check", "streamforge.cli.db:check", "exit 1 where the tables, or the claim, are not right")
    export = _add(actions, "export", "streamforge.cli.db:export", "write all of it into one compressed file")
    export.add_argument("file", metavar="FILE", help="such as archive.jsonl.gz; - writes to standard output")
    import_ = _add(actions, "import", "streamforge.cli.db:import_", "read an export into an empty database")
    import_.add_argument("file", metavar="FILE", help="- reads standard input")
    claim = _add(actions, "claim", "streamforge.cli.db:claim", "have the daemon's Redis archived in this database")
    claim.add_argument("--take-over", action="store_true", help="from another one, which is lost or given up")
    _add(actions, "release", "streamforge.cli.db:release", "have the daemon's Redis archived nowhere")
    for action in actions.choices.values():
        _json_option(action)


def _add_erase(commands: Commands) -> None:
    erase = commands.add_parser("erase", help="erase jobs or tenants, everywhere and for good")
    actions = erase.add_subparsers(title="actions", metavar="ACTION", required=True)
    job = _add(actions, "job", "streamforge.cli.erase:erase_jobs", "jobs that have ended, with their files")
    job.add_argument("id", nargs="+")
    tenant = _add(actions, "tenant", "streamforge.cli.erase:erase_tenants", "tenants, with all that is theirs")
    tenant.add_argument("tenant", nargs="+")
    tenant.add_argument("--yes", action="store_true", help="do it")
    for action in actions.choices.values():
        _json_option(action)


def _add_config(commands: Commands) -> None:
    config = commands.add_parser("config", help="check or show the settings")
    actions = config.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "check", "streamforge.cli.settings:check", "exit 0 if the settings can be used")
    _add(actions, "show", "streamforge.cli.settings:show_settings", "every setting, where it came from; secrets masked")
    for action in actions.choices.values():
        _json_option(action)
    _add(actions, "example", "streamforge.cli.settings:example", "an example file with every setting explained")


def _add(commands: Commands, name: str, handler: str, help_text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    command.set_defaults(handler=handler)
    command.add_argument("--config", metavar="FILE", help="settings file (default: ./streamforge.toml where present)")
    command.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="one setting; repeatable"
    )
    command.add_argument("--debug", action="store_true", help="tracebacks, debug log")
    return command


def _positive(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or int(text) == 0:  # noqa: PLR2004 - what Redis and Python take
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 1 on")
    return int(text)


def _dollars(text: str) -> float:
    if not text.replace(".", "", 1).isdecimal() or len(text) > 12 or float(text) == 0:  # noqa: PLR2004 - a million
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no amount of dollars, such as 25 or 9.99")
    return float(text)


def _seconds(text: str) -> float:
    """A length of time: seconds, or with s, m, h, d."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if not number.replace(".", "", 1).isdecimal() or len(number) > 9:  # noqa: PLR2004 - some thirty years
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a length of time, such as 90, 15m, 2h, 1d")
    return float(number) * UNITS[unit]


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="JSON on standard output")


def _remote_options(command: argparse.ArgumentParser) -> None:
    _json_option(command)
    command.add_argument(
        "--url", default="", help="of a daemon's HTTP, with $STREAMFORGE_API_KEY (default: $STREAMFORGE_URL, or Redis)"
    )


def _command(handler: str) -> Command:
    module, _, name = handler.partition(":")
    return cast("Command", getattr(importlib.import_module(module), name))


def _fail(args: argparse.Namespace, error: StreamForgeError) -> int:
    if args.debug:
        traceback.print_exception(error)
    sys.stderr.write(f"streamforge: {error}\n")
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)


class _Version(argparse.Action):
    """Print the version and exit; it is looked up only when asked for, which takes 20 ms."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it."""
        from importlib.metadata import version  # noqa: PLC0415 - see the class

        sys.stdout.write(f"streamforge {version('streamforge')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
