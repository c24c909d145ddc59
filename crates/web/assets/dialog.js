// Dialogs: `[data-opens="ID"]` opens a <dialog>, `[data-closes]` closes the one it stands in. What htmx puts into `#dialog`
// (a <dialog>, or a place for one) opens by itself and closes when it comes back empty. Focus returns to where it was.
const openers = new WeakMap();

/** Opens a dialog and remembers where the person was. */
export function open(dialog, opener = document.activeElement) {
  if (dialog.open) return;
  openers.set(dialog, { element: opener, id: opener?.id });
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
  if (!dialog) return;
  const filled = dialog.childElementCount > 0;
  if (filled && !dialog.open) open(dialog);
  if (!filled && dialog.open) dialog.close();
}

function closed(event) {
  const dialog = event.target;
  if (!dialog.matches?.("dialog")) return;
  const { element, id } = openers.get(dialog) ?? {};
  // the browser gives focus back by itself unless the opener was replaced meanwhile
  if (document.activeElement === document.body) {
    const target = element?.isConnected ? element : id && document.getElementById(id);
    target?.focus?.();
  }
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
