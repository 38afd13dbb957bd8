/**
 * A small client for browsers: hand in jobs, follow them, fetch what they made. One file, no build step.
 *
 *     import { StreamForge } from "/static/streamforge-client.js";
 *
 *     const forge = new StreamForge();                       // same origin: the login session's cookie
 *     const { job_id } = await forge.submit("banner", { prompt: "Spring sale" });
 *     forge.follow(job_id, {
 *       event: (e) => console.log(e.type, e.data),
 *       text: (step, text) => { preview.textContent = text; },
 *       end: (e) => console.log("ended:", e?.type),
 *     });
 *
 * Elsewhere: new StreamForge({ base: "https://forge.example.com", key: "sf_…" }). EventSource cannot send a key, so a
 * ticket of one use is fetched for each connection. Keep keys out of pages that others can read.
 */

const ENDINGS = new Set(["job.succeeded", "job.failed", "job.cancelled", "job.expired", "job.upload_failed"]);

const TYPES = [
  "job.created", "job.uploading", "job.queued", "job.scheduled", "job.started", "job.recovered", "job.progress",
  "job.log", "job.retrying", "job.snoozed", "job.released", "job.requeued", "step.started", "step.completed",
  "step.replayed", "item.failed", "artifact.saved", "upload.received", "upload.removed", "webhook.disabled",
  ...ENDINGS,
];

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** An answer that is not good; `problem` is its RFC 9457 document. */
export class StreamForgeError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `answered with ${status}`);
    this.name = "StreamForgeError";
    this.status = status;
    this.problem = problem ?? {};
  }
}

export class StreamForge {
  /** @param {{base?: string, key?: string}} options where the service is, and the API key (else: the cookie). */
  constructor({ base = "", key = "" } = {}) {
    this.base = base.replace(/\/$/, "");
    this.key = key;
  }

  /** Ask anything: JSON in, JSON out. Throws StreamForgeError for what is refused. */
  async request(method, path, body, headers = {}) {
    const response = await this.send(method, path, body, headers);
    const text = await response.text();
    const value = text && /json/.test(response.headers.get("Content-Type") ?? "") ? JSON.parse(text) : undefined;
    if (!response.ok) throw new StreamForgeError(response.status, value);
    return value;
  }

  /** The same, and the answer as fetch gives it. */
  send(method, path, body, headers = {}) {
    const sent = { "X-Requested-With": "streamforge", ...headers };
    if (this.key) sent.Authorization = `Bearer ${this.key}`;
    if (body !== undefined) sent["Content-Type"] = "application/json";
    return fetch(this.base + path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: this.key ? "omit" : "same-origin",
    });
  }

  /** Hand a job in; `options` are further fields, such as priority, delay_s or callback_url. */
  submit(kind, input, { idempotencyKey, ...options } = {}) {
    const headers = idempotencyKey ? { "Idempotency-Key": idempotencyKey } : {};
    return this.request("POST", "/api/v1/jobs", { kind, input, ...options }, headers);
  }

  /** The job as it stands. */
  job(jobId) {
    return this.request("GET", `/api/v1/jobs/${encodeURIComponent(jobId)}`);
  }

  /** Ask for the job's end. */
  cancel(jobId) {
    return this.request("POST", `/api/v1/jobs/${encodeURIComponent(jobId)}/cancel`, {});
  }

  /** The job, once it has ended; `handlers` as for `follow`. */
  wait(jobId, handlers = {}) {
    return new Promise((resolve, reject) => {
      const fail = (error) => { handlers.error?.(error); reject(error); };
      const end = (event) => { handlers.end?.(event); this.job(jobId).then(resolve, reject); };
      this.follow(jobId, { ...handlers, error: fail, end });
    });
  }

  /**
   * Follow a job from its first event to its end.
   *
   * `handlers`, all optional: `event(e)` for each event, {id, type, job_id, tenant, kind, at_ms, attempt, data};
   * `text(step, text, e)` with all the text that a model has written in a step so far (a preview, void once the step
   * has ended); `gap(e)` where events are not kept any more, so that the job has to be read anew; `connected()`,
   * `lost()`; `end(e)` with the job's last event, once; `error(StreamForgeError)` where there is no use in trying on.
   * Returns what `close()` ends.
   */
  follow(jobId, handlers = {}, { lastEventId = "", types = [] } = {}) {
    return new Following(this, `/api/v1/jobs/${encodeURIComponent(jobId)}/events`, { types }, handlers, lastEventId);
  }

  /** Follow all jobs of the tenant from now on, or from after `lastEventId` ("0": all that is kept). No text, no end. */
  followAll(handlers = {}, { lastEventId = "", types = [], tenant = "" } = {}) {
    return new Following(this, "/api/v1/events", { types, tenant }, handlers, lastEventId);
  }
}

