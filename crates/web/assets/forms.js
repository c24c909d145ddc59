// Forms: Enter that ends an IME's composition never sends; codes, phones and postal codes are written in half width on leaving
// the field (names and addresses never); a postal code fills what is empty; nothing is sent twice; unsaved changes are asked for.
//
//   input[data-normalise="code|digits|phone|postal"]
//   input[data-postal] in a fieldset with [data-postal-prefecture] [data-postal-city] [data-postal-town] [data-postal-warning],
//   or one [data-postal-whole] for the whole address
//   form[data-guard]                 asks before its changes are lost
//   form[data-many]                  may be sent again at once (a download)
//   button[data-set-date="2026-11-22"]  with data-for="ID", else the date input of its .field
import { say } from "./words.js";

const HYPHENS = /[‐‑‒–—―−－ーｰ─]/g;

/** Full-width signs and digits as half width; every kind of hyphen as `-`; spaces trimmed. Letters keep their case. */
export function half(text) {
  return text
    .replace(HYPHENS, "-")
    .replace(/[！-～]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/　/g, " ")
    .trim();
}

/** The value as the field's kind wants it. A value that does not fit is only made half width: the server says what is wrong. */
export function normalise(kind, text) {
  const value = half(text);
  switch (kind) {
    case "code":
      return value.replace(/ /g, "");
    case "digits":
      return /^[\d,\s]+$/.test(value) ? value.replace(/[,\s]/g, "") : value;
    case "phone":
      return /^\+?[\d\s().-]+$/.test(value) ? value.replace(/[\s().]/g, "") : value;
    case "postal": {
      const digits = value.replace(/^〒/, "").replace(/[\s-]/g, "");
      return /^\d{7}$/.test(digits) ? `${digits.slice(0, 3)}-${digits.slice(3)}` : value;
    }
    default:
      return text;
  }
}

// 大字 and 字 are often left out, ヶ and ケ are one, and kanji numbers are left alone
const addressForm = (text) => half(text).replace(/\s/g, "").replace(/大字|字/g, "").replace(/[ヶケが]/g, "ケ");
const agrees = (typed, known) => {
  const [a, b] = [addressForm(typed), addressForm(known)];
  return a === "" || b === "" || a.startsWith(b) || b.startsWith(a);
};

/**
 * What a postal code's places mean for the address typed so far.
 * `fill`: values for empty fields, only where all places agree. `warning`: null, "none" or "differs".
 */
export function postalAdvice(places, typed) {
  if (places.length === 0) return { fill: {}, warning: "none", place: null };
  const parts = ["prefecture", "city", "town"];
  const fitting = places.filter((place) => parts.every((part) => agrees(typed[part] ?? "", place[part] ?? "")));
  if (fitting.length === 0) return { fill: {}, warning: "differs", place: places[0] };
  const fill = {};
  for (const part of parts) {
    const values = new Set(fitting.map((place) => place[part] ?? ""));
    const [only] = values;
    if (values.size === 1 && only && !(typed[part] ?? "").trim()) fill[part] = only;
  }
  return { fill, warning: null, place: fitting[0] };
}

/** The same for a form with one field for the whole address: `fill` is what goes into an empty one. */
export function wholeAdvice(places, typed) {
  const [first] = places;
  if (!first) return { fill: "", warning: "none" };
  const same = (part) => (places.every((place) => place[part] === first[part]) ? (first[part] ?? "") : "");
  const city = same("prefecture") + same("city");
  if (!typed.trim()) return { fill: city + (city ? same("town") : ""), warning: null };
  const folded = typed.replace(/\s/g, "");
  const fits = places.some((place) => folded.startsWith(place.prefecture + place.city) || folded.startsWith(place.city));
  return { fill: "", warning: fits ? null : "differs", place: first };
}

