// The list: `tr[data-row="ID"]` with `input[name=id]`. One row is the current one (aria-current, j/k), ticked rows make the
// bar `.bulk` appear. The current row and the ticks are kept by id, so that a morph of the list loses neither.
//
//   [data-tick-all]        the check box in the head
//   [data-selected-count]  where 「12件の受注が…」 stands (data-text overrides the sentence)
//   [data-select-all]      「一覧の348件すべてを選択」: enables input[name=all] of its form; data-text is said afterwards
import { fill, say } from "./words.js";

const state = { current: null, anchor: null, ticked: new Set() };

/** The ids from one to another, both included, in the list's order; only `to` when `from` is not in the list. */
export function range(ids, from, to) {
  const a = ids.indexOf(from);
  const b = ids.indexOf(to);
  if (b < 0) return [];
  if (a < 0) return [to];
  return ids.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** The id `by` steps from the current one, kept inside the list; the first (or last) row when none is current. */
export function neighbour(ids, current, by) {
  if (ids.length === 0) return null;
  const at = ids.indexOf(current);
  if (at < 0) return by > 0 ? ids[0] : ids[ids.length - 1];
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))];
}

/** What the box in the head shows. */
export function headState(total, ticked) {
  return { checked: total > 0 && ticked === total, indeterminate: ticked > 0 && ticked < total };
}

const rows = () => [...document.querySelectorAll("tr[data-row]")];
const rowOf = (id) => rows().find((row) => row.dataset.row === id);
const boxOf = (row) => row.querySelector("input[name=id]");
const ids = () => rows().map((row) => row.dataset.row);

function mark(id, focus) {
  state.current = id;
  for (const row of rows()) {
    const here = row.dataset.row === id;
    if (here) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.tabIndex = here ? 0 : -1;
    if (here && focus) {
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    }
  }
}

/** Goes to the next or previous row. */
export function step(by) {
  const id = neighbour(ids(), state.current, by);
  if (id !== null) mark(id, true);
  return id !== null;
}

/** Ticks or unticks the current row, or ticks all from the last tick to it. */
export function tickCurrent(extend) {
  const row = rowOf(state.current);
  const box = row && boxOf(row);
  if (!box) return false;
  if (extend) tickRange(state.current, true);
  else setTick(box, !box.checked);
  state.anchor = state.current;
  refresh();
  return true;
}

/** Opens the current row: its `[data-open]` link, else the first link of its row head. */
export function openCurrent() {
  const link = rowOf(state.current)?.querySelector("[data-open], th a, a");
  link?.click();
  return Boolean(link);
}

/** Whether keys may treat this element as "the list itself" (Enter opens) and not as a control of its own. */
export function isRowPlace(element) {
  return element === document.body || element.matches("tr[data-row], tr[data-row] input[name=id]");
}

function setTick(box, on) {
  if (!box.disabled) box.checked = on;
}

function tickRange(to, on) {
  for (const id of range(ids(), state.anchor, to)) {
    const row = rowOf(id);
    if (row && boxOf(row)) setTick(boxOf(row), on);
  }
}

function sayCount(count) {
  for (const place of document.querySelectorAll("[data-selected-count]")) {
    const text = count === 0 ? "" : fill(place.dataset.text ?? say("selected"), { n: count });
    if (place.textContent !== text) place.textContent = text;
  }
}

function wholeList(on) {
  for (const input of document.querySelectorAll("input[type=hidden][name=all]")) input.disabled = !on;
}

/** Reads the boxes and brings bar, head box, row colours and sentence in line. */
function refresh() {
  const all = rows();
  state.ticked = new Set();
  for (const row of all) {
    const on = boxOf(row)?.checked ?? false;
    row.classList.toggle("sel", on);
    if (on) state.ticked.add(row.dataset.row);
  }
  const count = state.ticked.size;
  for (const head of document.querySelectorAll("[data-tick-all]")) Object.assign(head, headState(all.length, count));
  for (const bar of document.querySelectorAll(".bulk")) bar.hidden = count === 0;
  for (const button of document.querySelectorAll("[data-select-all]")) button.hidden = count === 0 || count < all.length;
  wholeList(false);
  sayCount(count);
}

/** After htmx put new rows in: the same orders stay ticked and current, vanished ones are let go. */
function restore() {
  const kept = state.ticked;
  const hadFocus = document.activeElement === document.body || document.activeElement?.matches?.("tr[data-row]");
  for (const row of rows()) {
    const box = boxOf(row);
    if (box && kept.has(row.dataset.row)) setTick(box, true);
  }
  const present = ids().includes(state.current);
  mark(present ? state.current : null, present && hadFocus);
  if (!present) firstReachable();
  refresh();
}

/** Without a current row the first one can be reached with Tab. */
function firstReachable() {
  const [first] = rows();
  if (first && state.current === null) first.tabIndex = 0;
}

function clicked(event) {
  const target = event.target;
  const box = target.closest?.("tr[data-row] input[name=id]");
  if (box) {
    const id = box.closest("tr").dataset.row;
    if (event.shiftKey && state.anchor !== null) tickRange(id, box.checked);
    state.anchor = id;
    mark(id, false);
    refresh();
    return;
  }
  if (target.matches?.("[data-tick-all]")) {
    for (const row of rows()) if (boxOf(row)) setTick(boxOf(row), target.checked);
    refresh();
    return;
  }
  const whole = target.closest?.("[data-select-all]");
  if (whole) {
    wholeList(true);
    for (const place of document.querySelectorAll("[data-selected-count]")) {
      place.textContent = whole.dataset.text ?? whole.textContent;
    }
    whole.hidden = true;
  }
}

/** Where a list was scrolled to, by its address: the browser itself only keeps that of the window. */
const PLACES = "choba-places";
const scrollers = () => [...document.querySelectorAll("main, .grid")];

function keepPlace() {
  const tops = scrollers().map((element) => element.scrollTop);
  try {
    const all = Object.entries(JSON.parse(sessionStorage.getItem(PLACES) ?? "{}")).filter(([key]) => key !== location.href);
    sessionStorage.setItem(PLACES, JSON.stringify(Object.fromEntries([...all.slice(-19), [location.href, tops]])));
  } catch {
    // a browser that keeps nothing begins at the top
  }
}

function backToPlace() {
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") return;
  try {
    const tops = JSON.parse(sessionStorage.getItem(PLACES) ?? "{}")[location.href] ?? [];
    scrollers().forEach((element, at) => {
      if (tops[at] > 0) element.scrollTop = tops[at];
    });
  } catch {
    // as above
  }
}

export function start() {
  backToPlace();
  window.addEventListener("pagehide", keepPlace);
  document.addEventListener("click", clicked);
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("tr[data-row]");
    if (row && row.dataset.row !== state.current) mark(row.dataset.row, false);
  });
  document.addEventListener("htmx:after:swap", restore);
  // the browser may have kept ticks over a reload or Back
  window.addEventListener("pageshow", restore);
  if (rows().length > 0) {
    firstReachable();
    refresh();
  }
}
