"""Every route of the API, as its description names it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from api.analyses import drop_off
from api.questions import listen_queries, queries, search_queries, selections
from api.shapes import answers, items, page_answers
from api.submitting import documents
from api.submitting import queries as submit_queries
from api.submitting.bodies import JSON, LINES
from api.uploading import documents as upload_documents
from api.uploading.queries import UploadQuery
from api.uploading.receiving import FORM


@dataclass(frozen=True)
class Route:
    """One documented path; `answer` is None for files and streams, `media_type` is theirs.

    `example` is a query string where a question without one is refused. `body` is sent as one of
    `body_types`; `status` is that of success. `leads_on`: it may also answer with another place.
    `posted`: what a POST to the same path does, where that's another thing.
    """

    summary: str
    query: type[selections.Query] | None
    answer: type[items.Answer] | None
    errors: tuple[int, ...] = ()
    media_type: str = ""
    tag: str = "Charts"
    example: str = ""
    body: type[BaseModel] | None = None
    body_types: tuple[str, ...] = (JSON,)
    status: int = 200
    methods: tuple[str, ...] = ("get",)
    leads_on: bool = False
    posted: Route | None = None

    @property
    def operations(self) -> dict[str, Route]:
        """Method → what it does."""
        own = dict.fromkeys(self.methods, self)
        return own | dict.fromkeys(self.posted.methods if self.posted else (), self.posted or self)


_READS = (422, 503)
_MOMENTS = (410, *_READS)
_ASKS = (400, 404, 429, 503)
_SENDS = (400, 401, 413, 429, 503)
_LISTENS, _OPERATIONS, _PAGES = "Listens and imports", "Operations", "Dashboard and documents"
_PROTOCOL, _ACCESS = "ListenBrainz", "Access"
_POST = ("post",)

ROUTES: dict[str, Route] = {
    **{
        f"/api/top-{view}": Route(f"Top {view}", queries.TopQuery, answer, _MOMENTS)
        for view, answer in answers.TOPS.items()
    },
    "/api/tops": Route("The first ranks by slice", queries.TopsQuery, answers.Tops, _MOMENTS,
        example="entity=artists&per=country",
    ),
    "/api/trending": Route("What rises", queries.TrendingQuery, answers.Trending, _MOMENTS,
        example="window=newest-month",
    ),
    "/api/windows": Route(
        "First ranks by the minute", queries.WindowsQuery, answers.Windows, _MOMENTS
    ),
    "/api/drop-off": Route(
        "Where tracks are left", drop_off.DropOffQuery, page_answers.DropOff, _MOMENTS
    ),
    "/api/rhythm": Route(
        "Hours of the week, parts of the day", selections.Selection, answers.Rhythm, _MOMENTS
    ),
    "/api/{view}/{key}": Route(
        "All about a song, artist or album", queries.PageQuery, page_answers.Work, (404, *_MOMENTS)
    ),
    "/api/genres/{genre}": Route(
        "All about a genre", queries.PageQuery, page_answers.GenrePage, _MOMENTS
    ),
    "/api/listeners/{listener}": Route(
        "All about a listener", queries.PageQuery, page_answers.ListenerPage, _MOMENTS
    ),
    "/api/search": Route(
        "Search by name", search_queries.SearchQuery, page_answers.SearchResult, _READS,
        example="q=joga",
    ),
    "/api/summary": Route(
        "Totals of a selection", queries.SummaryQuery, answers.Summary, _MOMENTS
    ),
    "/api/timeline": Route("Sums by period", queries.TimelineQuery, answers.Timeline, _MOMENTS),
    "/api/slices": Route("Values of the slices", queries.SlicesQuery, answers.Slices, _READS),
    "/api/recent": Route(
        "The newest listens", listen_queries.RecentQuery, answers.Recent, _MOMENTS, tag=_LISTENS
    ),
    "/api/stream": Route(
        "Listens as they are counted", listen_queries.StreamQuery, None, _READS,
        "text/event-stream", _LISTENS,
    ),
    "/api/listens": Route(
        "Send listens",
        submit_queries.SubmitQuery,
        documents.Accepted,
        (400, 413, 415, *_READS),
        methods=_POST,
        body=documents.Sending,
        body_types=(JSON, *LINES),
        status=202,
        tag=_LISTENS,
    ),
    "/1/submit-listens": Route(
        "Send listens",
        queries.NoQuery,
        documents.Done,
        _SENDS,
        methods=_POST,
        body=documents.Submitted,
        tag=_PROTOCOL,
    ),
    "/1/validate-token": Route(
        "Whose a token is",
        submit_queries.TokenQuery,
        documents.TokenValidity,
        (400, 429),
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/listens": Route(
        "A listener's newest listens",
        submit_queries.UserListensQuery,
        documents.UserListens,
        _ASKS,
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/listen-count": Route(
        "A listener's number of listens",
        queries.NoQuery,
        documents.ListenCount,
        _ASKS,
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/playing-now": Route(
        "What a listener hears now",
        queries.NoQuery,
        documents.PlayingNow,
        (400, 404, 429),
        tag=_PROTOCOL,
    ),
    "/api/imports": Route(
        "The ledger of imports", queries.ImportsQuery, answers.Imports, _READS, tag=_LISTENS,
        posted=Route(
            "Import files",
            UploadQuery,
            upload_documents.UploadTaken,
            (400, 403, 413, 415, 507, *_READS),
            methods=_POST,
            body=upload_documents.SentFiles,
            body_types=(FORM,),
            status=202,
            tag=_LISTENS,
        ),
    ),
    "/api/uploads/{upload_id}": Route(
        "How an upload stands", queries.NoQuery, upload_documents.Upload, (404, *_READS),
        tag=_LISTENS,
    ),
    "/api/status": Route(
        "State of the layers", queries.NoQuery, answers.Status, _READS, tag=_OPERATIONS
    ),
    "/healthz": Route(
        "Whether the process answers", queries.NoQuery, answers.Health, (422,), tag=_OPERATIONS
    ),
    "/readyz": Route(
        "Whether store and data are fit", queries.NoQuery, answers.Ready, _READS, tag=_OPERATIONS
    ),
    "/metrics": Route(
        "State of API and layers, for Prometheus", queries.NoQuery, None, (422,), "text/plain",
        _OPERATIONS,
    ),
    "/config.json": Route(
        "Settings of the dashboard", queries.NoQuery, answers.Config, (422,), tag=_PAGES
    ),
    "/openapi.json": Route(
        "This description", queries.NoQuery, None, (422,), "application/json", _PAGES
    ),
    "/docs": Route(
        "This description, for people", queries.NoQuery, None, (422,), "text/html", _PAGES
    ),
    "/api/me": Route("Who the asker is", queries.NoQuery, answers.Me, _READS, tag=_ACCESS),
    "/login": Route(
        "The form to sign in, and what it sends to", None, None, (401, 403, 413, 503),
        "text/html", _ACCESS, methods=("get", "post"), leads_on=True,
    ),
    "/logout": Route(
        "End the session", None, None, (403, 503), tag=_ACCESS, methods=_POST, leads_on=True
    ),
    "/password": Route(
        "The form for another password, and what it sends to", None, None, (400, 413, 422),
        "text/html", _ACCESS, methods=("get", "post"), leads_on=True,
    ),
    "/shared/{secret}": Route(
        "Open a listener's page by a link", None, None, (404, 503), "text/html", _ACCESS,
        leads_on=True,
    ),
    "/": Route(
        "To the dashboard", None, None, (), "text/html", _PAGES, status=302, leads_on=True
    ),
    "/dashboard/": Route("The dashboard", None, None, (), "text/html", _PAGES, leads_on=True),
    "/dashboard/{name}": Route("A file of the dashboard", None, None, (404,), "*/*", _PAGES),
}  # fmt: skip
"""Every path of the application; a test compares them with its URL map."""
