"""A language model that answers as it is told, for unit tests; ``model_server`` is the one that speaks HTTP.

A recipe gets it where it asks for a model:

    model = ScriptedText("Dear reader …", RateLimited(retry_after_s=7), {"title": "Spring"})
    rehearsal = Rehearsal(LETTER, Letter(topic="spring"), resources={TextModel: model})
"""

from __future__ import annotations

import msgspec

from streamforge.errors import PermanentError
from streamforge.providers.text import TextRequest, TextResponse, Usage

USAGE = Usage(input_tokens=10, output_tokens=20)
"""What each answer is said to have cost."""


class ScriptedText:
    """A ``TextModel``. Each call takes the next entry of the script, and is kept in ``requests``.

    An entry is a text, an exception to raise, a whole ``TextResponse``, or anything else, which is answered as JSON.
    A call for which nothing is left raises PermanentError: a test should know how often its recipe asks.
    """

    def __init__(self, *script: object, name: str = "scripted:text") -> None:
        self.requests: list[TextRequest] = []
        self.is_closed = False
        self._script = list(script)
        self._name = name

    @property
    def name(self) -> str:
        """``provider:model``."""
        return self._name

    @property
    def left(self) -> int:
        """How many entries nobody has asked for."""
        return len(self._script)

    async def complete(self, request: TextRequest) -> TextResponse:
        """The next entry of the script."""
        self.requests.append(request)
        if not self._script:
            raise PermanentError(f"the script has no answer to call {len(self.requests)}", field=self._name)
        entry = self._script.pop(0)
        if isinstance(entry, BaseException):
            raise entry
        if isinstance(entry, TextResponse):
            return entry
        text = entry if isinstance(entry, str) else msgspec.json.encode(entry).decode()
        request_id = f"scripted-{len(self.requests)}"
        return TextResponse(text=text, model=self._name, usage=USAGE, stop_reason="end_turn", request_id=request_id)

    async def aclose(self) -> None:
        """Note that the model was closed."""
        self.is_closed = True
