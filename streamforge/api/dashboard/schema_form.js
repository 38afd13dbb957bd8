// A form for any kind of job, made from the JSON Schema of its input. What it has no field for is written as JSON.

import { h } from "./dom.js";
import { words } from "./format.js";
import { fieldSet } from "./fields.js";

/**
 * The fields of an object schema: `value`, `wrong` and `clear` as in every form; `files` are those that are to be sent
 * before the job starts, in place of the field that the server fills with them.
 */
export function schemaForm(schema, initial) {
  const resolve = (each) =>
    each?.$ref ? { ...schema.$defs?.[each.$ref.split("/").pop()], ...each, $ref: undefined } : (each ?? {});
  const top = resolve(schema);
  const required = new Set(top.required ?? []);
  const set = fieldSet();
  const inputs = Object.entries(top.properties ?? {}).map(([name, each]) => {
    const told = plain(resolve(each), resolve);
    const input = areFiles(name, told, resolve)
      ? fileInput(required.has(name))
      : inputFor(name, told, initial?.[name] ?? told.default, required.has(name));
    const label = words(name) + (required.has(name) ? "" : " (optional)");
    return {
      name,
      input,
      node: set.field(name, label.charAt(0).toUpperCase() + label.slice(1), input.node, told.description ?? input.hint),
    };
  });
  const node = h(
    "div",
    { class: "form" },
    inputs.length ? inputs.map((each) => each.node) : h("p", { class: "dim" }, "This kind needs no input."),
  );
  const value = () =>
    Object.fromEntries(inputs.map(({ name, input }) => [name, input.value()]).filter(([, each]) => each !== undefined));
  const files = () => inputs.flatMap(({ input }) => input.files?.() ?? []);
  return { node, value, files, wrong: set.wrong, clear: set.clear };
}

/** Whether a field is the one that uploaded files go to. */
function areFiles(name, told, resolve) {
  const { properties } = resolve(told.items);
  return name === "files" && told.type === "array" && Boolean(properties?.key && properties?.media_type);
}

function fileInput(required) {
  const node = h("input", { type: "file", multiple: true, required });
  return { node, value: () => undefined, files: () => [...node.files], hint: "They are sent before the job starts." };
}

/** Of several forms that a value may have, the first that is not null. */
function plain(told, resolve) {
  const arms = (told.anyOf ?? told.oneOf ?? []).map(resolve).filter((arm) => arm.type !== "null");
  return arms.length === 1 ? { ...told, ...arms[0], anyOf: undefined, oneOf: undefined } : told;
}

function inputFor(name, told, initial, isRequired) {
  if (told.enum) return select(told, initial, isRequired);
  switch (told.type) {
    case "boolean":
      return checkbox(initial);
    case "integer":
    case "number":
      return number(told, initial, isRequired);
    case "string":
      return text(told, initial, isRequired, ADDRESS.test(name) || told.format === "uri");
    default:
      return written(initial, isRequired);
  }
}

function select(told, initial, required) {
  const none = required ? null : h("option", { value: "" }, "–");
  const node = h(
    "select",
    { required },
    none,
    told.enum.map((each, index) => h("option", { value: index, selected: each === initial }, String(each))),
  );
  return { node, value: () => (node.value === "" ? undefined : told.enum[Number(node.value)]) };
}

function checkbox(initial) {
  const node = h("input", { type: "checkbox", checked: Boolean(initial) });
  return { node, value: () => node.checked };
}

function number(told, initial, required) {
  const step = told.type === "integer" ? 1 : "any";
  const node = h("input", {
    type: "number",
    required,
    step,
    min: told.minimum,
    max: told.maximum,
    value: initial ?? "",
  });
  return { node, value: () => (node.value === "" ? undefined : Number(node.value)) };
}

const ADDRESS = /(^|_)(url|uri|link)$/;

function text(told, initial, required, isAddress) {
  const isLong = !isAddress && (!told.maxLength || told.maxLength > 200);
  const node = h(isLong && !told.pattern ? "textarea" : "input", {
    required,
    minlength: told.minLength,
    maxlength: told.maxLength,
    rows: 3,
    autocapitalize: "off",
    inputmode: isAddress && "url",
    value: initial ?? "",
  });
  return { node, value: () => (node.value === "" && !required ? undefined : node.value) };
}

function written(initial, required) {
  const node = h("textarea", {
    class: "mono",
    required,
    rows: 5,
    autocapitalize: "off",
    spellcheck: "false",
    value: initial === undefined ? "" : JSON.stringify(initial, null, 2),
  });
  const check = () => {
    try {
      if (node.value.trim()) JSON.parse(node.value);
      node.setCustomValidity("");
    } catch (error) {
      node.setCustomValidity(`Not valid JSON: ${error.message}`);
    }
  };
  node.addEventListener("input", check);
  return { node, value: () => (node.value.trim() ? JSON.parse(node.value) : undefined) };
}
