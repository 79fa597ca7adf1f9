// One picture of the home pages of several built folders, side by side.
//   node picture.mjs FILE.png DIR…
import { writeFileSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { chrome, serve } from "./serve.mjs";

const [file, ...dirs] = process.argv.slice(2);
const WIDTH = 1280, HEIGHT = 1600, SCALE = 0.4375, GAP = 20;

// Pictures that are decoded beside the page's painting may be missing from a screenshot.
const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-checker-imaging", "--hide-scrollbars"];
const browser = await puppeteer.launch({ executablePath: chrome, args });
const page = await browser.newPage();
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
const parts = [];
for (const dir of dirs) {
  const { server, origin } = await serve(dir);
  await page.setViewport({ width: WIDTH, height: HEIGHT, deviceScaleFactor: SCALE });
  await page.goto(`${origin}/`, { waitUntil: "networkidle0" });
  parts.push(await page.screenshot({ encoding: "base64" }));
  await new Promise((done) => server.close(done));
}
const side = WIDTH * SCALE;
await page.setViewport({ width: dirs.length * side + (dirs.length - 1) * GAP, height: HEIGHT * SCALE });
const images = parts.map((part) => `<img width="${side}" src="data:image/png;base64,${part}">`).join("");
await page.setContent(`<style>body { margin: 0; display: flex; gap: ${GAP}px }</style>${images}`, { waitUntil: "load" });
writeFileSync(file, await page.screenshot());
await browser.close();
