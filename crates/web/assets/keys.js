// The keyboard: the whole day without a mouse. Letters belong to buttons (`data-key="m"` is clicked by M) and places
// (`data-go="n"` is opened by G then N); this file only finds them. It is silent while an IME composes, in text fields, and
// under <html data-keys="off">, where Esc and Ctrl/⌘+K stay (WCAG 2.1.4).
import { fold, make, say } from "./words.js";
import { open, topmost } from "./dialog.js";
import { isRowPlace, openCurrent, step, tickCurrent } from "./grid.js";

/** How long G waits for its second letter, in milliseconds. */
const PREFIX_MS = 1500;

/**
 * What a key means, or null when it means nothing to us.
 * `place`: { typing: in a text field, off: keys switched off, prefix: G was pressed just now }.
 */
export function meaning(event, place) {
  if (event.isComposing || event.keyCode === 229) return null;
  const key = event.key ?? "";
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key.toLowerCase() === "k") return { does: "command" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (key === "Escape") return { does: place.typing ? "leave" : "back" };
  if (place.off || place.typing) return null;
  if (key === "/" || key === "?") return { does: key === "/" ? "search" : "help" };
  if (key === "Enter") return event.shiftKey ? null : { does: "open" };
  if (!/^[a-z]$/i.test(key)) return null;
  const letter = key.toLowerCase();
  if (letter === "x") return { does: event.shiftKey ? "range" : "tick" };
  if (event.shiftKey) return null;
  if (place.prefix) return { does: "go", letter };
  if (letter === "g") return { does: "prefix" };
  if (letter === "j" || letter === "k") return { does: letter === "j" ? "next" : "previous" };
  return { does: "press", letter };
}

/** Whether every word of the query occurs in the text, in any order, whatever the width or kana. */
export function matches(text, query) {
  const folded = fold(text);
  return fold(query)
    .split(" ")
    .every((word) => folded.includes(word));
}

const isTyping = (element) =>
  Boolean(element?.closest?.("textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

const shown = (element) => !element.disabled && element.checkVisibility?.() !== false && !element.closest("[hidden]");

/** The first visible element of a selector, inside the open dialog when there is one. */
function find(selector) {
  return [...(topmost() ?? document).querySelectorAll(selector)].find(shown);
}

function press(element) {
  element?.click();
  return Boolean(element);
}

/** What a place or an action is called, without the count that may stand in its label. */
function label(element) {
  const { command, label: given } = element.dataset;
  return (command || given?.replace(/\{n\}.*/, "") || element.getAttribute("aria-label") || element.textContent).replace(/\s+/g, " ").trim();
}

function dialogCalled(id, title) {
  let dialog = document.getElementById(id);
  if (!dialog) {
    dialog = make("dialog", { id, class: "sheet", "aria-labelledby": `${id}-title` });
    document.body.append(dialog);
  }
  const close = make("button", { type: "button", class: "quiet", "data-closes": true }, say("close"));
  const heading = make("h2", { id: `${id}-title` }, title);
  dialog.replaceChildren(make("header", {}, heading, close));
  return dialog;
}

function showHelp() {
  const list = make("dl", { class: "keylist" });
  const line = (keys, text) => {
    const term = make("dt");
    keys.forEach((key, at) => term.append(at ? " " : "", make("kbd", {}, key)));
    list.append(make("div", {}, term, make("dd", {}, text)));
  };
  line(["/"], say("search"));
  line(["J", "K"], say("nextRow"));
  line(["X"], say("tickRow"));
  line(["Shift", "X"], say("tickRange"));
  line(["Enter"], say("openRow"));
  line(["Esc"], say("back"));
  line(["Ctrl", "K"], say("command"));
  line(["?"], say("help"));
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-go], [data-key]")) {
    const go = element.dataset.go;
    const keys = go ? ["G", go.toUpperCase()] : [element.dataset.key.toUpperCase()];
    if (element.closest("dialog") || seen.has(keys.join())) continue;
    seen.add(keys.join());
    line(keys, label(element));
  }
  const dialog = dialogCalled("keys", say("keys"));
  dialog.append(list);
  open(dialog);
}

function showCommands() {
  const sources = [...document.querySelectorAll("[data-command]")].filter((element) => !element.closest("dialog") && !element.disabled);
  const opener = document.activeElement;
  const dialog = dialogCalled("command", say("command"));
  const options = make("ul", { id: "command-list", role: "listbox", "aria-label": say("command") });
  const none = make("p", { class: "note", role: "status" });
  const input = make("input", {
    type: "text",
    role: "combobox",
    autocomplete: "off",
    placeholder: say("commandHint"),
    "aria-label": say("command"),
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": options.id,
  });
  let chosen = 0;
  let hits = [];
  const draw = () => {
    options.replaceChildren();
    chosen = Math.max(0, Math.min(chosen, hits.length - 1));
    hits.forEach((element, at) => {
      const here = at === chosen;
      const option = make("li", { role: "option", id: `command-${at}`, "aria-selected": String(here) }, label(element));
      const hint = element.dataset.go ? `G ${element.dataset.go}` : element.dataset.key;
      if (hint) option.append(make("kbd", {}, hint.toUpperCase()));
      option.addEventListener("click", () => run(element));
      options.append(option);
      if (here) option.scrollIntoView({ block: "nearest" });
    });
    none.textContent = hits.length ? "" : say("commandNone");
    if (hits.length) input.setAttribute("aria-activedescendant", `command-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const filter = () => {
    hits = sources.filter((element) => matches(label(element), input.value));
    chosen = 0;
    draw();
  };
  const run = (element) => {
    dialog.close();
    element.click();
  };
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) chosen += by;
    else if (event.key === "Enter" && hits[chosen]) return event.preventDefault(), run(hits[chosen]);
    else return;
    event.preventDefault();
    draw();
  });
  dialog.append(input, options, none);
  open(dialog, opener);
  filter();
  input.focus();
}

let prefixUntil = 0;

/** Does what a key means; true when it did something, so that the browser shall not. */
function act(wish, target) {
  const modal = topmost();
  switch (wish.does) {
    case "command":
      if (modal?.id === "command") modal.close();
      else showCommands();
      return true;
    case "leave":
      // the browser closes dialogs and clears search boxes by itself
      if (!modal && !target.closest("dialog")) target.blur();
      return false;
    case "back":
      return !modal && press(find("[data-back]"));
    case "press":
      return press(find(`[data-key="${wish.letter}"]`));
  }
  if (modal) return false;
  switch (wish.does) {
    case "search": {
      const box = find("[data-search], .find input");
      box?.focus();
      box?.select?.();
      return Boolean(box);
    }
    case "help":
      showHelp();
      return true;
    case "prefix":
      prefixUntil = Date.now() + PREFIX_MS;
      return true;
    case "go":
      // a place in a folded menu is not visible, but may be gone to all the same
      return press(document.querySelector(`[data-go="${wish.letter}"]`));
    case "next":
      return step(1);
    case "previous":
      return step(-1);
    case "tick":
    case "range":
      return tickCurrent(wish.does === "range");
    case "open":
      return isRowPlace(target) && openCurrent();
  }
  return false;
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const prefix = Date.now() < prefixUntil;
    const off = document.documentElement.dataset.keys === "off";
    const wish = meaning(event, { typing: isTyping(event.target), off, prefix });
    if (event.key !== "Shift") prefixUntil = 0;
    if (wish && act(wish, event.target)) event.preventDefault();
  });
}
