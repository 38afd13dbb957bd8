// One job: how it stands, what it made, its steps, its log, and what can be done about it.

import { h, fill, say, settled, throttled } from "./dom.js";
import { count, counted, duration, money, shortId, when, words } from "./format.js";
import { get, part, post } from "./http.js";
import { followJob } from "./live.js";
import {
  badge,
  bones,
  busy,
  button,
  card,
  confirmed,
  copier,
  facts,
  failure,
  json,
  progressBar,
  sentence,
  toast,
  toneOf,
} from "./parts.js";
import { filesCard } from "./job_files.js";
import { JobLog } from "./job_log.js";
import { attemptsCard, runsOf, stepsCard } from "./job_steps.js";
import { resultOf } from "./job_result.js";

const ENDED = new Set(["succeeded", "failed", "cancelled", "expired", "upload_failed"]);
const AGAIN = new Set(["failed", "cancelled"]);

/** The view. */
export function job(context) {
  const page = new JobPage(context.given[0], context);
  page.load();
  return page.node;
}

class JobPage {
  constructor(id, { signal, may }) {
    Object.assign(this, { id, signal, may, path: `/jobs/${part(id)}`, job: null, isFollowing: false, said: "" });
    this.title = h("h1", { tabindex: "-1", class: "job-title" }, "Job");
    this.about = h("p", { class: "clip", hidden: true });
    this.state = h("span");
    this.actions = h("div", { class: "actions" });
    this.bar = progressBar("Progress");
    this.step = h("p", { class: "small dim" }, "\u00a0");
    this.draft = h("pre", { class: "json draft", hidden: true });
    this.trouble = h("div");
    this.result = h("div", { class: "stack" });
    this.steps = h("div");
    this.log = new JobLog();
    this.documents = h("div", { class: "stack" });
    this.aside = h("div", { class: "stack" }, card("About", null, bones(6)));
    this.later = settled(() => this.load(), 5000, signal);
    this.refresh = throttled(() => this.load(), 400, signal);
    this.shown = {};
    this.node = h("div", { class: "job", data: { job: id } }, this.header(), this.columns());
  }

  header() {
    const name = h(
      "p",
      { class: "small dim row" },
      h("span", { class: "mono job-id" }, this.id),
      copier(this.id, "Copy id"),
    );
    const heads = h(
      "div",
      { class: "job-names" },
      h("div", { class: "head" }, this.title, this.state),
      this.about,
      name,
    );
    return h("div", { class: "job-head" }, heads, this.actions);
  }

  columns() {
    const now = h(
      "section",
      { class: "card body now", "aria-label": "Progress" },
      h("div", { class: "now-line" }, this.step),
      this.bar.node,
      this.draft,
    );
    const main = h(
      "div",
      { class: "stack" },
      now,
      this.trouble,
      this.result,
      this.steps,
      this.log.node,
      this.documents,
    );
    return h("div", { class: "job-columns" }, main, this.aside);
  }

