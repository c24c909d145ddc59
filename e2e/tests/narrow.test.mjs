// A telephone of 375 px: look an order up, move it on (point 49).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await demo({ orders: 6 });
  open = await browser();
  const desk = await person(open, house.base);
  await signIn(desk, house.link);
  await ordersArrived(desk, 10);
  me = await person(open, house.base, { width: 375, height: 667, state: await desk.context.storageState() });
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const phaseOf = async (number) => (await cli(house.data, "order", "show", number)).lines[0].phase;
/** Something can be touched: in the window, 24 px or more (2.5.8), and nothing lies over it. */
const touchable = async (locator) => {
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  assert.ok(box.height >= 24 && box.width >= 24 && box.x >= 0 && box.x + box.width <= 376, JSON.stringify(box));
  await locator.click({ trial: true });
};

test("an order is looked up by its number and read without scrolling sideways", async () => {
  const { page } = me;
  await me.go("/orders?phase=inbox");
  const number = await page.locator("tr[data-row]").first().getAttribute("data-row");
  await touchable(page.locator("#q"));
  await page.fill("#q", number);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/orders/${number}`);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 375);
  assert.match(await page.locator("main").innerText(), /明細/);
});

test("it is moved on from its own page, and from the list", async () => {
  const { page } = me;
  await me.go("/orders?phase=inbox");
  const [one, two] = await page.locator("tr[data-row]").evaluateAll((rows) => rows.map((r) => r.dataset.row));
  await me.go(`/orders/${one}`);
  const move = page.locator('a[href$="/sheet/move"]').first();
  await touchable(move);
  await move.click();
  await page.waitForSelector("#dialog select");
  await page.locator("#dialog select").first().selectOption("awaiting_review");
  await touchable(page.locator("#dialog button.main").first());
  await page.locator("#dialog button.main").first().click();
  await page.waitForLoadState();
  await page.waitForFunction(() => !document.querySelector("#dialog dialog[open]"));
  for (let looks = 0; looks < 20 && (await phaseOf(one)) !== "awaiting_review"; looks += 1) await page.waitForTimeout(250);
  assert.equal(await phaseOf(one), "awaiting_review");

  await me.go("/orders?phase=inbox");
  await page.locator(`tr[data-row="${two}"] input[name=id]`).check();
  const button = page.locator('.bulk button[value="move"]');
  await touchable(button);
  await button.click();
  await page.selectOption("#b-phase", "awaiting_review");
  await page.locator("#dialog button.main").click();
  await page.waitForURL(/job/);
  for (let looks = 0; looks < 20 && (await phaseOf(two)) !== "awaiting_review"; looks += 1) await page.waitForTimeout(250);
  assert.equal(await phaseOf(two), "awaiting_review");
  assert.deepEqual(me.wrongs, []);
});
