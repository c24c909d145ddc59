// The whole day of a clerk without a mouse: search, open, move on, enter numbers, print, ship, look at the notices (point 51).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me, rakuten;
before(async () => {
  house = await demo({ orders: 10 });
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me, 20);
  const shops = (await cli(house.data, "shop", "list")).lines.flatMap((l) => l.shops ?? l);
  rakuten = shops.find((s) => s.mall === "rakuten");
  // From here on nothing is done with the mouse.
  for (const way of ["click", "dblclick", "hover", "check", "tap"]) me.page[way] = () => assert.fail(`${way} is a mouse's`);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const press = async (...keys) => {
  for (const key of keys) await me.page.keyboard.press(key);
};
/** Tab until the place with the focus fits. */
async function tabTo(selector, most = 80) {
  for (let step = 0; step < most; step += 1) {
    if (await me.page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await press("Tab");
  }
  assert.fail(`Tab does not come to ${selector}`);
}
/** Chooses in a select that has the focus, by the keys. */
async function choose(value) {
  const steps = await me.page.evaluate((v) => [...document.activeElement.options].findIndex((o) => o.value === v) - document.activeElement.selectedIndex, value);
  for (let step = 0; step < Math.abs(steps); step += 1) await press(steps > 0 ? "ArrowDown" : "ArrowUp");
  assert.equal(await me.page.evaluate(() => document.activeElement.value), value);
}
const list = (phase) => `/orders?phase=${phase}&shop=${rakuten.shop_id ?? rakuten.id ?? 1}`;
async function rows(phase, least) {
  for (let looks = 0; looks < 60; looks += 1) {
    await me.go(list(phase));
    const numbers = await me.page.locator("tr[data-row]").evaluateAll((all) => all.map((r) => r.dataset.row));
    if (numbers.length >= least) return numbers;
    await me.page.waitForTimeout(500);
  }
  return assert.fail(`no orders in ${phase}`);
}
async function confirmPreview() {
  await me.page.waitForFunction(() => location.search.includes("job") || location.pathname.includes("/jobs/") || document.querySelector("#dialog .split"));
  if (await me.page.locator("#dialog .split").count()) {
    await tabTo("#dialog form[action='/orders/jobs'] button.main");
    await press("Enter");
  }
  await me.page.waitForURL(/job/);
}
async function moveTo(phase) {
  await press("m");
  await me.page.waitForSelector("#b-phase");
  await tabTo("#b-phase");
  await choose(phase);
  await tabTo("#dialog button.main");
  await press("Enter");
  await confirmPreview();
}

test("from the morning's orders to what the mall was told, by keys alone (point 51)", async () => {
  const { page } = me;
  // The places are reached by two letters, all that can be done by Ctrl+K, the list of keys by ?.
  await me.go("/");
  await press("g", "i");
  await page.waitForURL("**/import");
  await press("Control+k");
  await page.waitForSelector("#command[open]");
  await page.keyboard.type("受注");
  await press("Enter");
  await page.waitForURL("**/orders?**");
  await press("?");
  await page.waitForSelector("dialog#keys[open]");
  await press("Escape");

  await rows("inbox", 3);
  await press("j", "x", "j", "x", "j", "x");
  await page.waitForSelector(".bulk:not([hidden])");
  await moveTo("new");

  const ready = (await rows("awaiting_shipment", 1)).slice(0, 1);
  await press("j", "Enter");
  await page.waitForURL(`**/orders/${ready[0]}`);
  await press("Escape");
  await page.waitForURL(/\/orders\?/);

  await me.go(list("awaiting_shipment"));
  await press("j", "x");
  await page.waitForSelector(".bulk:not([hidden])");
  await tabTo('.bulk button[value="parcels"]', 400);
  await press("Enter");
  await page.waitForSelector("#b-pasted");
  await tabTo("#b-pasted");
  await page.keyboard.type("444413758703");
  await tabTo("#b-carrier");
  await choose("yamato");
  await tabTo("#dialog [data-set-date]");
  await press("Enter");
  await tabTo("#dialog button.main");
  await press("Enter");
  await page.waitForSelector("#dialog .split");
  await tabTo("#dialog form[action='/orders/jobs'] button.main");
  await press("Enter");
  await page.waitForURL(/job/);

  await me.go(list("awaiting_shipment"));
  await press("j", "x", "p");
  await page.waitForSelector('#dialog a[href^="/shipping/print/slips"]');
  await press("Escape");
  await page.waitForSelector('#dialog a[href^="/shipping/print/slips"]', { state: "hidden" });
  await moveTo("shipped");

  await press("g", "h");
  await page.waitForURL("**/notices");
  for (let looks = 0; looks < 60 && !(await page.locator('.state.ok:has-text("正常")').count()); looks += 1) {
    await page.waitForTimeout(500);
    await page.reload();
  }
  assert.ok((await page.locator('.state.ok:has-text("正常")').count()) > 0);
  assert.deepEqual(me.wrongs, []);
});