/** A stream that comes back by itself, after the last event that was seen. */
class Following {
  #forge; #path; #query; #handlers; #source = null; #timer = 0; #texts = new Map();
  #pauseMs = FIRST_PAUSE_MS; #isClosed = false; #ending = null;

  constructor(forge, path, { types = [], tenant = "" }, handlers, lastEventId) {
    this.#forge = forge;
    this.#path = path;
    this.#query = { types: types.join(","), tenant };
    this.#handlers = handlers;
    this.lastEventId = lastEventId;
    this.#open();
  }

  /** Listen no more. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  async #open() {
    try {
      const ticket = this.#forge.key ? (await this.#forge.request("POST", "/api/v1/session/ticket", {})).ticket : "";
      if (!this.#isClosed) this.#connect(this.#address({ ticket }));
    } catch (error) {
      this.#failed(error);
    }
  }

  #address(more = {}) {
    const query = new URLSearchParams();
    const all = { ...this.#query, last_event_id: this.lastEventId, ...more };
    for (const [name, value] of Object.entries(all)) if (value) query.set(name, value);
    return `${this.#forge.base}${this.#path}?${query}`;
  }

  #connect(address) {
    const source = new EventSource(address, { withCredentials: false });
    this.#source = source;
    source.onopen = () => { this.#pauseMs = FIRST_PAUSE_MS; this.#handlers.connected?.(); };
    source.onerror = () => this.#lost(source);
    for (const type of TYPES) source.addEventListener(type, (message) => this.#event(message));
    source.addEventListener("step.delta", (message) => this.#delta(JSON.parse(message.data)));
    source.addEventListener("gap", (message) => this.#handlers.gap?.(JSON.parse(message.data)));
    source.addEventListener("end", (message) => this.#ended(JSON.parse(message.data)));
  }

  #event(message) {
    const event = JSON.parse(message.data);
    this.lastEventId = event.id;
    if (event.type === "job.started") this.#texts.clear(); // another attempt writes anew
    if (event.type.startsWith("step.")) this.#texts.delete(event.data.step);
    this.#ending = ENDINGS.has(event.type) ? event : null;
    this.#handlers.event?.(event);
  }

  /** Places in the text are counted in characters, not in JavaScript's units. */
  #delta(event) {
    const { step, offset, text } = event.data;
    const known = this.#texts.get(step) ?? { text: "", length: 0 };
    const kept = offset === known.length ? known.text : [...known.text].slice(0, offset).join("");
    const missed = offset > known.length ? "…" : "";
    const now = { text: kept + missed + text, length: offset + [...text].length };
    this.#texts.set(step, now);
    this.#handlers.text?.(step, now.text, event);
  }

  #ended(event) {
    this.#source.close();
    if (event.data.reason === "job_ended") {
      this.close();
      this.#handlers.end?.(this.#ending);
    } else if (event.data.reason === "revoked") {
      this.#failed(new StreamForgeError(401, { detail: "the key is not good any more" }));
    } else {
      this.#handlers.lost?.();
      this.#again();
    }
  }

  /** A browser tries again by itself after a broken connection, and not after an answer that it takes for final. */
  #lost(source) {
    if (this.#isClosed) return;
    this.#handlers.lost?.();
    if (source.readyState === EventSource.CLOSED) this.#ask();
  }

  /** What an EventSource does not tell: the answer's status. */
  async #ask() {
    try {
      const response = await this.#forge.send("HEAD", this.#address().slice(this.#forge.base.length));
      if (response.status === 204) this.#ended({ data: { reason: "job_ended" } });
      else if (response.ok) this.#again();
      else this.#failed(new StreamForgeError(response.status));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    const isFinal = error instanceof StreamForgeError && error.status < 500 && error.status !== 429;
    if (this.#isClosed) return;
    if (!isFinal) return this.#again();
    this.close();
    this.#handlers.error?.(error);
  }

  #again() {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#open(), this.#pauseMs * (0.5 + Math.random()));
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }
}
