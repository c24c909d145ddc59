// Every screen, with the name its picture gets. `{order}` is an order that is there.
export const PAGES = [
  ["orders", "/orders?all=1"],
  ["order", "/orders/{order}"],
  ["jobs", "/orders/jobs"],
  ["import", "/import"],
  ["auto", "/import/auto"],
  ["auto-shop", "/import/auto/1"],
  ["shipping", "/shipping"],
  ["tracking", "/shipping/tracking"],
  ["labels", "/shipping/labels"],
  ["notices", "/notices"],
  ["payment", "/payment"],
  ["shops", "/shops"],
  ["shop", "/shops/1"],
  ["settings", "/settings"],
  ["users", "/users"],
  ["me", "/me"],
  ["diagnostics", "/diagnostics"],
  ["help", "/help"],
];

/** The number of an order of the list. */
export async function someOrder(person) {
  await person.go("/orders?all=1");
  return person.page.locator("tr[data-row]").first().getAttribute("data-row");
}
