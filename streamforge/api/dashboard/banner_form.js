// The banner's own form: words, brand, sizes, pictures.

import { h, fill } from "./dom.js";
import { get } from "./http.js";
import { button } from "./parts.js";
import { fieldSet } from "./fields.js";

const PRESETS = [
  ["social", "Social", "7 sizes"],
  ["google-display", "Google display", "13 sizes"],
  ["iab", "IAB portfolio", "12 sizes"],
];
const SIZES = ["1200x628", "1080x1080", "1080x1920", "300x250", "728x90", "160x600", "970x250"];
const FORMATS = [
  ["png", "PNG"],
  ["jpeg", "JPEG"],
  ["webp", "WebP"],
  ["avif", "AVIF"],
  ["svg", "SVG"],
  ["pdf", "PDF"],
];
const MAX_COLOURS = 8;
const MAX_LOGO = 4_000_000;
const SAMPLE = "Summer Sale 50% off at Acme Outdoor. Tents, packs and boots. Shop now at acme.example";

/** The form's fields: `value` is the job's input, `wrong` marks the field of a problem, `clear` unmarks all. */
export function bannerForm(initial) {
  const from = initial ?? {};
  const set = fieldSet();
  const prompt = h("textarea", {
    maxlength: 4000,
    required: true,
    rows: 4,
    placeholder: SAMPLE,
    value: from.prompt ?? "",
  });
  const name = h("input", { maxlength: 80, value: from.brand_name ?? "", placeholder: "Acme Outdoor" });
  const audience = h("input", { maxlength: 200, value: from.audience ?? "", placeholder: "Weekend hikers" });
  const purpose = h("input", { maxlength: 400, value: from.purpose ?? "", placeholder: "Sell last season's stock" });
  const colours = colourList(from.brand_colors ?? []);
  const sizes = sizePicker(from);
  const formats = checks("Formats", FORMATS, from.formats ?? ["png"]);
  const logo = pictureInput(from.logo ?? null);
  const kit = kitSelect(from.brand_kit ?? "", set);
  const rounds = h("input", { type: "number", min: 0, max: 5, value: from.rounds ?? 3 });
  const seed = h("input", { type: "number", min: 0, max: 2 ** 31 - 1, value: from.seed ?? "", placeholder: "Any" });
  const node = h(
    "div",
    { class: "form" },
    set.field(
      "prompt",
      "What should it say, and to whom?",
      prompt,
      "Name the offer, the brand, what to do next. Any language.",
    ),
    h(
      "div",
      { class: "pair" },
      set.field("brand_name", "Brand", name),
      set.field("logo", "Logo", logo.node, "PNG, JPEG, WebP or SVG, up to 3 MB.", logo.input),
    ),
    kit.node,
    set.group("brand_colors", "Brand colours", colours.node),
    set.group("sizes", "Sizes", sizes.node),
    set.group("formats", "Formats", formats.node),
    h(
      "details",
      {},
      h("summary", {}, "More"),
      h(
        "div",
        { class: "pair inner" },
        set.field("audience", "Audience", audience),
        set.field("purpose", "Purpose", purpose),
        set.field("rounds", "Rounds of mending", rounds),
        set.field("seed", "Seed", seed, "The same seed gives the same banner."),
      ),
    ),
  );
  const value = () => ({
    ...kept(from),
    prompt: prompt.value.trim(),
    brand_name: name.value.trim(),
    brand_colors: colours.value(),
    sizes: sizes.value(),
    formats: formats.value(),
    audience: audience.value.trim(),
    purpose: purpose.value.trim(),
    rounds: Number(rounds.value || 3),
    ...(kit.value() ? { brand_kit: kit.value() } : {}),
    ...(seed.value === "" ? {} : { seed: Number(seed.value) }),
    ...(logo.value() ? { logo: logo.value() } : {}),
  });
  return { node, value, wrong: set.wrong, clear: set.clear };
}

/** What this form does not show of an earlier job's input stays as it was. */
function kept({ logo_on_dark, hero, svg_text, scale, max_kb, design, locks, ocr }) {
  const all = { logo_on_dark, hero, svg_text, scale, max_kb, design, locks, ocr };
  return Object.fromEntries(Object.entries(all).filter(([, each]) => each !== undefined && each !== null));
}

/** The stored kits, once it is known that there are some. A kit that an earlier job brought along stays as it was. */
function kitSelect(initial, set) {
  const select = h("select", {}, h("option", { value: "" }, "None"));
  const node = set.field("brand_kit", "Brand kit", select, "Colours, fonts and logo that were stored under a name.");
  node.hidden = true;
  const offer = ({ items }) => {
    select.append(...items.map(({ name }) => h("option", { value: name, selected: name === initial }, name)));
    node.hidden = !items.length;
  };
  get("/kits?limit=200").then(offer, () => {});
  return { node, value: () => (typeof initial === "object" || node.hidden ? initial : select.value) };
}

