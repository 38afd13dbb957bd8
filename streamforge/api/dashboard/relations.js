// A constraint graph's relations: in words, and what became of each on one canvas.
//
// The graph is written for one shape of canvas. On another shape the layout follows rules of its own, so a relation is
// held against where the elements stand before anybody is told that it holds there.

const SAY = {
  above: "above",
  left_of: "left of",
  align_left: "left edge with",
  align_right: "right edge with",
  align_top: "top edge with",
  align_bottom: "bottom edge with",
  center_x: "centred across with",
  center_y: "centred down with",
  inside: "inside",
  same_width: "as wide as",
  near: "near",
  larger_type: "larger type than",
};

const HOLDS = {
  above: (a, b, slack) => bottom(a) <= b.y + slack,
  left_of: (a, b, slack) => right(a) <= b.x + slack,
  align_left: (a, b, slack) => Math.abs(a.x - b.x) <= slack,
  align_right: (a, b, slack) => Math.abs(right(a) - right(b)) <= slack,
  align_top: (a, b, slack) => Math.abs(a.y - b.y) <= slack,
  align_bottom: (a, b, slack) => Math.abs(bottom(a) - bottom(b)) <= slack,
  center_x: (a, b, slack) => Math.abs(middle(a) - middle(b)) <= slack,
  center_y: (a, b, slack) => Math.abs(centre(a) - centre(b)) <= slack,
  same_width: (a, b, slack) => Math.abs(a.width - b.width) <= slack,
  larger_type: (a, b) => !a.px || !b.px || a.px > b.px,
};

export const right = (box) => box.x + box.width;
export const bottom = (box) => box.y + box.height;
export const middle = (box) => box.x + box.width / 2;
export const centre = (box) => box.y + box.height / 2;

/** A relation as a sentence. */
export const textOf = ({ a, rel, b }) => `${a} ${SAY[rel] ?? rel} ${b || "the canvas"}`;

/** The boxes of a canvas by element; the canvas itself has the empty name. */
export function placed({ size, boxes }) {
  const found = new Map(boxes.map((box) => [box.id, box]));
  return found.set("", { id: "", x: 0, y: 0, width: size.width, height: size.height });
}

/** What became of a relation: `held`, `relaxed`, `left out` (an element is not shown), or `other shape`. */
export function fateOf({ rel, a, b }, found, banner) {
  if (banner.relaxed.includes(`${rel}(${a}, ${b || "canvas"})`)) return "relaxed";
  const [one, other] = [found.get(a), found.get(b)];
  if (!one || !other) return "left out";
  const slack = Math.max(6, banner.size.width / 100);
  return HOLDS[rel]?.(one, other, slack) === false ? "other shape" : "held";
}
