// The back office's scripts: one module per subject, started here. The pages work without them (links and forms are real);
// scripts add keys, ticks, live counts and small mercies.
//
// The <head> needs, in this order (htmx reads its settings when it loads):
//   <meta name="htmx-config" content='{"includeIndicatorCSS":false,"morphIgnore":["data-htmx-powered","open"]}'>
//   <script src="{url htmx.js}" defer></script>
//   <script type="module" src="{url app.js}"></script>
// includeIndicatorCSS: app.css has the rules itself. morphIgnore "open": a morph leaves dialogs and <details> as the person left them.
// The content policy forbids eval, so templates use no hx-on:…, no hx-trigger="click[filter]" and no js: values.
import { start as dialog } from "./dialog.js";
import { start as grid } from "./grid.js";
import { start as keys } from "./keys.js";
import { start as forms } from "./forms.js";
import { start as live } from "./live.js";
import { start as toast } from "./toast.js";
import { start as columns } from "./columns.js";

/** On a narrow screen the phases stand in one line: the present one is brought into it. */
function phases() {
  document.querySelector(".phases [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
}

/** Papers: [data-print] opens the browser's own print dialog. */
function papers() {
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) window.print();
  });
}

for (const begin of [dialog, grid, keys, forms, live, toast, columns, phases, papers]) {
  // one part that fails must not take the others along
  try {
    begin();
  } catch (error) {
    console.error(error);
  }
}
