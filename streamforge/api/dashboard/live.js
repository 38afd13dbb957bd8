// What happens, as it happens: streams that rest while nobody looks, and go on after the last event that was seen.
// Where none was seen before, nobody tells what came in between: coming back counts as a gap, and all is read anew.

import { StreamForge } from "./streamforge-client.js";

const forge = new StreamForge();

let tell = () => {};

/** Have every change of the connection told: `live`, `lost` or `off`. */
export function onState(listener) {
  tell = listener;
}

/** Follow a job from its first event, or from after `lastEventId`, until it ends. Handlers are those of the client. */
export function followJob(id, handlers, signal, lastEventId = "") {
  attend((from, all) => forge.follow(id, all, { lastEventId: from }), handlers, signal, lastEventId);
}

/** Follow all jobs that the caller may see: from now on, or from after `lastEventId`. `types` filters. */
export function followAll(types, handlers, signal, lastEventId = "") {
  attend((from, all) => forge.followAll(all, { lastEventId: from, types }), handlers, signal, lastEventId);
}

function attend(open, handlers, signal, lastEventId) {
  let stream = null;
  let last = lastEventId;
  let isOver = false;
  let isBehind = false;
  const rest = () => {
    isBehind = true;
    last = stream?.lastEventId || last;
    stream?.close();
    stream = null;
  };
  const over = () => {
    isOver = true;
    tell("off");
  };
  const all = {
    ...handlers,
    connected: () => {
      tell("live");
      if (isBehind) handlers.gap?.();
      isBehind = false;
    },
    lost: () => {
      tell("lost");
      isBehind = true;
    },
    error: over,
    end: (event) => {
      over();
      handlers.end?.(event);
    },
  };
  const look = () => {
    if (document.hidden) rest();
    else if (!stream && !isOver) stream = open(last, all);
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", () => {
    document.removeEventListener("visibilitychange", look);
    rest();
    if (!isOver) over();
  });
  look();
}
