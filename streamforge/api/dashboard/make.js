// Trying a kind of job: a form, a progress bar, and what comes out, on one page.

import { h, fill } from "./dom.js";
import { words } from "./format.js";
import { get, onceKey, part, post, put } from "./http.js";
import { bones, busy, empty, failure, head } from "./parts.js";
import { bannerForm } from "./banner_form.js";
import { schemaForm } from "./schema_form.js";
import { Run } from "./run.js";

/** The view. */
export function make(context) {
  const place = h("div", {}, bones(6));
  const kinds = h("div");
  load(context, place, kinds);
  return [head("Try", { actions: [kinds] }), place];
}

async function load(context, place, kinds) {
  const { given, query, signal, go } = context;
  try {
    const { items } = await get("/kinds", { signal });
    if (!items.length) return fill(place, empty("No kinds of job", "This daemon has no pipelines."));
    const wanted = given[0] ?? (items.find((each) => each.kind === "banner") ?? items[0]).kind;
    if (items.length > 1)
      fill(
        kinds,
        picker(items, wanted, (kind) => go(`/try/${part(kind)}`)),
      );
    const [kind, initial] = await Promise.all([get(`/kinds/${part(wanted)}`, { signal }), inputOf(query.from, signal)]);
    fill(place, trial(kind, initial, context));
  } catch (error) {
    if (error.name !== "AbortError" && error.status !== 401)
      fill(
        place,
        failure(error, () => load(context, place, kinds)),
      );
  }
}

/** The input of an earlier job, to begin with. */
async function inputOf(jobId, signal) {
  if (!jobId) return null;
  return (await get(`/jobs/${part(jobId)}`, { signal })).input ?? null;
}

function picker(items, wanted, onpick) {
  const options = items.map(({ kind }) => h("option", { value: kind, selected: kind === wanted }, words(kind)));
  return h(
    "div",
    { class: "kind-field" },
    h("label", { for: "kind" }, "Kind"),
    h("select", { id: "kind", onchange: (event) => onpick(event.target.value) }, options),
  );
}

function trial(kind, initial, { me, signal }) {
  const fields = kind.kind === "banner" ? bannerForm(initial) : schemaForm(kind.input_schema, initial ?? kind.example);
  const run = new Run(kind, signal);
  const delivery = deliveryFields(me);
  const wrong = h("div");
  const send = h("button", { class: "solid large" }, "Generate");
  const once = { key: onceKey(), print: "" };
  const submit = async (event) => {
    event.preventDefault();
    fill(wrong);
    fields.clear();
    await busy(send, () => handIn({ kind, fields, delivery, once, wrong, run }));
  };
  const form = h(
    "form",
    { class: "form card body", "aria-label": `New ${words(kind.kind)}`, onsubmit: submit },
    fields.node,
    delivery.node,
    wrong,
    h("div", {}, send),
  );
  return h("div", { class: "try" }, form, run.node);
}

/** The same content is handed in once, however often the button is pressed while the server does not answer. */
async function handIn({ kind, fields, delivery, once, wrong, run }) {
  try {
    const files = fields.files?.() ?? [];
    const body = { kind: kind.kind, input: fields.value(), ...delivery.value(), ...announced(files) };
    const print = JSON.stringify(body);
    if (once.print && once.print !== print) once.key = onceKey();
    once.print = print;
    const accepted = await post("/jobs", body, { headers: { "Idempotency-Key": once.key } });
    if (TAKES_FILES.has(accepted.state)) await sendAll(accepted.job_id, files, wrong);
    Object.assign(once, { key: onceKey(), print: "" });
    fill(wrong);
    run.start(accepted.job_id);
  } catch (error) {
    fill(wrong, failure(error));
    fields.wrong(error);
  }
}

const TAKES_FILES = new Set(["created", "uploading"]);

const announced = (files) => (files.length ? { files: files.map(({ name, size }) => ({ name, size })) } : {});

/** Send a job its files, one after the other, and start it. */
async function sendAll(jobId, files, place) {
  for (const [index, file] of files.entries()) {
    const told = `Sending ${file.name} (${index + 1} of ${files.length})`;
    fill(place, h("p", { class: "small dim", role: "status" }, told));
    await put(`/jobs/${part(jobId)}/uploads/${part(file.name)}`, file);
  }
  await post(`/jobs/${part(jobId)}/process`);
}

function deliveryFields(me) {
  const priority = h(
    "select",
    { id: "priority" },
    ["high", "normal", "low"].map((each) => h("option", { value: each, selected: each === "normal" }, each)),
  );
  const tenant = h("input", { id: "tenant", placeholder: "default", maxlength: 64, spellcheck: "false" });
  const field = (id, label, input) => h("div", { class: "field" }, h("label", { for: id }, label), input);
  const node = h(
    "details",
    {},
    h("summary", {}, "Delivery"),
    h(
      "div",
      { class: "pair inner" },
      field("priority", "Priority", priority),
      me.tenant === "*" && field("tenant", "Tenant", tenant),
    ),
  );
  const value = () => ({ priority: priority.value, ...(tenant.value.trim() ? { tenant: tenant.value.trim() } : {}) });
  return { node, value };
}
