// Every screen, with the name its picture gets. `{order}` is an order that is there.
export const PAGES = [
  ["home", "/"],
  ["orders", "/orders?all=1"],
  ["order", "/orders/{order}"],
  ["jobs", "/orders/jobs"],
  ["import", "/import"],
  ["provisional", "/import/provisional"],
  ["why", "/why?number=300001-20260101-0000000001"],
  ["why-notice", "/orders/{order}/why"],
  ["errors", "/errors?mall=own"],
  ["proof", "/import/proof"],
  ["auto", "/import/auto"],
  ["auto-shop", "/import/auto/1"],
  ["shipping", "/shipping"],
  ["tracking", "/shipping/tracking"],
  ["labels", "/shipping/labels"],
  ["notices", "/notices"],
  ["payment", "/payment"],
  ["shops", "/shops"],
  ["shop", "/shops/1"],
  ["credentials", "/credentials"],
  ["preholiday", "/preholiday?from=2026-12-29&to=2027-01-04"],
  ["settings", "/settings"],
  ["listeners", "/settings/listeners"],
  ["mail", "/settings/mail"],
  ["letters", "/settings/letters"],
  ["users", "/users"],
  ["me", "/me"],
  ["diagnostics", "/diagnostics"],
  ["restore", "/diagnostics/restore"],
  ["help", "/help"],
];

/** The number of an order of the list. */
export async function someOrder(person) {
  await person.go("/orders?all=1");
  return person.page.locator("tr[data-row]").first().getAttribute("data-row");
}
