// A job's events as lines, the newest at the end; it follows the end while one looks there.

import { h, fill } from "./dom.js";
import { bytes, clock, duration, percent, words } from "./format.js";
import { card, choice, sentence } from "./parts.js";

const FINE = new Set(["job.progress", "step.started", "step.replayed"]);
/** What begins another attempt; they are numbered in a row, also after a retry. */
const BEGINS = new Set(["job.started", "job.recovered"]);
const TONES = {
  "job.failed": "bad",
  "item.failed": "bad",
  "job.upload_failed": "bad",
  "job.retrying": "warn",
  "job.recovered": "warn",
  "job.expired": "warn",
  "job.cancelled": "warn",
  "job.released": "warn",
  "job.succeeded": "good",
};

/** The log: `add` an event; `node` is its card. */
export class JobLog {
  constructor() {
    this.list = h("ol", { class: "log", "aria-label": "Log", tabindex: "0" });
    this.list.dataset.show = "most";
    const which = choice(
      "Lines",
      [
        ["most", "Steps"],
        ["all", "Everything"],
      ],
      "most",
      (value) => {
        this.list.dataset.show = value;
      },
    );
    this.none = h("p", { class: "body dim" }, "Nothing has happened yet.");
    this.node = card("Log", which, this.none, this.list);
    this.seen = new Set();
    this.runs = null;
  }

  add(event) {
    if (this.seen.has(event.id)) return;
    this.seen.add(event.id);
    this.none.remove();
    if (BEGINS.has(event.type)) this.runs = (this.runs ?? event.attempt - 1) + 1;
    const isAtEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 24;
    const line = h("li", { data: { tone: TONES[event.type] ?? "calm", fine: FINE.has(event.type) } });
    fill(
      line,
      clock(event.at_ms),
      h("span", { class: "what" }, event.type),
      h("span", { class: "text" }, described(event, this.runs)),
    );
    this.list.append(line);
    if (isAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }
}

const SAY = {
  "job.queued": ({ queue, priority }) =>
    `entered ${queue ?? "its queue"}${priority && priority !== "normal" ? `, ${priority} priority` : ""}`,
  "job.created": ({ files }) => `waits for ${(files ?? []).join(", ") || "its files"}`,
  "upload.received": ({ name, size }) => `${name}${size ? `, ${bytes(size)}` : ""} arrived`,
  "job.scheduled": ({ due_ms }) => `waits until ${new Date(due_ms).toLocaleTimeString()}`,
  "job.started": ({ worker }, run) => `attempt ${run} on ${worker}`,
  "job.recovered": ({ worker, crashes }) => `taken over by ${worker}${crashes ? `, crash ${crashes}` : ""}`,
  "job.progress": ({ step, progress, message }) => [step, percent(progress ?? 0), message].filter(Boolean).join(" · "),
  "step.started": ({ step, child }) => (child ? `${step}, waits for ${child}` : step),
  "step.completed": ({ step, seconds }) => `${step} in ${duration(seconds)}`,
  "step.replayed": ({ step }) => `${step}, from its checkpoint`,
  "item.failed": ({ step, item, error }) => `${step} ${item ?? ""}: ${error?.message ?? ""}`,
  "artifact.saved": ({ name, size }) => `${name}, ${bytes(size ?? 0)}`,
  "job.retrying": ({ error, due_ms }) =>
    `${error?.message ?? "it failed"}${due_ms ? `; again at ${new Date(due_ms).toLocaleTimeString()}` : ""}`,
  "job.snoozed": ({ reason }) => words(reason ?? ""),
  "job.failed": ({ error, reason }) => error?.message ?? words(reason ?? ""),
  "job.cancelled": ({ error }) => error?.message ?? "",
  "job.expired": ({ error }) => error?.message ?? "",
};

function described({ type, data }, run) {
  if (type === "job.log")
    return [
      sentence(data.message),
      Object.keys(data.facts ?? {}).length > 0 && h("span", { class: "dim mono" }, ` ${JSON.stringify(data.facts)}`),
    ];
  return SAY[type]?.(data, run) ?? "";
}
