// The column chooser: `ul[data-columns]` of `li[data-column]`, moved by drag or by the buttons `[data-move=up|down]`
// (WCAG 2.5.7). The order is the order of the inputs in the form; nothing is sent until the form is.
import { say } from "./words.js";

/** The list with the item at `from` put to `to`; unchanged when either is outside. */
export function moved(list, from, to) {
  if (from < 0 || to < 0 || from >= list.length || to >= list.length) return [...list];
  const result = [...list];
  result.splice(to, 0, ...result.splice(from, 1));
  return result;
}

const items = (list) => [...list.querySelectorAll(":scope > li[data-column]")];

function arrange(list, from, to) {
  const before = items(list);
  const item = before[from];
  const after = moved(before, from, to);
  if (!item || after.every((other, at) => other === before[at])) return;
  list.append(...after);
  ends(list);
  list.dispatchEvent(new Event("change", { bubbles: true }));
  const words = list.parentElement.querySelector("[data-columns-say]");
  if (words) words.textContent = say("moved", { label: item.dataset.label ?? item.textContent.trim(), n: after.indexOf(item) + 1 });
}

/** The first cannot go up, the last not down; they stay focusable so that nobody's focus falls away. */
function ends(list) {
  const all = items(list);
  all.forEach((item, at) => {
    item.querySelector("[data-move=up]")?.setAttribute("aria-disabled", String(at === 0));
    item.querySelector("[data-move=down]")?.setAttribute("aria-disabled", String(at === all.length - 1));
  });
}

let dragged = null;

export function start() {
  const prepare = () => document.querySelectorAll("[data-columns]").forEach((list) => ends(list));
  prepare();
  document.addEventListener("htmx:after:swap", prepare);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-columns] [data-move]");
    if (!button) return;
    const list = button.closest("[data-columns]");
    const from = items(list).indexOf(button.closest("li[data-column]"));
    arrange(list, from, from + (button.dataset.move === "up" ? -1 : 1));
    button.focus();
  });
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-columns] > li[data-column]") ?? null;
    dragged?.classList.add("dragged");
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
  });
  document.addEventListener("dragover", (event) => {
    if (dragged?.parentElement.contains(event.target)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const onto = event.target.closest?.("[data-columns] > li[data-column]");
    if (!dragged || !onto || onto.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const all = items(onto.parentElement);
    arrange(onto.parentElement, all.indexOf(dragged), all.indexOf(onto));
  });
}
