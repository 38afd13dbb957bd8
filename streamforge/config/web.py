"""The settings of what speaks HTTP: the API, and what goes out to callers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streamforge.config.limits import MIB, Bytes, Count, CountOrNone, HostName, MediaRange, Origin, Seconds


class ApiSettings(Struct, frozen=True, kw_only=True):
    """The HTTP interface."""

    enabled: Annotated[bool, Meta(description="Serve HTTP: submit, results, events, /metrics, /readyz.")] = True
    host: Annotated[
        str, Meta(description="Address to listen on; one that is not loopback needs an API key (see auth).")
    ] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65_535)], Meta(description="Port to listen on; 0 takes a free one.")
    ] = 8080
    max_body_bytes: Annotated[
        Bytes, Meta(description="Largest request body, of jobs and kits; what else is sent is held to a few kilobytes.")
    ] = 8 * MIB
    max_bodies_bytes: Annotated[
        Bytes, Meta(description="Request bodies that this process holds at one time; who sends more is to come back.")
    ] = 128 * MIB
    heartbeat_s: Annotated[Seconds, Meta(description="A sign of life to who listens to events, in silence.")] = 15.0
    listener_buffer_bytes: Annotated[
        Annotated[int, Meta(ge=16 * 1024, le=64 * MIB)],
        Meta(description="What may wait for one listener; one that is slower is sent away, to come back."),
    ] = 256 * 1024
    max_listeners: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)], Meta(description="Listeners of this process; each is an open file.")
    ] = 10_000
    max_listeners_per_tenant: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)], Meta(description="Of these, those of one tenant.")
    ] = 5_000
    auth: Annotated[
        Literal["auto", "always"],
        Meta(
            description="Who needs an API key: auto lets everybody on this machine in without one while host is "
            "loopback, always asks for one; behind a proxy on this machine choose always."
        ),
    ] = "auto"
    hosts: Annotated[
        tuple[HostName, ...],
        Meta(description="Names that this server goes by besides loopback's, as example.com or *.example.com."),
    ] = ()
    session_ttl_s: Annotated[Seconds, Meta(description="How long a login in the dashboard lasts.")] = 12 * 3600.0
    upload_ttl_s: Annotated[
        Seconds, Meta(description="How long a job waits for its files; each that arrives starts the time anew.")
    ] = 3600.0
    upload_max_bytes: Annotated[Annotated[int, Meta(ge=1, le=2**40)], Meta(description="Largest file of a job.")] = (
        64 * MIB
    )
    upload_total_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=2**40)], Meta(description="All files of one job together.")
    ] = 256 * MIB
    upload_max_files: Annotated[Annotated[int, Meta(ge=1, le=1000)], Meta(description="Files of one job.")] = 20
    upload_types: Annotated[
        tuple[MediaRange, ...], Meta(min_length=1, description="Types of files that are taken, by their content.")
    ] = ("image/*", "audio/*", "video/*", "text/*", "application/pdf", "application/json")
    upload_check: Annotated[
        tuple[str, ...],
        Meta(
            description="What looks at each file before its job may have it: a command that gets it on standard input "
            "and ends with 0 to take it or 1 to refuse it, such as clamdscan, --no-summary, -; or one "
            "package.module:function.",
            examples=[("clamdscan", "--no-summary", "-")],
        ),
    ] = ()
    upload_check_s: Annotated[Seconds, Meta(description="How long that may take for one file.")] = 60.0
    idempotency: Annotated[
        Literal["header", "input"],
        Meta(
            description="What makes a repeated submission the same job: header, an Idempotency-Key that it brings; or "
            "input, where it brings none, its kind and input themselves."
        ),
    ] = "header"
    cors_origins: Annotated[
        tuple[Origin, ...],
        Meta(description="Origins whose pages may call the API, as https://app.example.com; * is every one."),
    ] = ()
    requests_per_minute: Annotated[
        CountOrNone, Meta(description="Requests of one API key, over all daemons; 0 is no limit.")
    ] = 0
    request_burst: Annotated[Count, Meta(description="Of these, how many may come at once.")] = 60
    idle_timeout_s: Annotated[
        Seconds, Meta(description="A connection that sends no whole request head for so long is closed.")
    ] = 75.0
    body_timeout_s: Annotated[Seconds, Meta(description="How long a request's JSON body may take to come.")] = 30.0


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """Webhooks: telling others what happens to jobs."""

    enabled: Annotated[bool, Meta(description="Deliver webhooks from this process.")] = True
    hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Who may be told, over https on port 443: hosts as example.com, *.example.com or * for all; "
            "another port is named, as example.com:8443 or *:8443. Only addresses on the internet."
        ),
    ] = ("*",)
    private_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Hosts that may lie in your own network, as hook.internal, or http://hook.internal:9000."),
    ] = ()
    timeout_s: Annotated[Seconds, Meta(description="How long a receiver may take to answer.")] = 15.0
    retry_pauses_s: Annotated[
        tuple[Seconds, ...],
        Meta(
            min_length=1, description="The pause after each failure; after the last one more try, then it is given up."
        ),
    ] = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
    disable_after_s: Annotated[
        Seconds, Meta(description="An endpoint that has failed for this long, without one success, is told no more.")
    ] = 5 * 86400.0
    concurrency: Annotated[
        Annotated[int, Meta(ge=1, le=1000)], Meta(description="Deliveries at once from this process.")
    ] = 16
    concurrency_per_endpoint: Annotated[
        Annotated[int, Meta(ge=1, le=1000)], Meta(description="Of these, to one endpoint.")
    ] = 4
    max_endpoints: Annotated[Annotated[int, Meta(ge=1, le=1000)], Meta(description="Endpoints of one tenant.")] = 20
    keep_s: Annotated[
        Seconds, Meta(description="How long a delivery can be looked at and made again, after its last try.")
    ] = 7 * 86400.0
    secret_overlap_s: Annotated[
        Seconds, Meta(description="How long an old secret signs along after it was replaced.")
    ] = 86400.0
