"""A batch on YARN, waited for from here."""

from __future__ import annotations

from rich.console import Console

from batch import versions
from listens.cluster.submit import ApplicationFailedError, Job, submit, wait
from listens.cluster.yarn import Application
from listens.settings import load_settings
from listens.store import Store, connect

NAME = "playcount batch"


def run(arguments: list[str]) -> Store:
    """Submit `playcount batch` with some arguments; the store with what it did.

    Ctrl-C only ends the waiting: the batch goes on.

    Raises:
        ApplicationFailedError: it failed; the message says why, as far as it could tell.
        ServiceDownError: YARN, HDFS or MongoDB doesn't answer.
    """
    settings = load_settings()
    store = connect(settings)
    before = versions.newest_number(store)
    console = Console(stderr=True)
    with console.status("submitting") as status:
        app = submit(Job(NAME, "batch/job.py", tuple(arguments)), settings)
        console.print(f"[dim]{app.id} {app.tracking_url}[/dim]", highlight=False)

        def tell(_before: Application, now: Application) -> None:
            status.update(f"{now.state.lower()} for {now.elapsed_seconds:.0f} s")

        tell(app, app)
        app = wait(app, settings, tell=tell)
    if app.final_status != "SUCCEEDED":
        failed = [each for each in versions.all_versions(store) if each["_id"] > before]
        why = failed[0].get("why") if failed else None
        raise ApplicationFailedError(
            f"{app.id} ended {app.final_status}: {why or app.diagnostics}; its log: "
            f"{app.tracking_url}"
        )
    return store
