// The house's component pages, for looking at while one changes app.css or a script; no part of the program.
//
//   node crates/web/assets/kit/serve.mjs FOLDER [PORT]      FOLDER holds a node_modules (npm ci in crates/web/npm)
//
// The pages are sent under the program's content policy, so a rule that would break there breaks here.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rows } from "./rows.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [packages, port = "8099"] = process.argv.slice(2);
if (!packages) {
  console.error("usage: node serve.mjs FOLDER [PORT]   (FOLDER holds an installed node_modules)");
  process.exit(2);
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const vendor = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "tokens.css": "@digital-go-jp/design-tokens/dist/tokens.css",
};

const head = (title, query) => `<!doctype html>
<html lang="ja" data-density="${query.get("density") ?? "dense"}"${query.get("theme") ? ` data-theme="${query.get("theme")}"` : ""}>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · 帳場</title>
<meta name="htmx-config" content='{"includeIndicatorCSS":false,"morphIgnore":["data-htmx-powered","open"]}'>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/tokens.css"><link rel="stylesheet" href="/assets/app.css">
<script src="/assets/htmx.js" defer></script><script type="module" src="/assets/app.js"></script></head>`;

async function page(name, query) {
  const body = await readFile(join(here, `${name}.html`), "utf8");
  if (name === "login" || name === "print") return head(name, query) + body;
  const shell = await readFile(join(here, "shell.html"), "utf8");
  return head(name, query) + shell.replace("{{main}}", () => body).replace("{{rows}}", () => rows());
}

function events(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write('event: counts\ndata: {"phase:new":113,"state:failed":3,"state:unknown":0}\n\nevent: job\ndata: job-7\n\n');
}

const postal = { 1000000: [{ prefecture: "東京都", city: "架空区", town: "見本町" }] };

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  const send = (type, body, more = {}) => {
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": policy, ...more });
    response.end(body);
  };
  const asset = /^\/assets\/([a-z-]+\.(js|css))$/.exec(url.pathname);
  try {
    if (asset) {
      const place = vendor[asset[1]] ? join(packages, "node_modules", vendor[asset[1]]) : join(here, "..", asset[1]);
      return send(asset[2] === "js" ? "text/javascript" : "text/css", await readFile(place));
    }
    if (url.pathname === "/desk/events") return events(response);
    const code = /^\/desk\/postal\/(\d{7})$/.exec(url.pathname);
    if (code) return send("application/json", JSON.stringify(postal[code[1]] ?? []));
    if (url.pathname === "/rows") return send("text/html", `<tbody id="rows">${rows()}</tbody>`);
    if (url.pathname === "/job") return send("text/html", `<p id="job" data-job="job-7" hx-get="/job" hx-trigger="job-job-7" hx-swap="outerMorph">読み込み直しました。</p>`);
    if (url.pathname === "/preview") return send("text/html", await readFile(join(here, "preview.html")));
    // non-ASCII of a header is written as \u escapes
    const ascii = (note) => JSON.stringify(note).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
    if (url.pathname === "/undo") return send("text/html", "", { "HX-Trigger": ascii({ toast: { text: "元に戻しました。" } }) });
    if (request.method === "POST") return send("text/html", "", { "HX-Trigger": ascii({ toast: { text: "4件を「出荷待ち」へ移動しました。", undo_url: "/undo" } }) });
    const name = url.pathname.slice(1) || "list";
    if (/^[a-z]+$/.test(name)) return send("text/html; charset=utf-8", await page(name, url.searchParams));
  } catch {
    // falls through to 404
  }
  response.writeHead(404).end();
}).listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/list /order /parts /login /print  (?theme=dark&density=roomy)`));
