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
    "upload_refused": "This file was refused. Use another one.",
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
    "quota_exceeded": "There is no room for more files. Delete some, or ask for more room.",
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
}

OTHERWISE: Final = "Something went wrong."


def friendly(code: str) -> str:
    """The sentence for an error's code."""
    return FRIENDLY.get(code, OTHERWISE)
