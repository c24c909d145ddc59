// What every browser test starts from: a running demo (simulated malls, hub, back office) or an empty installation, a browser,
// somebody signed in, and a watch over what no page may do: ask another host, throw an error, break the content policy.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** The program: CHOBA_BIN, or what was built last. */
export function program() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  const found = [process.env.CHOBA_BIN, path.join(target, "release/choba"), path.join(target, "debug/choba")].find((p) => p && existsSync(p));
  if (!found) throw new Error("choba is not built: cargo build -p choba, or set CHOBA_BIN");
  return path.resolve(found);
}

function browserPath() {
  const found = [process.env.CHOBA_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((p) => p && existsSync(p));
  if (!found) throw new Error("Chromium is missing: apt-get install chromium, or set CHOBA_CHROMIUM");
  return found;
}

function started(args, pattern) {
  const child = spawn(program(), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const matched = new Promise((resolve, reject) => {
    const look = (chunk) => {
      said += chunk;
      const match = said.match(pattern);
      if (match) resolve(match);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("exit", (code) => reject(new Error(`choba ended with ${code}:\n${said}`)));
  });
  return { child, matched, said: () => said };
}

async function stopped(child) {
  if (child.exitCode !== null) return;
  const end = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  await end;
}

/** The demo, worked by hand unless said otherwise. `link` signs in once. */
export async function demo({ byHand = true, orders = 15, seed = 1 } = {}) {
  const data = mkdtempSync(path.join(tmpdir(), "choba-e2e-"));
  const args = ["demo", "--listen", "127.0.0.1:0", "--data", data, "--orders", String(orders), "--seed", String(seed)];
  const run = started(byHand ? [...args, "--by-hand"] : args, /(http:\/\/[^\s/]+)\/login\/link\/[\w-]+/);
  const [link, base] = await run.matched;
  return { base, link, data, said: run.said, async stop() { await stopped(run.child); rmSync(data, { recursive: true, force: true }); } };
}

/** An installation that nobody has set up. `link` is the one for the first set-up. */
export async function empty(extra = []) {
  const data = mkdtempSync(path.join(tmpdir(), "choba-e2e-"));
  const run = started(["serve", "--listen", "127.0.0.1:0", "--data", data, ...extra], /(http:\/\/[^\s/]+)\/setup\/[\w-]+/);
  const [link, base] = await run.matched;
  return { base, link, data, said: run.said, async stop() { await stopped(run.child); rmSync(data, { recursive: true, force: true }); } };
}

/** Turns something at the simulated malls of a demo (`/_sim/…`): faults, orders, settings. */
export async function control(house, path, body, method = "POST") {
  const mall = house.said().match(/(http:\/\/[^\s/]+) に模擬の/)?.[1];
  if (!mall) throw new Error(`the demo does not say where its malls are:\n${house.said()}`);
  const answer = await fetch(`${mall}/_sim/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(said)}`);
  return said;
}

/** Runs the command line on an installation and gives its JSON lines. */
export function cli(data, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program(), ["--data", data, "--json", ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (chunk) => { out += chunk; });
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, lines: out.split("\n").filter(Boolean).map((line) => JSON.parse(line)) }));
  });
}

/** A browser. What pages do wrong is collected in `wrongs`, for every page of every context. */
export async function browser() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: browserPath(), args });
}

/** A person at a window of their own. */
export async function person(open, base, { width = 1366, height = 768, dark = false, state } = {}) {
  const context = await open.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", locale: "ja-JP", timezoneId: "Asia/Tokyo", storageState: state });
  const page = await context.newPage();
  const wrongs = [];
  const home = new URL(base).host;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.host !== home) wrongs.push(`asked ${url.host}`);
  });
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // An answer with a status of refusal is told by the browser too; tests look at those themselves.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) wrongs.push(`console: ${message.text()}`);
  });
  return { context, page, wrongs, go: (to) => page.goto(base + to) };
}

/** Signs in by a link that is good once. */
export async function signIn(person, link) {
  await person.page.goto(link);
  await person.page.click("main button.main");
  await person.page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** Serious and critical findings of axe on the page as it stands. */
export async function axe(page) {
  // Evaluated, not added as a script: the content policy would rightly keep that out.
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.help} (${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")})`);
}

/** Waits until the list has orders: the demo's hub brings them in by itself. */
export async function ordersArrived(person, count = 20) {
  for (;;) {
    await person.go("/orders?all=1");
    const rows = await person.page.locator("tr[data-row]").count();
    if (rows >= count) return rows;
    await person.page.waitForFunction((n) => Number((document.querySelector('[data-count="all"]')?.textContent ?? "0").replaceAll(",", "")) >= n, count);
  }
}