function colourList(initial) {
  const list = h("ul", { class: "colours" });
  const adder = button("Add colour", () => add("#1b57c9").focus(), "slim");
  const refresh = () => {
    adder.disabled = list.children.length >= MAX_COLOURS;
  };
  const add = (colour) => {
    const picker = h("input", { type: "color", value: colour, "aria-label": `Colour ${list.children.length + 1}` });
    const text = h("input", {
      value: colour,
      maxlength: 7,
      pattern: "#[0-9a-fA-F]{6}",
      required: true,
      spellcheck: "false",
      class: "mono",
      "aria-label": `Colour ${list.children.length + 1} as hex`,
    });
    picker.addEventListener("input", () => {
      text.value = picker.value;
    });
    text.addEventListener("input", () => {
      if (text.checkValidity()) picker.value = text.value.toLowerCase();
    });
    const drop = () => {
      row.remove();
      refresh();
      adder.focus();
    };
    const row = h("li", {}, picker, text, button("×", drop, "quiet slim", { "aria-label": "Remove this colour" }));
    list.append(row);
    refresh();
    return text;
  };
  initial.forEach(add);
  const node = h("div", { class: "row" }, list, adder);
  return { node, value: () => [...list.querySelectorAll("input.mono")].map((input) => input.value.toLowerCase()) };
}

function sizePicker(from) {
  const initial = from.sizes?.length ? from.sizes : [from.width ? `${from.width}x${from.height}` : "1200x628"];
  const chips = h("div", { class: "chips" });
  const chip = (value, label, note, isOn) => {
    const box = h("input", { type: "checkbox", value, checked: isOn });
    return h("label", { class: "chip" }, box, shape(value), h("span", {}, label, h("small", { class: "dim" }, note)));
  };
  const known = new Set([...SIZES, ...PRESETS.map(([value]) => value)]);
  const others = initial.filter((each) => !known.has(each));
  fill(
    chips,
    PRESETS.map(([value, label, note]) => chip(value, label, note, initial.includes(value))),
    [...SIZES, ...others].map((size) => chip(size, size.replace("x", " × "), "", initial.includes(size))),
  );
  const side = (label) => h("input", { type: "number", min: 16, max: 8192, "aria-label": label, placeholder: label });
  const [width, height] = [side("Width"), side("Height")];
  const add = () => {
    if (!(width.value && height.value && width.checkValidity() && height.checkValidity()))
      return width.reportValidity() && height.reportValidity();
    const size = `${Number(width.value)}x${Number(height.value)}`;
    const old = [...chips.querySelectorAll("input")].find((box) => box.value === size);
    if (old) old.checked = true;
    else chips.append(chip(size, size.replace("x", " × "), "", true));
    width.value = height.value = "";
    return width.focus();
  };
  const own = h(
    "div",
    { class: "row own-size" },
    width,
    h("span", { "aria-hidden": "true" }, "×"),
    height,
    button("Add size", add, "slim"),
  );
  const value = () => [...chips.querySelectorAll("input:checked")].map((box) => box.value);
  return { node: h("div", { class: "stack tight" }, chips, own), value };
}

/** A size's outline, drawn to scale; a set of sizes as a stack. */
function shape(value) {
  const [width, height] = value.split("x").map(Number);
  const box = h("i", { class: height ? "shape" : "shape many", "aria-hidden": "true" });
  const longest = Math.max(width, height) || 1;
  box.style.setProperty("--w", `${height ? Math.max(4, (width / longest) * 22) : 14}px`);
  box.style.setProperty("--h", `${height ? Math.max(4, (height / longest) * 22) : 14}px`);
  return box;
}

function checks(label, options, initial) {
  const node = h(
    "div",
    { class: "row wide-row" },
    options.map(([value, text]) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", value, checked: initial.includes(value) }), text),
    ),
  );
  return { node, value: () => [...node.querySelectorAll("input:checked")].map((box) => box.value) };
}

function pictureInput(initial) {
  let data = initial;
  const input = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/svg+xml" });
  const seen = h("span", { class: "logo-preview" });
  const show = () =>
    fill(seen, data && [h("img", { src: data, alt: "The logo" }), button("Remove", () => take(null), "slim quiet")]);
  const take = (found) => {
    data = found;
    if (!found) input.value = "";
    show();
  };
  input.addEventListener("change", () => {
    const [file] = input.files;
    const isFit = !file || file.size <= MAX_LOGO * 0.75;
    input.setCustomValidity(isFit ? "" : "This file is over 3 MB.");
    if (!isFit) return input.reportValidity();
    if (!file) return take(null);
    const reader = new FileReader();
    reader.onload = () => take(reader.result);
    return reader.readAsDataURL(file);
  });
  show();
  return { node: h("div", { class: "stack tight" }, input, seen), input, value: () => data };
}
