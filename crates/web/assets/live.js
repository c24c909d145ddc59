// The living numbers: <body data-events="/desk/events"> opens one stream of server-sent events.
//
//   event: counts   data: {"phase:new":12,"state:rejected":1}   → every [data-count="phase:new"]
//   event: job      data: {"id":"…"} or the bare id              → event `job-ID` at every [data-job="ID"] (hx-trigger="job-ID")
//   [data-live-state]  says when the connection is lost     [data-live-say]  (aria-live) says when a [data-hot] number grew
//
// A hidden tab holds no connection. On opening the server sends all counts; jobs are asked again then, as news was missed.
import { fill, say } from "./words.js";

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** The wait before try number `attempt` (0, 1, …): doubled each time, at most a minute, spread by a fifth so that tabs differ. */
export function backoff(attempt, random = Math.random()) {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.8 + 0.4 * random));
}

/** The counts of a message: whole numbers from 0 up by their names; anything else is left out. */
export function readCounts(data) {
  let given;
  try {
    given = JSON.parse(data);
  } catch {
    return {};
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) return {};
  return Object.fromEntries(Object.entries(given).filter(([, n]) => Number.isSafeInteger(n) && n >= 0));
}

/** The id of a job message: `{"id":"…"}` or the bare text; null when it is neither. */
export function readJob(data) {
  const text = data.trim();
  const id = text.startsWith("{") ? readId(text) : text;
  return typeof id === "string" && /^[\w-]+$/.test(id) ? id : null;
}

function readId(text) {
  try {
    return JSON.parse(text).id;
  } catch {
    return null;
  }
}

const toNumber = (element) => Number((element.textContent || "0").replace(/\D/g, ""));

function show(counts) {
  for (const element of document.querySelectorAll("[data-count]")) {
    const n = counts[element.dataset.count];
    if (n === undefined) continue;
    const before = toNumber(element);
    const text = n.toLocaleString("ja-JP");
    if (element.textContent !== text) element.textContent = text;
    const box = element.closest("a, li, .card") ?? element;
    box.classList.toggle("zero", n === 0);
    const alarming = element.hasAttribute("data-hot") || box.hasAttribute("data-hot");
    if (alarming) box.classList.toggle("hot", n > 0);
    const name = box.dataset.label;
    if (name) box.setAttribute("aria-label", name.includes("{n}") ? fill(name, { n }) : say("count", { label: name, n }));
    if (alarming && n > before) tell(box, element, n);
  }
}

function tell(box, element, n) {
  const words = document.querySelector("[data-live-say]");
  const label = (box.dataset.label ?? box.textContent.replace(element.textContent, "")).replace("{n}件", "").trim();
  if (words) words.textContent = say("count", { label, n });
}

function job(id) {
  for (const element of document.querySelectorAll("[data-job]")) {
    if (id !== undefined && element.dataset.job !== id) continue;
    element.dispatchEvent(new CustomEvent(`job-${element.dataset.job}`));
  }
}

function state(lost) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    const text = lost ? (element.dataset.lost ?? say("lost")) : (element.dataset.connected ?? say("connected"));
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("lost", lost);
  }
}

export function start() {
  const address = document.body.dataset.events;
  if (!address) return;
  let source = null;
  let timer = null;
  let attempt = 0;
  let opened = false;

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const connect = () => {
    close();
    source = new EventSource(address);
    source.addEventListener("open", () => {
      attempt = 0;
      state(false);
      if (opened) job();
      opened = true;
    });
    source.addEventListener("counts", (event) => show(readCounts(event.data)));
    source.addEventListener("job", (event) => {
      const id = readJob(event.data);
      if (id !== null) job(id);
    });
    // the browser's own retry gives up on an error status, so we always do it ourselves
    source.addEventListener("error", () => {
      close();
      // one short gap (a restart, a sleeping laptop) is nobody's business
      if (attempt > 0) state(true);
      timer = setTimeout(connect, backoff(attempt));
      attempt += 1;
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    attempt = 0;
    connect();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  if (!document.hidden) connect();
}
