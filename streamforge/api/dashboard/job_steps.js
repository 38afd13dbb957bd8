// A job's steps on a time line, and its attempts.

import { h, fill, every } from "./dom.js";
import { count, counted, duration, when, words } from "./format.js";
import { badge, card, sentence, toneOf } from "./parts.js";

/** The steps of every attempt, each as a bar from its beginning to its end; those that run grow. */
export function stepsCard(job, signal) {
  const spans = job.timeline ?? [];
  if (!spans.length) return null;
  const note = h("span", { class: "small dim" });
  const rows = spans.map((span) => stepRow(span));
  const draw = () => {
    const from = Math.min(...spans.map((span) => span.started_ms));
    const until = Math.max(from + 1, ...spans.map((span) => endOf(span, job)));
    rows.forEach(({ set }, index) => set(from, until, endOf(spans[index], job)));
    note.textContent = `${counted(spans.length, "step")} in ${duration((until - from) / 1000)}`;
  };
  draw();
  if (spans.some(isOpen)) every(500, draw, signal);
  const list = h("ol", { class: "timeline" }, withAttempts(spans, rows, job));
  return card("Steps", note, h("div", { class: "body" }, list));
}

const isOpen = (span) => span.state === "running";

function endOf(span, job) {
  if (isOpen(span)) return job.finished_ms || Date.now();
  return span.started_ms + (span.seconds ?? 0) * 1000;
}

/**
 * How many times the job was begun. A retry begins to count its attempts anew, so they are numbered here, in a row; what
 * the log does not hold any more was before the first of them.
 */
export function runsOf({ attempts = [], attempt }) {
  return attempts.length ? before(attempts) + attempts.length : attempt;
}

const before = (attempts) => Math.max(0, (attempts[0]?.attempt ?? 1) - 1);

/** The number of the run that a span belongs to: the last that had begun by then. */
function runOf(span, attempts) {
  return before(attempts) + Math.max(1, attempts.filter((run) => run.started_ms <= span.started_ms).length);
}

/** A heading before each attempt, where there is more than one. */
function withAttempts(spans, rows, job) {
  const runs = spans.map((span) => runOf(span, job.attempts ?? []));
  const isMany = new Set(runs).size > 1;
  return rows.flatMap(({ node }, index) => {
    const isFirst = isMany && runs[index - 1] !== runs[index];
    const told = `Attempt ${count(runs[index])}${runs[index] === runsOf(job) ? "" : " (earlier)"}`;
    return [isFirst && h("li", { class: "attempt-line small dim" }, told), node];
  });
}

function stepRow(span) {
  const bar = h("i", { data: { tone: span.state === "replayed" ? "calm" : toneOf(span.state) } });
  const time = h("span", { class: "end small" });
  const node = h(
    "li",
    { class: "span", title: `${span.name}, ${words(span.state)}` },
    h("span", { class: "clip name" }, span.name),
    h("span", { class: "lane", "aria-hidden": "true" }, bar),
    time,
  );
  const set = (from, until, end) => {
    const whole = until - from;
    bar.style.setProperty("--at", `${((span.started_ms - from) / whole) * 100}%`);
    bar.style.setProperty("--share", `${(Math.max(0, end - span.started_ms) / whole) * 100}%`);
    const text = span.state === "replayed" ? "kept" : duration((end - span.started_ms) / 1000);
    fill(time, text, h("span", { class: "unseen" }, `, ${words(span.state)}`));
  };
  return { node, set };
}

/** Every run of the job: who ran it, for how long, and how it ended. */
export function attemptsCard(job) {
  const attempts = job.attempts ?? [];
  if (!attempts.length) return null;
  const rows = attempts.map((run, index) => attemptRow(run, before(attempts) + index + 1));
  return card("Attempts", null, h("ol", { class: "attempts" }, rows));
}

function attemptRow(run, number) {
  const seconds = run.ended_ms ? (run.ended_ms - run.started_ms) / 1000 : null;
  return h(
    "li",
    {},
    h(
      "div",
      { class: "row" },
      h("strong", {}, count(number)),
      badge(run.outcome ?? "running"),
      h("span", { class: "grow" }),
      h("span", { class: "small dim" }, seconds === null ? when(run.started_ms) : duration(seconds)),
    ),
    h("p", { class: "small dim clip", title: run.worker }, run.worker),
    run.error && h("p", { class: "small few-lines", title: run.error.message }, sentence(run.error.message)),
  );
}
