// Short notes: what was just done, with 「元に戻す」 for ten seconds. A note comes from the server, either with an answer
// (header HX-Trigger: {"toast":{"text":"…","undo_url":"/…"}}, non-ASCII written as \u escapes) or in a page as
// `.toast[data-toast]` inside `.toasts`. It waits while the pointer or the focus is on it (WCAG 2.2.1).
import { make, say } from "./words.js";

/** How long a note stays, in milliseconds. */
const STAY_MS = 10_000;

/** What a note says, or null when there is nothing to say. Addresses of other sites are left out. */
export function reading(detail) {
  const text = typeof detail?.text === "string" ? detail.text.trim() : "";
  if (!text) return null;
  const url = detail.undo_url;
  const undo = typeof url === "string" && /^\/(?![/\\])/.test(url) ? url : null;
  return { text, undo, bad: detail.kind === "bad" };
}

function place() {
  let found = document.querySelector(".toasts");
  if (!found) {
    found = make("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(found);
  }
  return found;
}

function live(toast, stay) {
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), stay);
  };
  const hold = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusout", wait);
  wait();
}

async function undo(toast, url) {
  toast.remove();
  try {
    const answer = await fetch(url, { method: "POST", headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    // lists listen with hx-trigger="undone from:body"
    document.body.dispatchEvent(new CustomEvent("undone", { bubbles: true, detail: { url } }));
    const note = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}").toast;
    if (note) show(note);
  } catch {
    show({ text: say("undoFailed"), kind: "bad" });
  }
}

function show(detail) {
  const note = reading(detail);
  if (!note) return;
  const toast = make("div", { class: note.bad ? "toast bad" : "toast" }, make("p", {}, note.text));
  if (note.undo) {
    const button = make("button", { type: "button", "data-key": "u" }, say("undo"));
    button.addEventListener("click", () => undo(toast, note.undo));
    // the newest note's undo is the one that the key U finds
    for (const older of place().querySelectorAll("[data-key=u]")) older.removeAttribute("data-key");
    toast.append(button);
  }
  toast.append(closer());
  place().append(toast);
  live(toast, STAY_MS);
}

function closer() {
  return make("button", { type: "button", class: "quiet", "data-dismiss": true, "aria-label": say("close") }, "×");
}

export function start() {
  place();
  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("click", (event) => event.target.closest?.("[data-dismiss]")?.closest(".toast, .notice-banner")?.remove());
  for (const given of document.querySelectorAll(".toast[data-toast]")) {
    given.remove();
    show({ text: given.textContent, undo_url: given.dataset.undoUrl, kind: given.classList.contains("bad") ? "bad" : "" });
  }
}
