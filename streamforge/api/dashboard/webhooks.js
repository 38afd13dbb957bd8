// Webhooks: who is told of what, and how the telling went.

import { h, fill, keyed } from "./dom.js";
import { counted, when, words } from "./format.js";
import { get, part, post, remove } from "./http.js";
import {
  badge,
  bones,
  busy,
  button,
  card,
  confirmed,
  empty,
  failure,
  head,
  nameCell,
  opened,
  sent,
  table,
  toast,
} from "./parts.js";
import { secretShown, tenantAsked } from "./keys.js";

/** The view. */
export function webhooks({ me, signal }) {
  const { node: rows, body } = table("Webhooks", [
    ["Address"],
    ["Events", "p2"],
    ["Tenant", "fit p3"],
    ["Created", "end fit p3"],
    ["", "fit"],
  ], "stacked");
  const place = h("div", {}, bones(3));
  const load = async () => {
    try {
      const { items } = await get("/webhooks?limit=200", { signal });
      keyed(
        body,
        items,
        (item) => item.id,
        (item) => row(item, load),
      );
      fill(
        place,
        items.length
          ? rows
          : empty(
              "No webhooks",
              "An address of yours can be told when jobs end, signed and repeated until it answers.",
            ),
      );
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401)
        fill(place, h("div", { class: "body" }, failure(error, load)));
    }
  };
  load();
  const create = button("New webhook", () => made(me).then((isMade) => isMade && load()), "solid");
  return [head("Webhooks", { actions: [create] }), card("Addresses", null, place)];
}

function row(hook, load) {
  return h(
    "tr",
    {},
    h(
      "td",
      { class: "wide" },
      h(
        "span",
        { class: "whole" },
        called(hook),
        hook.disabled_ms ? badge("off", "switched off", "bad") : null,
      ),
      h("span", { class: "clip small dim" }, hook.disabled_why || hook.description || hook.id),
    ),
    h("td", { class: "p2 small" }, hook.events.join(", ")),
    nameCell(hook.tenant === "*" ? "all" : hook.tenant, "p3"),
    h("td", { class: "end fit p3" }, when(hook.created_ms)),
    h(
      "td",
      { class: "fit" },
      h(
        "div",
        { class: "row tight" },
        hook.url &&
          button("Test", (event) => tried(hook, event.currentTarget), "slim", { "aria-label": `Test ${called(hook)}` }),
        hook.disabled_ms && button("Switch on", (event) => enable(hook, event.currentTarget, load), "slim"),
        button("Deliveries", () => opened(deliveries(hook)), "slim", { "aria-label": `Deliveries to ${called(hook)}` }),
        button("Delete", (event) => forget(hook, event.currentTarget, load), "slim danger", {
          "aria-label": `Delete the webhook ${called(hook)}`,
        }),
      ),
    ),
  );
}

const called = (hook) => hook.url || "the callback addresses of jobs";

function tried(hook, node) {
  return busy(node, async () => {
    await post(`/webhooks/${part(hook.id)}/test`);
    toast("A test is on its way; its delivery tells how it went.");
  });
}

function enable(hook, node, load) {
  return busy(node, async () => {
    await post(`/webhooks/${part(hook.id)}/enable`);
    await load();
  });
}

async function forget(hook, node, load) {
  if (
    !(await confirmed({
      title: "Delete this webhook?",
      text: `${called(hook)} is told nothing from now on.`,
      action: "Delete",
      isHarmful: true,
    }))
  )
    return;
  await busy(node, async () => {
    await remove(`/webhooks/${part(hook.id)}`);
    toast("The webhook is deleted.");
    await load();
  });
}

/** What was sent to an address, newest first, each to be sent again. */
function deliveries(hook) {
  const place = h("div", {}, bones(4));
  const path = `/webhooks/${part(hook.id)}/deliveries`;
  const load = () =>
    get(path).then(
      ({ items }) => fill(place, items.length ? list(items) : empty("Nothing was sent yet")),
      (error) => fill(place, failure(error)),
    );
  const replay = (delivery) => (event) =>
    busy(event.currentTarget, async () => {
      await post(`${path}/${part(delivery.id)}/replay`);
      toast("It is being sent again.");
      await load();
    });
  const list = (items) => {
    const { node, body } = table("Deliveries", [["Event"], ["State", "fit"], ["When", "end fit p2"], ["", "fit"]]);
    body.append(
      ...items.map((each) =>
        h(
          "tr",
          {},
          h("td", {}, each.type, h("span", { class: "clip small dim" }, lastTry(each))),
          h("td", { class: "fit" }, badge(each.state, words(each.state), TONES[each.state] ?? "calm")),
          h("td", { class: "end fit p2" }, when(each.created_ms)),
          h("td", { class: "fit" }, button("Send again", replay(each), "slim")),
        ),
      ),
    );
    return node;
  };
  load();
  return h(
    "dialog",
    { class: "broad", "aria-labelledby": "w-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "w-title" }, "Deliveries"),
      h("p", { class: "clip" }, called(hook)),
      place,
      h("div", { class: "actions" }, h("button", { class: "solid", autofocus: true }, "Close")),
    ),
  );
}

const TONES = { delivered: "good", dead: "bad", pending: "warn" };

function lastTry({ tries = [] }) {
  const last = tries.at(-1);
  if (!last) return "not tried yet";
  const answer = last.status ? `answered ${last.status}` : last.error || "no answer";
  return `${counted(tries.length, "try", "tries")}, ${answer}`;
}

/** Ask for the address and make the webhook; whether one was made. */
async function made(me) {
  const url = h("input", {
    id: "w-url",
    type: "url",
    inputmode: "url",
    required: true,
    maxlength: 2000,
    placeholder: "https://example.com/hooks",
  });
  const tenant = tenantAsked(me);
  const issued = await sent({
    title: "New webhook",
    action: "Make webhook",
    fields: [["Address", url], tenant.field],
    send: () => post("/webhooks", { url: url.value, ...tenant.given() }),
  });
  if (issued?.secret) await secretShown("The signing secret", issued.secret);
  return issued !== null;
}
