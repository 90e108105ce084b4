"""The `qlp` command. Commands import what they need when they run, so that `qlp --help` stays quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from qlp import __version__
from qlp.cli.confidence_commands import confidence_app
from qlp.cli.dashes import AfterDashes, after_dashes
from qlp.cli.money_commands import register as register_money
from qlp.cli.prompts_commands import prompts_app
from qlp.cli.route_commands import experiments_app, route_app
from qlp.cli.screen import errors_shown


def _group(text: str) -> typer.Typer:
    # rich's help costs half a second of imports
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=text,
    )


app = _group("Plain-language requests to verified software.")
runs_app = _group("Runs: list, show, follow, cancel, resume.")
capsule_app = _group("Capsules: fetch, verify.")
sandbox_app = _group("Sandbox images and toolchains.")
app.add_typer(runs_app, name="runs")
app.add_typer(capsule_app, name="capsule")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(confidence_app, name="confidence")
app.add_typer(route_app, name="route")
app.add_typer(experiments_app, name="experiments")
app.add_typer(prompts_app, name="prompts")
image_app = _group("Profiles of your own: dependencies, or any image.")
sandbox_app.add_typer(image_app, name="image")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Out = Annotated[Optional[Path], typer.Option("-o", "--out", help="Folder for the capsule and the project.")]  # noqa: UP045
Language = Annotated[Optional[str], typer.Option("--language", help="python, javascript, typescript or go.")]  # noqa: UP045


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"qlp {__version__}")
        raise typer.Exit


@app.command()
def run(
    request: Annotated[Optional[str], typer.Argument(help="What to build, in plain language.")] = None,  # noqa: UP045
    out: Out = None,
    file: Annotated[Optional[Path], typer.Option("--file", help="Read the request from a file; - is stdin.")] = None,  # noqa: UP045
    language: Language = None,
    test: Annotated[Optional[list[Path]], typer.Option("--test", help="A test file that the result must pass.")] = None,  # noqa: UP045
    tier: Annotated[Optional[str], typer.Option("--tier", help="Force t0, t1, t2 or t3.")] = None,  # noqa: UP045
    max_cost: Annotated[Optional[str], typer.Option("--max-cost", help="Cap of model cost, US dollars.")] = None,  # noqa: UP045
    deadline: Annotated[Optional[float], typer.Option("--deadline", help="Limit of the run, seconds.")] = None,  # noqa: UP045
    policy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--policy", help="prototype, development, production, critical, or one of your own by name."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build software from a request and verify it. Exit 0 verified, 1 failed, 2 usage, 3 unverified, 4 budget."""
    import asyncio

    from qlp.cli.run import make_request, read_request, run_request
    from qlp.config import Settings
    from qlp.pipeline.admit import admit

    with errors_shown(as_json):
        settings = Settings()
        wish = make_request(read_request(request, file), language, test or [], tier, max_cost, deadline, policy)
        admit(wish, settings.runs, home=settings.home)
        code = asyncio.run(run_request(wish, settings, out, as_json=as_json))
    raise typer.Exit(code)


@runs_app.command("ls")
def runs_ls(limit: Annotated[int, typer.Option(min=1, max=100)] = 20, as_json: Json = False) -> None:
    """The latest runs."""
    from qlp.cli.runs import list_runs

    with errors_shown(as_json):
        list_runs(limit, as_json=as_json)


@runs_app.command("show")
def runs_show(run_id: str, as_json: Json = False) -> None:
    """One run: status, verdict, cost."""
    from qlp.cli.runs import show_run

    with errors_shown(as_json):
        show_run(run_id, as_json=as_json)


@runs_app.command("logs")
def runs_logs(
    run_id: str,
    follow: Annotated[bool, typer.Option("-f", help="Go on until the run ends.")] = False,
    as_json: Json = False,
) -> None:
    """The events of a run, one a line."""
    from qlp.cli.runs import show_logs

    with errors_shown(as_json):
        show_logs(run_id, follow=follow, as_json=as_json)


@runs_app.command("cancel")
def runs_cancel(run_id: str, as_json: Json = False) -> None:
    """Cancel a run; it can be resumed."""
    from qlp.cli.runs import cancel_run

    with errors_shown(as_json):
        cancel_run(run_id, as_json=as_json)