  async load() {
    try {
      this.job = await get(this.path, { signal: this.signal });
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401) this.absent(error);
      return;
    }
    if (this.isAbsent) fill(this.node, this.header(), this.columns());
    this.isAbsent = false;
    this.show();
    this.listen();
  }

  absent(error) {
    if (this.job) return toast(sentence(error.message));
    const isUnknown = error.status === 404;
    if (!isUnknown) this.later();
    if (this.isAbsent) return;
    this.isAbsent = true;
    const title = isUnknown ? "There is no such job" : "The job cannot be shown";
    const back = h("div", { class: "row" }, h("a", { class: "button slim", href: "#/jobs" }, "All jobs"));
    const why = failure(error, isUnknown ? null : () => this.load());
    fill(this.node, h("div", { class: "stack" }, h("h1", { tabindex: "-1" }, title), why, back));
  }

  // ---- showing ----

  show() {
    const { job } = this;
    this.title.textContent = job.kind;
    this.about.textContent = this.about.title = job.title ?? "";
    this.about.hidden = !job.title;
    document.title = `${job.title || `${job.kind} ${shortId(job.id)}`} · StreamForge`;
    this.progress(job);
    this.once("state", [job.state], () => fill(this.state, badge(job.state)));
    this.once("actions", [job.state], () => fill(this.actions, this.buttons()));
    this.once("trouble", [job.error, job.state], () =>
      fill(this.trouble, job.error && job.state !== "succeeded" && troubleCard(job)),
    );
    this.once("result", [job.state, job.artifacts], () => fill(this.result, resultOf(job, this.signal)));
    this.once("steps", [job.timeline, job.state], () => fill(this.steps, stepsCard(job, this.signal)));
    this.once("documents", [job.input, job.result], () => fill(this.documents, documents(job)));
    this.once("aside", [{ ...job, timeline: 0, progress: 0, step: "" }], () =>
      fill(this.aside, aboutCard(job), costCard(job), attemptsCard(job), filesCard(job)),
    );
  }

  /** Make a part anew only where what it shows has changed: what is open or focused in the others stays. */
  once(name, facts, make) {
    const print = JSON.stringify(facts);
    if (this.shown[name] === print) return;
    this.shown[name] = print;
    make();
  }

  progress({ state, step, progress, steps, due_ms }) {
    const isUnsure = state === "running" && !progress && !step;
    const share = state === "succeeded" ? 100 : progress;
    this.bar.set(
      isUnsure ? null : (share ?? 0),
      state === "running" ? "run" : ({ good: "good", bad: "bad" }[toneOf(state)] ?? "calm"),
    );
    const done = steps?.total && state === "running" ? `${count(steps.completed)} of ${count(steps.total)} steps` : "";
    const told =
      state === "running"
        ? step
          ? words(step)
          : "starting"
        : ENDED.has(state)
          ? words(state)
          : `${words(state)}${due_ms > Date.now() ? ", due " : ""}`;
    const due = state === "scheduled" && due_ms > Date.now() ? when(due_ms) : null;
    fill(
      this.step,
      h("span", { class: "step-name" }, told, due),
      h("span", { class: "grow" }),
      done && h("span", {}, done),
      h(
        "span",
        { class: "step-share" },
        isUnsure || (ENDED.has(state) && state !== "succeeded") ? "" : `${Math.round(share ?? 0)} %`,
      ),
    );
    const aloud = ENDED.has(state) ? `Job ${words(state)}` : "";
    if (aloud && this.said && this.said !== aloud) say(aloud);
    this.said = aloud || "running";
  }

  // ---- following ----

  listen() {
    if (this.isFollowing) return;
    this.isFollowing = true;
    const over = new AbortController();
    this.over = over;
    const handlers = {
      event: (event) => this.hear(event),
      text: (_, text) => this.write(text),
      gap: this.refresh,
      end: this.refresh,
    };
    followJob(this.id, handlers, AbortSignal.any([this.signal, over.signal]), this.lastId);
  }

  hear(event) {
    const { type, data } = event;
    this.lastId = event.id;
    this.log.add(event);
    if (type === "job.progress" && this.job.state === "running") {
      this.job = { ...this.job, step: data.step || this.job.step, progress: data.progress ?? this.job.progress };
      return this.progress(this.job);
    }
    if (type.startsWith("step.") || type === "job.started") this.draft.hidden = true;
    this.refresh();
  }

  /** A model's text as it is being written. */
  write(text) {
    this.draft.textContent = text;
    this.draft.hidden = false;
    this.draft.scrollTop = this.draft.scrollHeight;
  }

  // ---- acting ----

  buttons() {
    const { state, kind, input } = this.job;
    if (!this.may("submit")) return [];
    const again =
      input && h("a", { class: "button", href: `#/try/${part(kind)}?from=${part(this.id)}` }, "Use these settings");
    if (AGAIN.has(state))
      return [
        again,
        button("Start over", (event) => this.startOver(event.currentTarget)),
        button(
          "Retry",
          (event) => this.act(event.currentTarget, "retry", {}, "Queued again, with its finished steps kept."),
          "solid",
        ),
      ];
    if (ENDED.has(state)) return [again];
    return [button("Cancel job", (event) => this.cancel(event.currentTarget), "danger")];
  }

  async cancel(node) {
    const text =
      "It stops as soon as its worker hears of it. Steps that are done stay done, so that it can be retried.";
    if (await confirmed({ title: "Cancel this job?", text, action: "Cancel job", isHarmful: true }))
      await this.act(node, "cancel", {}, "The job is being cancelled.");
  }

  async startOver(node) {
    const text = "Every step runs again, also those that are done and were paid for.";
    if (await confirmed({ title: "Start over?", text, action: "Start over" }))
      await this.act(node, "requeue", { fresh: true }, "Queued again, from its first step.");
  }

  act(node, verb, body, told) {
    return busy(node, async () => {
      await post(`${this.path}/${verb}`, body);
      toast(told);
      this.over?.abort();
      this.isFollowing = false;
      await this.load();
    });
  }
}

