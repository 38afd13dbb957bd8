// What the caller's tenant (an operator's: the default one) has spent today, and what it may spend.

import { h, fill } from "./dom.js";
import { count, money, when } from "./format.js";
import { get } from "./http.js";
import { bones, card, facts, failure, progressBar } from "./parts.js";

/** The card; `load` reads the account. */
export function spending(me) {
  const place = h("div", { class: "body stack" }, bones(2));
  const whose = h("span", { class: "small dim" });
  const node = card("Spending today", whose, place);
  const load = async (signal) => {
    try {
      const told = await get("/accounts/me", { signal });
      whose.textContent = `tenant ${told.tenant}${me.tenant === "*" ? " alone" : ""}`;
      fill(place, account(told));
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401)
        fill(
          place,
          failure(error, () => load(signal)),
        );
    }
  };
  return { node, load };
}

function account(told) {
  const { budget_usd: budget, spent_today_usd: spent } = told;
  const bar = progressBar("Share of today's budget that is spent");
  if (budget) bar.set((spent / budget) * 100, spent < budget * 0.9 ? "run" : "bad");
  const models = Object.entries(told.models).map(([name, { usd, calls }]) => [
    name,
    `${money(usd)}, ${count(calls)} calls`,
  ]);
  return [
    h(
      "p",
      { class: "row" },
      h("strong", { class: "figure" }, money(spent)),
      h("span", { class: "dim" }, budget ? `of ${money(budget)}` : "no limit is set"),
    ),
    budget && bar.node,
    facts([
      ["Credits left", told.balance_usd === undefined ? null : money(told.balance_usd)],
      ["Held for calls under way", told.held_usd ? money(told.held_usd) : null],
      ["Calls", count(told.calls_today)],
      ...models,
      ["The day ends", when(told.resets_ms)],
    ]),
  ];
}
