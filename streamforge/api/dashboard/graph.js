// A constraint graph drawn over its banner: boxes, guides where edges align, arrows where order is asked for.

import { h, s, fill } from "./dom.js";
import { bottom, centre, fateOf, middle, placed, right } from "./relations.js";

const FAMILY = {
  above: "order",
  left_of: "order",
  align_left: "guide",
  align_right: "guide",
  align_top: "guide",
  align_bottom: "guide",
  center_x: "guide",
  center_y: "guide",
};

/** Arrows are drawn last, so that no guide hides them. */
const ORDER = ["guide", "other", "order"];

/**
 * The drawing for a canvas: `node` to lay over the picture, `fit` to keep letters readable whatever the picture's size,
 * `light` to bring one relation out. Drawn are the relations that hold there, and those that were given up.
 */
export function graphOver(banner, relations) {
  const { size, boxes } = banner;
  const found = placed(banner);
  const lines = relations.map((relation) => drawn(relation, found, fateOf(relation, found, banner)));
  const svg = s(
    "svg",
    { class: "graph", viewBox: `0 0 ${size.width} ${size.height}`, "aria-hidden": "true" },
    s(
      "defs",
      {},
      s(
        "marker",
        {
          id: "arrow",
          viewBox: "0 0 8 8",
          refX: 7,
          refY: 4,
          markerWidth: 7,
          markerHeight: 7,
          orient: "auto-start-reverse",
        },
        s("path", { d: "M0 0 8 4 0 8Z" }),
      ),
    ),
    boxes.map((box) => s("rect", { class: "box", x: box.x, y: box.y, width: box.width, height: box.height })),
    ORDER.map((family) => lines.filter((line) => line?.classList.contains(family))),
  );
  const labels = h(
    "div",
    { class: "graph-labels", "aria-hidden": "true" },
    boxes.map((box) => label(box, size)),
  );
  const node = h("div", { class: "graph-layer" }, svg, labels);
  const fit = (frame, signal) => {
    const observer = new ResizeObserver(() => node.classList.toggle("tight", frame.clientWidth < 360));
    observer.observe(frame);
    signal.addEventListener("abort", () => observer.disconnect());
  };
  const light = (index, isOn) => {
    svg.classList.toggle("lit", isOn && Boolean(lines[index]));
    lines[index]?.classList.toggle("on", isOn);
  };
  return { node: fill(node, svg, labels), fit, light };
}

function label(box, size) {
  const node = h("span", { class: box.y > size.height * 0.06 ? "over" : null }, box.id);
  node.style.setProperty("left", `${(box.x / size.width) * 100}%`);
  node.style.setProperty("top", `${(box.y / size.height) * 100}%`);
  return node;
}

/** A relation as a group, the line twice: a wide dark one under it keeps it readable on any picture. */
function drawn(relation, found, fate) {
  const [a, b] = [found.get(relation.a), found.get(relation.b)];
  if (!a || !b || fate === "other shape") return null;
  const family = FAMILY[relation.rel] ?? "other";
  const state = fate === "relaxed" ? "relaxed" : relation.hard ? "hard" : "soft";
  const d = pathOf(relation.rel, a, b);
  const arrow = family === "order" ? "url(#arrow)" : null;
  return s(
    "g",
    { class: `relation ${family} ${state}` },
    s("path", { class: "halo", d }),
    s("path", { class: "line", d, "marker-end": arrow }),
  );
}

function pathOf(rel, a, b) {
  switch (rel) {
    case "above":
      return order(
        shared(a.x, a.width, b.x, b.width, middle(a)),
        bottom(a),
        shared(b.x, b.width, a.x, a.width, middle(b)),
        b.y,
        "down",
      );
    case "left_of":
      return order(
        a.x + a.width,
        shared(a.y, a.height, b.y, b.height, centre(a)),
        b.x,
        shared(b.y, b.height, a.y, a.height, centre(b)),
        "across",
      );
    case "align_left":
      return upright((a.x + b.x) / 2, a, b);
    case "align_right":
      return upright((a.x + a.width + b.x + b.width) / 2, a, b);
    case "center_x":
      return upright(middle(b), a, b);
    case "align_top":
      return level((a.y + b.y) / 2, a, b);
    case "align_bottom":
      return level((a.y + a.height + b.y + b.height) / 2, a, b);
    case "center_y":
      return level(centre(b), a, b);
    default:
      return bow(a, b);
  }
}

/** The middle of what two spans have in common, so that arrows run straight; `otherwise` where they have nothing. */
function shared(start, length, otherStart, otherLength, otherwise) {
  const from = Math.max(start, otherStart);
  const to = Math.min(start + length, otherStart + otherLength);
  return to > from ? (from + to) / 2 : otherwise;
}

function order(x1, y1, x2, y2, way) {
  const half =
    way === "down" ? `${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2}` : `${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2}`;
  return `M${x1} ${y1} C${half} ${x2} ${y2}`;
}

function upright(x, a, b) {
  return `M${x} ${Math.min(a.y, b.y)} V${Math.max(bottom(a), b.y + b.height)}`;
}

function level(y, a, b) {
  return `M${Math.min(a.x, b.x)} ${y} H${Math.max(a.x + a.width, b.x + b.width)}`;
}

/** Between the right edges, bent outwards. */
function bow(a, b) {
  const [x1, y1, x2, y2] = [right(a), centre(a), right(b), centre(b)];
  const out = Math.max(x1, x2) + Math.abs(y2 - y1) / 4 + 12;
  return `M${x1} ${y1} C${out} ${y1} ${out} ${y2} ${x2} ${y2}`;
}
