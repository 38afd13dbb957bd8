// The verification of one canvas: what was measured, where, against which limit.

import { h } from "./dom.js";
import { counted, words } from "./format.js";
import { badge, sentence, table } from "./parts.js";

const UNITS = { ratio: ": 1", px2: "px²", "": "" };
const ROUND = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** The checks of a canvas: what failed in sight, the rest folded away. */
export function checksTable(banner) {
  if (!banner.checks.length) return h("p", { class: "body dim" }, "Nothing was checked on this canvas.");
  const failed = banner.checks.filter((check) => !check.passed);
  const others = banner.checks
    .filter((check) => check.passed)
    .sort((one, other) => Number(other.skipped) - Number(one.skipped));
  const rest = h(
    "details",
    { class: "checks" },
    h("summary", {}, `${counted(others.length, "check")} that hold`),
    checkTable("Checks that hold", others),
  );
  return [failed.length > 0 && checkTable("Checks that fail", failed), others.length > 0 && rest];
}

function checkTable(title, checks) {
  const { node, body } = table(title, [
    ["Check"],
    ["Element"],
    ["Measured", "end fit"],
    ["Limit", "end fit p2"],
    ["Result", "fit"],
  ]);
  body.append(...checks.map(row));
  return node;
}

function row(check) {
  const result = check.skipped
    ? badge("skipped", "skipped", "calm")
    : badge(check.passed ? "succeeded" : "failed", check.passed ? "holds" : "fails");
  return h(
    "tr",
    {},
    h("td", {}, words(check.check), check.fix_hint && h("p", { class: "small dim" }, sentence(check.fix_hint))),
    h("td", {}, check.element),
    h("td", { class: "end fit" }, measure(check.measured, check.unit)),
    h("td", { class: "end fit p2" }, measure(check.limit, check.unit)),
    h("td", { class: "fit" }, result),
  );
}

function measure(value, unit) {
  const text = UNITS[unit] ?? unit;
  return text ? `${ROUND.format(value)} ${text}` : ROUND.format(value);
}
