// Whoever uses the keyboard sees where they are: on every main page each place Tab reaches has a visible mark and lies not wholly
// under something that sticks (WCAG 2.4.7, 2.4.11, point 53).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, ordersArrived, person, signIn } from "../kit.mjs";
import { PAGES, someOrder } from "../pages.mjs";

let house, open, me, order;
before(async () => {
  house = await demo({ orders: 8 });
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me, 30);
  order = await someOrder(me);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

/** How the place with the focus looks; null when it is the page itself. */
const look = () => {
  const place = document.activeElement;
  if (!place || place === document.body || place === document.documentElement) return null;
  const style = getComputedStyle(place);
  const box = place.getBoundingClientRect();
  const name = `${place.tagName.toLowerCase()}${place.id ? `#${place.id}` : ""}${place.className && typeof place.className === "string" ? `.${place.className.split(" ").join(".")}` : ""} 「${(place.textContent || place.getAttribute("aria-label") || place.name || "").trim().slice(0, 24)}」`;
  const marked = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
  // Seen where at least one of these points is its own, or of what it stands in or holds.
  const points = [];
  for (const x of [0.1, 0.5, 0.9]) for (const y of [0.15, 0.5, 0.85]) points.push([box.left + box.width * x, box.top + box.height * y]);
  const own = (hit) => hit && (place.contains(hit) || (hit.contains(place) && !["BODY", "HTML", "MAIN"].includes(hit.tagName)) || hit.closest("label")?.contains(place));
  const wide = box.width > innerWidth || box.height > innerHeight;
  const seen = wide || points.some(([x, y]) => own(document.elementFromPoint(x, y)));
  return { name, marked, seen, box: [box.left, box.top, box.width, box.height].map(Math.round) };
};

/** Goes once around with Tab and says what is wrong. */
async function around(page, most, { dialog = false } = {}) {
  const wrong = [];
  let first = null;
  let places = 0;
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(look);
    if (!at) {
      if (dialog) continue;
      if (places > 0) break;
      continue;
    }
    const key = `${at.name} ${at.box}`;
    if (first === null) first = key;
    else if (key === first) break;
    places += 1;
    if (!at.marked) wrong.push(`no mark: ${at.name}`);
    if (!at.seen) wrong.push(`hidden: ${at.name} at ${at.box}`);
  }
  assert.ok(places > 5, `${places} places`);
  return wrong;
}

for (const [name, to] of PAGES) {
  test(`page ${name}: the focus is seen wherever Tab goes (point 53)`, async () => {
    for (const [width, height, dark] of [[1366, 768, false], [375, 667, true]]) {
      const who = await person(open, house.base, { width, height, dark, state: await me.context.storageState() });
      await who.go(to.replace("{order}", order));
      assert.deepEqual(await around(who.page, 140), [], `${name} at ${width}`);
      await who.context.close();
    }
  });
}

test("with the selection bar up, rows under the focus are not under the bar (point 53)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.locator("tr[data-row] input[name=id]").first().check();
  await page.waitForSelector(".bulk:not([hidden])");
  for (let step = 0; step < 45; step += 1) {
    await page.keyboard.press("j");
    const at = await page.evaluate(look);
    assert.ok(at?.seen, `row ${step}: ${JSON.stringify(at)}`);
  }
});

test("in an open dialog the focus stays in it and is seen (point 53)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.click('button[data-opens="filter"]');
  await page.waitForSelector("#filter[open]");
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(look);
    if (!at) continue; // the browser's own bar
    assert.ok(at.marked && at.seen, JSON.stringify(at));
    assert.ok(await page.evaluate(() => document.activeElement.closest("#filter") !== null));
  }
});
