// Dialogs: `[data-opens="ID"]` opens a <dialog>, `[data-closes]` closes the one it stands in. What htmx puts into `#dialog`
// (a <dialog>, or a place for one) opens by itself and closes when it comes back empty. Focus returns to where it was.
const openers = new WeakMap();
let latest = null;

/** Opens a dialog and remembers where the person was. */
export function open(dialog, opener = document.activeElement) {
  if (dialog.open) return;
  latest = { element: opener, id: opener?.id };
  openers.set(dialog, latest);
  dialog.showModal();
}

/** The open modal dialog that lies on top, if any. */
export function topmost() {
  return [...document.querySelectorAll("dialog[open]")].filter((dialog) => dialog.matches(":modal")).pop();
}

function host() {
  return document.getElementById("dialog");
}

function swapped() {
  const place = host();
  if (!place) return;
  const dialog = place.matches("dialog") ? place : place.querySelector("dialog");
  if (!dialog) return giveBack(latest);
  const filled = dialog.childElementCount > 0;
  if (filled && !dialog.open) open(dialog);
  if (!filled && dialog.open) dialog.close();
}

/** The browser gives focus back by itself, unless the opener was replaced or the dialog taken away. */
function giveBack(opener) {
  latest = null;
  if (!opener || document.activeElement !== document.body) return;
  const target = opener.element?.isConnected ? opener.element : document.getElementById(opener.id ?? "");
  target?.focus?.();
}

function closed(event) {
  const dialog = event.target;
  if (!dialog.matches?.("dialog")) return;
  giveBack(openers.get(dialog));
  const place = host();
  if (place?.contains(dialog)) place.replaceChildren();
}

export function start() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog) {
        event.preventDefault();
        open(dialog, opener);
      }
      return;
    }
    const closer = event.target.closest?.("[data-closes]");
    const dialog = closer?.closest("dialog");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("close", closed, true);
  document.addEventListener("htmx:after:swap", swapped);
}