const announce = (input) => {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

async function lookUp(input) {
  const digits = normalise("postal", input.value).replace("-", "");
  const group = input.closest("fieldset") ?? input.form;
  if (!/^\d{7}$/.test(digits) || !group || input.dataset.asked === digits) return;
  input.dataset.asked = digits;
  let places;
  try {
    const answer = await fetch(`${input.dataset.postal || "/desk/postal/"}${digits}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    places = await answer.json();
  } catch {
    delete input.dataset.asked; // the help is missing, the form works; the next change asks again
    return;
  }
  if (!Array.isArray(places) || input.dataset.asked !== digits) return;
  const fields = {};
  for (const part of ["prefecture", "city", "town"]) fields[part] = group.querySelector(`[data-postal-${part}]`);
  const typed = {};
  for (const [part, field] of Object.entries(fields)) typed[part] = field?.value ?? "";
  const whole = group.querySelector("[data-postal-whole]");
  const advice = whole ? wholeAdvice(places, whole.value) : postalAdvice(places, typed);
  if (whole && advice.fill) {
    whole.value = advice.fill;
    announce(whole);
    advice.fill = {};
  }
  for (const [part, value] of Object.entries(advice.fill || {})) {
    if (!fields[part]) continue;
    fields[part].value = value;
    announce(fields[part]);
  }
  const warning = group.querySelector("[data-postal-warning]");
  if (!warning) return;
  const place = advice.place;
  const address = place ? [place.prefecture, place.city, place.town].filter(Boolean).join("") : "";
  warning.textContent = advice.warning === "none" ? say("postalNone") : advice.warning === "differs" ? say("postalDiffers", { address }) : "";
  warning.hidden = !advice.warning;
}

function changed(event) {
  const input = event.target;
  const kind = input.dataset?.normalise ?? (input.dataset?.postal !== undefined ? "postal" : undefined);
  if (kind !== undefined && typeof input.value === "string") {
    const value = normalise(kind, input.value);
    if (value !== input.value) input.value = value;
  }
  if (input.dataset?.postal !== undefined) lookUp(input);
  cleared(input);
}

/** A message beside a field goes when its value was changed; the server judges again when the form is sent. */
function cleared(input) {
  if (input.getAttribute?.("aria-invalid") !== "true" || input.checkValidity?.() === false) return;
  input.removeAttribute("aria-invalid");
  const error = input.closest(".field")?.querySelector(".error");
  if (error) error.hidden = true;
}

let composing = false;
const busy = new WeakSet();
const snapshots = new WeakMap();

const written = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : value.name]));

/** Whether sending this form changes something, so that sending it twice would matter. */
const guarded = (form) =>
  !form.matches("[data-many]") && (form.method === "post" || form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]"));

function release(form) {
  if (!form || !busy.delete(form)) return;
  form.removeAttribute("aria-busy");
}

function beforeSubmit(event) {
  const form = event.target;
  if (composing || busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  snapshots.delete(form);
  if (!guarded(form)) return;
  busy.add(form);
  form.setAttribute("aria-busy", "true");
}

export function start() {
  document.addEventListener("compositionstart", () => (composing = true), true);
  document.addEventListener("compositionend", () => setTimeout(() => (composing = false)), true);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || !(event.isComposing || event.keyCode === 229)) return;
      event.stopPropagation();
      if (event.target.matches?.("input")) event.preventDefault();
    },
    true,
  );
  // in the capture phase: whoever listens to the change (htmx too) reads the corrected value
  document.addEventListener("change", changed, true);
  document.addEventListener("submit", beforeSubmit, true);
  document.addEventListener("htmx:finally:request", (event) => {
    release(event.detail?.ctx?.sourceElement?.closest?.("form"));
    release(event.target.closest?.("form"));
  });
  // Back from the page cache: the form may be sent again
  window.addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));
  // a script that stopped the sending (a check of the page) must not leave the form locked
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented && !event.target.matches("[hx-post], [hx-put], [hx-patch], [hx-delete], [data-htmx-powered]")) release(event.target);
  });

  document.addEventListener("focusin", (event) => {
    const form = event.target.form?.closest?.("form[data-guard]");
    if (form && !snapshots.has(form)) snapshots.set(form, written(form));
  });
  window.addEventListener("beforeunload", (event) => {
    for (const form of document.querySelectorAll("form[data-guard]")) {
      if (!snapshots.has(form) || snapshots.get(form) === written(form)) continue;
      event.preventDefault();
      event.returnValue = "";
      return;
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-set-date]");
    if (!button) return;
    const input = button.dataset.for ? document.getElementById(button.dataset.for) : button.closest(".field")?.querySelector("input");
    if (!input) return;
    input.value = button.dataset.setDate;
    announce(input);
  });
}