// ---- cards ----

function troubleCard({ state, error }) {
  const detail = error.friendly && error.friendly !== error.message ? error.message : "";
  const more = error.details?.length
    ? h(
        "details",
        {},
        h("summary", {}, counted(error.details.length, "finding")),
        h(
          "ul",
          { class: "mono lines" },
          error.details.map((line) => h("li", {}, line)),
        ),
      )
    : null;
  const names = [h("code", {}, error.code), error.field && [" · field ", h("code", {}, error.field)]];
  return h(
    "section",
    { class: "card body trouble", data: { tone: toneOf(state) }, "aria-label": "What went wrong" },
    h("h2", {}, sentence(error.friendly ?? error.message)),
    detail && h("p", {}, sentence(detail)),
    error.hint && h("p", {}, h("strong", {}, "What helps: "), sentence(error.hint)),
    more,
    h("p", { class: "small dim" }, names),
  );
}

function aboutCard(job) {
  const waited = job.started_ms ? duration((job.started_ms - job.created_ms) / 1000) : null;
  const took = job.started_ms && job.finished_ms ? duration((job.finished_ms - job.started_ms) / 1000) : null;
  return card(
    "About",
    null,
    h(
      "div",
      { class: "body" },
      facts([
        ["Queue", h("a", { href: `#/jobs?queue=${part(job.queue)}` }, job.queue)],
        ["Priority", job.priority],
        ["Tenant", job.tenant],
        ["Created", when(job.created_ms)],
        ["Due", job.due_ms > Date.now() ? when(job.due_ms) : null],
        ["Waited", waited],
        ["Started", job.started_ms ? when(job.started_ms) : null],
        ["Finished", job.finished_ms ? when(job.finished_ms) : null],
        ["Took", took],
        ["Attempts", job.attempt ? count(runsOf(job)) : null],
        [
          "Parent",
          job.parent ? h("a", { class: "mono", href: `#/jobs/${part(job.parent)}` }, shortId(job.parent)) : null,
        ],
      ]),
    ),
  );
}

function costCard({ cost }) {
  if (!cost) return null;
  return card(
    "Cost",
    h("span", { class: "figure" }, money(cost.usd)),
    h(
      "div",
      { class: "body" },
      facts([
        ["Calls", count(cost.calls)],
        ["Tokens in", count(cost.input_tokens)],
        ["Tokens out", count(cost.output_tokens)],
      ]),
    ),
  );
}

function documents(job) {
  const fold = (title, value) =>
    value !== undefined &&
    value !== null &&
    h("details", { class: "card body" }, h("summary", {}, title), json(value, title));
  return [fold("Input", job.input), fold("Result", job.result)];
}
