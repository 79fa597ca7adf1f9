// axe at three widths in light and dark, and Lighthouse as a phone, over a folder served on this machine.
//   node browse.mjs DIR JSON   where JSON is {"axe": ["/path", …], "lighthouse": [["/path", 100], …], "shots": DIR or null}
// Prints a line of JSON for each finding; the exit code is 0 if it could look.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { chrome, serve } from "./serve.mjs";

const [dir, task] = process.argv.slice(2);
const { axe, lighthouse, shots } = JSON.parse(task);
const WIDTHS = [390, 820, 1440];
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const say = (tool, page, message) => console.log(JSON.stringify({ tool, page, message }));

const { server, origin } = await serve(dir);
const args = ["--no-sandbox", "--disable-dev-shm-usage"];
// Pictures that are decoded beside the page's painting may be missing from a screenshot.
if (shots) args.push("--disable-checker-imaging");
const browser = await puppeteer.launch({ executablePath: chrome, args, protocolTimeout: 600_000 });
const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const page = await browser.newPage();
await page.setBypassCSP(true);
for (const path of axe) {
  for (const scheme of ["light", "dark"]) {
    for (const width of WIDTHS) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
      await page.setViewport({ width, height: 900 });
      await page.goto(origin + path, { waitUntil: "load", timeout: 120_000 });
      const place = `${path} (${width} px, ${scheme})`;
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 1) say("width", place, `the page is ${wide} px wider than the window`);
      await page.evaluate(source);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, help, nodes } of violations) {
        say("axe", place, `${id}: ${help}: ${nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")} (${nodes.length})`);
      }
      if (shots) {
        mkdirSync(shots, { recursive: true });
        const name = (path.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "home").slice(0, 60);
        await page.screenshot({ path: join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
    }
  }
}
await page.close();

if (lighthouse.length) {
  const { default: run } = await import("lighthouse");
  const port = Number(new URL(browser.wsEndpoint()).port);
  for (const [path, least] of lighthouse) {
    const result = await run(origin + path, { port, output: "json", logLevel: "silent", onlyCategories: CATEGORIES });
    const scores = CATEGORIES.map((name) => Math.round((result.lhr.categories[name].score ?? 0) * 100));
    console.log(JSON.stringify({ tool: "scores", page: path, message: scores.join(" ") }));
    CATEGORIES.forEach((name, i) => {
      if (scores[i] >= least) return;
      const audits = result.lhr.categories[name].auditRefs.filter((a) => a.weight > 0);
      const bad = audits.map((a) => result.lhr.audits[a.id]).filter((a) => a.score !== null && a.score < 0.9);
      say("lighthouse", path, `${name} ${scores[i]}, at least ${least} is wanted: ${bad.map((a) => a.id).join(", ")}`);
    });
  }
}
await browser.close();
server.close();
