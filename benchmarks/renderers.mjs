// One renderer behind a pipe: a job a line in (JSON), a line out with the ms it took and the bytes it made.
//
//     node renderers.mjs satori|chromium TOOLS_DIR FONTS_JSON [CHROMIUM]
//
// TOOLS_DIR is where `npm install satori @resvg/resvg-js playwright-core` was run.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import path from "node:path";

const [mode, tools, fontsFile, executablePath] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(tools), "package.json"));
const fonts = JSON.parse(readFileSync(fontsFile, "utf8"));

async function satoriRenderer() {
  const module = require("satori");
  const satori = module.default ?? module;
  const { Resvg } = require("@resvg/resvg-js");
  const loaded = fonts.map((font) => ({ ...font, data: readFileSync(font.path), style: "normal" }));
  return async ({ tree, width, height }) => {
    const svg = await satori(tree, { width, height, fonts: loaded });
    return new Resvg(svg).render().asPng();
  };
}

async function chromiumRenderer() {
  const { chromium } = require("playwright-core");
  const browser = await chromium.launch({
    executablePath,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions"],
  });
  const page = await browser.newPage();
  // A page of no origin may not read font files.
  await page.goto(`file://${path.resolve(fontsFile)}`);
  return async ({ html, width, height, format }) => {
    await page.setViewportSize({ width, height });
    await page.setContent(html, { waitUntil: "load" });
    await page.evaluate(() => document.fonts.ready);
    return page.screenshot(format === "jpeg" ? { type: "jpeg", quality: 90 } : { type: "png" });
  };
}

const render = await (mode === "satori" ? satoriRenderer() : chromiumRenderer());
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const begun = performance.now();
  const image = await render(job);
  const ms = performance.now() - begun;
  if (job.save) writeFileSync(job.save, image);
  process.stdout.write(JSON.stringify({ ms, bytes: image.length }) + "\n");
}
process.exit(0);
