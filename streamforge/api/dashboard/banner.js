// A banner job's story: each canvas in each version, its constraint graph, and its verification.

import { h, fill } from "./dom.js";
import { bytes, count, counted, words } from "./format.js";
import { badge, card, choice, sentence } from "./parts.js";
import { graphOver } from "./graph.js";
import { fateOf, placed, textOf } from "./relations.js";
import { checksTable } from "./checks.js";

/** The cards of a banner job, of its report.json and graph.json. */
export function bannerCards(job, report, design, signal) {
  return new Banner(job, report, design, signal).cards();
}

class Banner {
  constructor(job, report, design, signal) {
    Object.assign(this, { report, design, signal, canvas: 0, isGraph: false });
    this.urls = new Map(job.artifacts.map((file) => [file.name, file.url]));
    this.version = Math.max(
      0,
      report.rounds.findIndex((round) => round.summary.version === report.version),
    );
    this.stage = h("div", { class: "stage" });
    this.caption = h("p", { class: "small dim row" });
    this.relations = h("div");
    this.checks = h("div");
    this.verdict = h("span");
  }

  get round() {
    return this.report.rounds[this.version];
  }

  get banner() {
    return this.round.banners[this.canvas];
  }

  cards() {
    this.show();
    return [
      card(
        "Result",
        this.views(),
        this.bar(),
        h("div", { class: "body stack" }, this.stage, this.caption, this.relations),
      ),
      card("Verification", this.verdict, this.checks),
      this.report.strategy && strategyCard(this.report),
    ];
  }

  views() {
    return choice(
      "View",
      [
        ["picture", "Picture"],
        ["graph", "Constraint graph"],
      ],
      "picture",
      (value) => {
        this.isGraph = value === "graph";
        this.show();
      },
    );
  }

  bar() {
    const sizes = this.round.banners.map((banner, index) => [index, sizeOf(banner)]);
    const versions = this.report.rounds.map((round, index) => [index, this.versionLabel(round)]);
    const pick = (name) => (index) => {
      this[name] = index;
      this.show();
    };
    if (sizes.length < 2 && versions.length < 2) return null;
    return h(
      "div",
      { class: "result-bar" },
      sizes.length > 1 && choice("Canvas", sizes, this.canvas, pick("canvas")),
      versions.length > 1 && choice("Version", versions, this.version, pick("version"), "choice pictured"),
    );
  }

  /** A version by its picture, and how many of its checks failed. */
  versionLabel({ summary, banners }) {
    const file = banners[0].files.find((each) => each.media_type.startsWith("image/"));
    const picture = h("span", { class: "mini" }, file && h("img", { src: this.urls.get(file.name) ?? "", alt: "" }));
    const best = summary.version === this.report.version ? ", the best" : "";
    const note = summary.unmade ? "no layout" : summary.failed ? `${summary.failed} failed` : "all hold";
    return [picture, h("span", {}, `Version ${summary.version}${best}`), h("span", { class: "dim small" }, note)];
  }

  show() {
    const { banner, round } = this;
    const file = banner.files.find((each) => each.media_type.startsWith("image/")) ?? null;
    fill(
      this.stage,
      file
        ? this.picture(file)
        : h(
            "p",
            { class: "note" },
            banner.conflict
              ? sentence(banner.conflict.fix_hint || banner.conflict.element)
              : "There is no picture of this canvas.",
          ),
    );
    fill(this.caption, this.facts(banner, file, round));
    fill(this.checks, checksTable(banner));
    const failed = banner.checks.filter((check) => !check.passed).length;
    const passed = banner.checks.length - failed;
    const tone = failed ? "bad" : passed ? "good" : "calm";
    fill(
      this.verdict,
      badge(tone, passed + failed ? `${passed} of ${passed + failed} checks hold` : "nothing to check", tone),
    );
  }

  picture(file) {
    const { width, height } = this.banner.size;
    const frame = h("div", { class: "frame" });
    frame.style.setProperty("--width", String(width));
    frame.style.setProperty("--height", String(height));
    const said = Object.values(this.banner.copy).join(". ");
    fill(
      frame,
      h("img", { src: this.urls.get(file.name) ?? "", width, height, alt: `Banner ${width} by ${height}: ${said}` }),
    );
    fill(this.relations);
    if (this.isGraph) this.draw(frame);
    return frame;
  }

  draw(frame) {
    const { banner } = this;
    const { relations } = this.design;
    const graph = banner.boxes?.length ? graphOver(banner, relations) : null;
    if (!graph)
      return fill(this.relations, h("p", { class: "note" }, "This report does not say where elements stand."));
    frame.classList.add("with-graph");
    frame.append(graph.node);
    graph.fit(frame, this.signal);
    const found = placed(banner);
    const items = relations.map((relation, index) =>
      relationItem(relation, fateOf(relation, found, banner), graph, index),
    );
    const list = h("ul", { class: "relations small" }, items);
    return fill(this.relations, h("details", {}, h("summary", {}, counted(relations.length, "relation")), list));
  }

  facts(banner, file, round) {
    const { summary } = round;
    const all = [
      sizeOf(banner),
      file && `${file.media_type.replace("image/", "").toUpperCase()}, ${bytes(file.bytes)}`,
      `layout ${words(banner.solver)}`,
      banner.dropped.length > 0 && `left out: ${banner.dropped.join(", ")}`,
      this.report.rounds.length > 1 &&
        summary.failed > 0 &&
        `${counted(summary.failed, "check")} failed in this version`,
    ].filter(Boolean);
    const notes = banner.notes.map((note) => h("span", {}, sentence(note)));
    return [h("span", {}, all.join(" · ")), notes];
  }
}

const sizeOf = ({ size }) => `${size.width} × ${size.height}`;

/** A line that brings its relation out in the drawing while the mouse or the focus is on it. */
function relationItem(relation, fate, graph, index) {
  const light = (isOn) => () => graph.light(index, isOn);
  const isDrawn = fate === "held" || fate === "relaxed";
  const note = FATES[fate] ?? (relation.hard ? "must hold" : `weight ${relation.weight}`);
  return h(
    "li",
    {
      tabindex: isDrawn ? "0" : null,
      onmouseenter: light(true),
      onmouseleave: light(false),
      onfocus: light(true),
      onblur: light(false),
    },
    h("i", { data: { rel: relation.rel } }),
    textOf(relation),
    h("span", { class: "dim" }, note),
  );
}

const FATES = { relaxed: "given up", "left out": "left out", "other shape": "not on this canvas" };

function strategyCard({ strategy, designer, archetype, tokens }) {
  const pairs = [
    ["Message", strategy.message],
    ["Audience", strategy.audience],
    ["Action", strategy.action],
    ["Tone", strategy.tone],
    ["Reading path", strategy.reading_path],
    ["Archetype", words(archetype)],
    ["Designer", designer],
    ["Model", tokens.model],
    ["Calls", tokens.calls ? count(tokens.calls) : ""],
  ].filter(([, value]) => value);
  const list = h(
    "dl",
    { class: "strategy" },
    pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
  return card("Strategy", null, h("div", { class: "body" }, list));
}
