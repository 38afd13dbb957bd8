"""What the people who wait for a job are told of its error: a sentence for each code, in one table."""

from __future__ import annotations

from typing import Final

FRIENDLY: Final[dict[str, str]] = {
    "input_error": "Something in the request cannot be used as it is.",
    "invalid_input": "Something in the request is not right. Correct it and try again.",
    "unknown_kind": "This kind of job is not offered here.",
    "unknown_job": "This job does not exist any more.",
    "idempotency_conflict": "The same request was sent before with other content.",
    "invalid_signature": "The message is not from where it says, or was changed on its way.",
    "not_authenticated": "Please log in first.",
    "not_allowed": "You do not have permission for this.",
    "not_found": "There is nothing by that name.",
    "wrong_state": "This cannot be done with the job as it stands now.",
    "too_large": "This is larger than we can take.",
    "unsupported_media": "This type of file cannot be used.",
    "too_many_requests": "That was too much at once. Wait a moment and try again.",
    "config_error": "The service is not set up right. Its operator has to look at it.",
    "transient_error": "Something failed for the moment. Trying again may help.",
    "broker_unavailable": "The service is not reachable for the moment. Try again shortly.",
    "rate_limited": "An outside service is busy. Try again in a while.",
    "provider_unavailable": "An outside service does not answer for the moment. Try again in a while.",
    "step_timeout": "A step took too long. Trying again may help.",
    "slot_crashed": "A part of the work broke down. Trying again may help.",
    "permanent_error": "This could not be done, and trying the same again will not help.",
    "layout_infeasible": "Not everything that was asked for fits together. Ask for less, or give it more room.",
    "verification_failed": "The result did not pass our checks, so it was not delivered as good.",
    "asset_rejected": "One of the files cannot be used. Try another one.",
    "provider_refused": "An outside service declined the request. Put it in other words.",
    "billing": "The budget does not cover this.",
    "unsupported_record": "The job was begun by another version of the service. Submit it again.",
    "result_too_large": "The result grew too large. Ask for less.",
    "hard_timeout": "It took too long and was stopped.",
    "recipe_misused": "There is a mistake in how this kind of job was made. Its operator has to look at it.",
    "version_mismatch": "The service changed while the job was under way. Submit it again.",
    "child_failed": "A part of the work that was handed on did not succeed.",
    "snooze": "The job waits and will go on by itself.",
    "fenced_error": "The job is being done elsewhere.",
    "cancelled": "The job was cancelled.",
    "expired": "Nobody began the job in time. Submit it again.",
    "upload_failed": "The files did not arrive in time. Start again and upload them.",
    "crashed": "The job broke down again and again and was given up.",
    "internal": "Something unexpected went wrong on our side.",
    "host_not_allowed": "The address of a file or logo is not one that we may fetch from.",
    "object_missing": "A file that belongs to this is not there any more.",
    "object_corrupt": "A file that belongs to this was damaged.",
    "storage_unavailable": "Files cannot be reached for the moment. Try again shortly.",
    "key_refused": "An outside service does not let us in. Our operator has to look at it.",
    "key_malformed": "The service is not set up right. Its operator has to look at it.",
    "content_refused": "An outside service declined the content. Put it in other words.",
    "no_usable_key": "An outside service cannot be used for now. Our operator has to look at it.",
    "model_unpriced": "The service is not set up right. Its operator has to look at it.",
    "rejected": "The service is not reachable for the moment. Try again shortly.",
    "parked": "The job waits and will go on by itself.",
    "waits_for_child": "The job waits for a part of its work and will go on by itself.",
    "refusal": "The request cannot be taken as it is.",
    "bad_request": "The request cannot be taken as it is.",
    "origin_not_allowed": "This page may not use the service.",
    "method_not_allowed": "This cannot be done here.",
    "body_too_slow": "What was sent did not arrive in time. Try again.",
    "body_too_large": "This is larger than we can take.",
    "bodies_full": "Very much is being sent to us at the moment. Try again shortly.",
    "no_such_range": "The file has no such part.",
    "expectation_failed": "The request cannot be taken as it is.",
    "wrong_host": "This address is not one of ours.",
    "upgrade_required": "This address is for live connections only.",
    "too_many_listeners": "Too many pages follow along at once. Close some and try again.",
    "listeners_full": "Too many people follow along at the moment. Try again shortly.",
}

OTHERWISE: Final = "Something went wrong."


def friendly(code: str) -> str:
    """The sentence for an error's code."""
    return FRIENDLY.get(code, OTHERWISE)
