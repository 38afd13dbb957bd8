// A job that was just handed in: its progress as it happens, then its picture.

import { h, fill, say } from "./dom.js";
import { words } from "./format.js";
import { get, part, post } from "./http.js";
import { followJob } from "./live.js";
import { badge, busy, button, card, empty, failure, progressBar, sentence } from "./parts.js";
import { isPicture } from "./job_files.js";

/** The pane beside the form. `start` shows a job in place of the one before. */
export class Run {
  constructor(kind, signal) {
    Object.assign(this, { kind, signal, over: null });
    this.place = h(
      "div",
      { class: "body run-body" },
      empty("Your result shows here", "Fill in the form and press Generate. You can follow each step as it happens."),
    );
    this.state = h("span");
    this.node = card("Result", this.state, this.place);
    this.node.classList.add("run");
  }

  start(id) {
    this.over?.abort();
    this.over = new AbortController();
    this.id = id;
    this.bar = progressBar("Progress");
    this.bar.set(null);
    this.step = h("span", { class: "step-name" }, "waiting for a worker");
    this.share = h("span", { class: "step-share" });
    this.seen = h("div", { class: "run-picture" });
    const link = h("a", { class: "button slim", href: `#/jobs/${part(id)}` }, "Open job");
    this.stop = button(
      "Cancel",
      (event) => busy(event.currentTarget, () => post(`/jobs/${part(id)}/cancel`)),
      "slim danger",
    );
    this.actions = h("div", { class: "row" }, link, this.stop);
    fill(this.state, badge("queued"));
    fill(
      this.place,
      h(
        "div",
        { class: "stack" },
        h("p", { class: "small dim now-line" }, this.step, h("span", { class: "grow" }), this.share),
        this.bar.node,
        this.seen,
        this.actions,
      ),
    );
    say("The job is handed in.");
    followJob(
      id,
      { event: (event) => this.hear(event), end: () => this.ended() },
      AbortSignal.any([this.signal, this.over.signal]),
    );
    this.node.scrollIntoView({ block: "nearest" });
  }

  hear({ type, data }) {
    if (type === "job.started") fill(this.state, badge("running"));
    if (type === "step.started" || type === "job.progress")
      this.step.textContent = [words(data.step ?? ""), data.message].filter(Boolean).join(" · ");
    if (typeof data.progress === "number") this.move(data.progress);
  }

  move(progress) {
    this.bar.set(progress);
    this.share.textContent = `${Math.round(progress)} %`;
  }

  async ended() {
    this.stop.remove();
    try {
      this.show(await get(`/jobs/${part(this.id)}`, { signal: this.signal }));
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          this.seen,
          failure(error, () => this.ended()),
        );
    }
  }

  show(job) {
    const isDone = job.state === "succeeded";
    fill(this.state, badge(job.state));
    this.step.textContent = isDone ? "done" : words(job.state);
    this.share.textContent = isDone ? "100 %" : "";
    this.bar.set(job.progress, isDone ? "good" : job.state === "failed" ? "bad" : "calm");
    fill(this.seen, isDone ? pictures(job) : failure(troubleOf(job)));
    say(isDone ? "The job is done." : sentence(troubleOf(job).message));
  }
}

const troubleOf = ({ error, state }) => ({
  message: error?.friendly ?? `the job is ${words(state)}`,
  hint: error?.hint,
});

/** The pictures of the winning version. */
function pictures(job) {
  const found = (job.artifacts ?? []).filter(
    (file) => isPicture(file) && !/^v\d+-/.test(file.name) && file.name !== "contact-sheet.png",
  );
  const shown = found
    .slice(0, 12)
    .map((file) =>
      h(
        "a",
        { href: file.url, target: "_blank", rel: "noopener" },
        h("img", { src: file.url, alt: `Result ${file.name}` }),
      ),
    );
  return shown.length ? shown : h("p", { class: "dim" }, "The job made no picture; open it to see its result.");
}