@runs_app.command("resume")
def runs_resume(
    run_id: Annotated[Optional[str], typer.Argument()] = None,  # noqa: UP045
    last: Annotated[bool, typer.Option("--last", help="The newest run.")] = False,
    out: Out = None,
    max_cost: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--max-cost", help="Cap of the whole run from now on, what it has spent included, US dollars."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go on with a cancelled, interrupted or waiting run; finished steps are not repeated."""
    import asyncio

    from qlp.cli.run import resume_run
    from qlp.cli.runs import pick
    from qlp.config import Settings

    with errors_shown(as_json):
        settings = Settings()
        code = asyncio.run(resume_run(pick(run_id, last, settings), settings, out, as_json=as_json, max_cost=max_cost))
    raise typer.Exit(code)


@capsule_app.command("get")
def capsule_get(run_id: str, out: Out = None, as_json: Json = False) -> None:
    """Save the capsule of a finished run, and its project unpacked."""
    from qlp.cli.capsule import get_capsule

    with errors_shown(as_json):
        get_capsule(run_id, out or Path(), as_json=as_json)


@capsule_app.command("verify")
def capsule_verify(
    file: Annotated[Optional[Path], typer.Argument(help="A capsule's zip.")] = None,  # noqa: UP045
    last: Annotated[bool, typer.Option("--last", help="The capsule of the newest finished run.")] = False,
    key: Annotated[Optional[Path], typer.Option("--key", help="Trust this public key (PEM).")] = None,  # noqa: UP045
    rerun: Annotated[bool, typer.Option(help="Run the evidence again in a fresh sandbox.")] = True,
    as_json: Json = False,
) -> None:
    """Check signature and digests, and run the evidence again. Exit 0 only if everything holds."""
    from qlp.cli.capsule import verify_capsule

    with errors_shown(as_json):
        code = verify_capsule(file, last=last, key=key, rerun=rerun, as_json=as_json)
    raise typer.Exit(code)


@app.command("exec", cls=AfterDashes)
def exec_(
    ctx: typer.Context,
    files: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(metavar="FILE... [-- ARGS]", help="Files and folders; what follows -- goes to the program."),
    ] = None,
    language: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--language", "--lang", help="Of the program; by default its file's ending tells."),
    ] = None,
    entry: Annotated[Optional[str], typer.Option(help="Which of the files to run.")] = None,  # noqa: UP045
    stdin: Annotated[Optional[Path], typer.Option(help="File for standard input; by default it is passed on.")] = None,  # noqa: UP045
    env: Annotated[Optional[list[str]], typer.Option(help="NAME=VALUE, or NAME to pass yours on.")] = None,  # noqa: UP045
    fetch: Annotated[Optional[list[str]], typer.Option(help="A file that the program makes, to bring back.")] = None,  # noqa: UP045
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for what is fetched.")] = Path(),
    test: Annotated[bool, typer.Option("--test", help="Run the language's test runner over the files.")] = False,
    profile: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Image profile; without --language, what follows -- is the command to run in it."),
    ] = None,
    runtime: Annotated[Optional[str], typer.Option(help="OCI runtime: runc, runsc, kata.")] = None,  # noqa: UP045
    strict: Annotated[bool, typer.Option("--strict", help="In a sandbox that nobody else used or will use.")] = False,
    timeout: Annotated[float, typer.Option(help="Wall clock limit, seconds.", min=0.1, max=600)] = 30.0,
    server: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--server/--local", help="By the server of `qlp up`, or in this process; by default as it runs."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run files in a sandbox, output as it comes; standard input is passed on. Exits as the program does."""
    from qlp.cli.execute import Wishes, execute_files

    with errors_shown(as_json):
        wishes = Wishes(
            files=files or [],
            rest=after_dashes(ctx),
            language=language,
            entry=entry,
            stdin=stdin,
            env=env or [],
            fetch=fetch or [],
            test=test,
            profile=profile,
            runtime=runtime,
            strict=strict,
            timeout=timeout,
        )
        code = execute_files(wishes, out, server=server, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def validate(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="A file or a folder.")],
    policy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="prototype, development, production, critical, or a policy file of your own."),
    ] = None,
    language: Annotated[Optional[str], typer.Option(help="By default the files' endings tell.")] = None,  # noqa: UP045
    profile: Annotated[Optional[str], typer.Option(help="Image profile to run the commands in.")] = None,  # noqa: UP045
    command: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar='PURPOSE="..."', help="install, build, test, start or run, instead of what is guessed."),
    ] = None,
    stages: Annotated[Optional[str], typer.Option(help="Only these, with commas between them.")] = None,  # noqa: UP045
    port: Annotated[Optional[int], typer.Option(help="Port on which the start command listens.", min=1)] = None,  # noqa: UP045
    sarif: Annotated[Optional[Path], typer.Option(help="Write a SARIF 2.1.0 report.")] = None,  # noqa: UP045
    junit: Annotated[Optional[Path], typer.Option(help="Write a JUnit XML report.")] = None,  # noqa: UP045
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Take a known verdict on the same content.")] = True,
    opinions: Annotated[bool, typer.Option("--opinions", help="Ask the configured model for a review too.")] = False,
    requirements: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="For the review: a file that says what the code is meant to do."),
    ] = None,
    changed_only: Annotated[
        bool, typer.Option("--changed-only", help="Only the files that are named, as pre-commit does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Validate a file or a project in a sandbox: syntax, style, types, security, tests, runtime.

    Exit 0 verified, 1 failed, 2 usage, 3 unverified.
    """
    from qlp.cli.validate import Wishes, validate_paths

    with errors_shown(as_json):
        wishes = Wishes(
            policy=policy,
            language=language,
            profile=profile,
            command=command or [],
            stages=stages,
            port=port,
            cache=cache,
            opinions=opinions,
            requirements=requirements,
            sarif=sarif,
            junit=junit,
        )
        code = validate_paths(paths, wishes, changed_only=changed_only, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def models(as_json: Json = False) -> None:
    """What can generate here: blueprints, and the models of the configured endpoint."""
    from qlp.cli.models import list_models

    with errors_shown(as_json):
        list_models(as_json=as_json)


@app.command()
def up(as_json: Json = False) -> None:
    """Start the local cluster and the HTTP API on 127.0.0.1; prints the API key once."""
    from qlp.cli.cluster import bring_up

    with errors_shown(as_json):
        bring_up(as_json=as_json)


@app.command()
def down(as_json: Json = False) -> None:
    """Stop what `qlp up` started."""
    from qlp.cli.cluster import bring_down

    with errors_shown(as_json):
        bring_down(as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """What runs. Exit 0 if the server is up."""
    from qlp.cli.cluster import show_status

    with errors_shown(as_json):
        code = show_status(as_json=as_json)
    raise typer.Exit(code)


@app.command()
def doctor(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Ask only whether an isolation works here.")] = False,
    as_json: Json = False,
) -> None:
    """Which parts are real here (engine, isolation, models, store), and how to get the rest."""
    from qlp.cli.doctor import examine, examine_sandbox

    with errors_shown(as_json):
        code = examine_sandbox(as_json=as_json) if sandbox else examine(as_json=as_json)
    raise typer.Exit(code)


@sandbox_app.command("build")
def sandbox_build(
    profiles: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(help="python, node, go (the default), java, rust, c, scripts, mono."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="For every backend that works here, not only the best.")
    ] = False,
    all_profiles: Annotated[bool, typer.Option("--all", help="Every built-in profile.")] = False,
    as_json: Json = False,
) -> None:
    """Build what sandboxes need here: images where there is a container engine, else toolchains for bubblewrap."""
    from qlp.cli.sandbox import build

    with errors_shown(as_json):
        build(profiles or [], every=every, all_profiles=all_profiles, as_json=as_json)


@image_app.command("add")
def sandbox_image_add(
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(help="requirements.txt, package.json or go.mod."),
    ] = None,
    name: Annotated[Optional[str], typer.Option(help="The new profile's name.")] = None,  # noqa: UP045
    profile: Annotated[Optional[str], typer.Option(help="The built-in profile below.")] = None,  # noqa: UP045
    from_image: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Instead of a file: any image that the engine has."),
    ] = None,
    index: Annotated[str, typer.Option(help="Index, registry or module proxy; its host must be allowed.")] = "",
    user_config: Annotated[
        bool, typer.Option("--user-config", help="Let pip, npm and go read your own configuration.")
    ] = False,
    allow: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="A further host that may be reached, this time."),
    ] = None,
    wheels: Annotated[Optional[Path], typer.Option(help="Folder of wheels to look at first.")] = None,  # noqa: UP045
    offline: Annotated[bool, typer.Option("--offline", help="Ask no index.")] = False,
    as_json: Json = False,
) -> None:
    """Add a profile: a built-in one with dependencies, or any image. The network is used only here."""
    from qlp.cli.sandbox import add

    with errors_shown(as_json):
        add(
            file, name=name, profile=profile, from_image=from_image, index=index, user_config=user_config,
            allow=tuple(allow or ()), wheels=wheels, offline=offline, as_json=as_json,
        )  # fmt: skip


@image_app.command("ls")
def sandbox_image_ls(as_json: Json = False) -> None:
    """The added profiles."""
    from qlp.cli.sandbox import ls

    with errors_shown(as_json):
        ls(as_json=as_json)


@image_app.command("rm")
def sandbox_image_rm(name: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Remove an added profile."""
    from qlp.cli.sandbox import rm

    with errors_shown(as_json):
        rm(name, as_json=as_json)


register_money(app)


def main() -> None:
    """Console script. Warnings of libraries about their own future are no news for a user."""
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    sys.exit(app())
