// An order that the mall holds for fraud review leaves by no screen: not from the list, not by the keyboard, not from its own page, not by
// 入金, not as a slip, label, tracking number or notice (FRD-2, point 26).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, control, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me, held, mallNumber;

const show = async () => (await cli(house.data, "order", "show", held)).lines[0];
const phase = async () => (await show()).phase;

before(async () => {
  house = await demo({ orders: 6 });
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me, 10);
  // One more order that its mall reviews.
  const { numbers } = await control(house, "orders", { mall: "yahoo", count: 1, traits: ["held"], visible: true });
  mallNumber = numbers[0];
  for (let looks = 0; looks < 80 && !held; looks += 1) {
    held = JSON.stringify((await cli(house.data, "order", "list", "--search", mallNumber)).lines).match(/"order_no":"(C[\w-]+)"/)?.[1];
    if (!held) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.ok(held, "the order came in");
  assert.match(JSON.stringify(await show()), /fraud_hold/);
  assert.notEqual((await cli(house.data, "order", "move", "awaiting_shipment", held)).code, 0, "nor from the command line");
  assert.equal(await phase(), "inbox");
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const tickHeld = async () => {
  await me.go("/orders?state=fraud_hold");
  const row = me.page.locator(`tr[data-row="${held}"]`);
  await row.locator("input[name=id]").check();
  await me.page.waitForSelector(".bulk:not([hidden])");
};

test("papers, labels and 入金 leave it out", async () => {
  const { page } = me;
  await me.go("/shipping/print/slips?phase=inbox");
  assert.equal(await page.locator(`.slip:has-text("${held}")`).count(), 0, "no slip");
  assert.match(await page.locator("body").innerText(), new RegExp(`${held} .*(不正|審査)`));
  await me.go("/shipping/print/picking?phase=inbox");
  assert.equal(await page.locator(`.picking:has-text("${held}")`).count(), 0, "not on the picking list");
  await me.go("/shipping/labels?phase=inbox");
  const said = await page.locator("main").textContent();
  assert.ok(said.split(held).slice(1).some((after) => /^[^C]*(不正|審査)/.test(after)), `left out, with the reason: ${said.replace(/\s+/g, " ")}`);
  // 入金 with a move: the payment may be noted, the order stays.
  await tickHeld();
  await page.click('.bulk button[value="more"]');
  await page.click('#dialog button[value="paid"]');
  await page.click("#dialog button.main");
  await page.waitForFunction(() => document.querySelector("#dialog .split") || location.search.includes("job"));
  assert.equal(await phase(), "inbox");
  // From here on it has all that a shipment needs, but for the hold.
  const shipped = await cli(house.data, "order", "ship", held, "--carrier", "yamato", "--number", "444413758703", "--date", "today");
  assert.equal(shipped.code, 0, JSON.stringify(shipped.lines));
});

test("the list says so in the row, and a bulk move leaves it where it is, with the reason", async () => {
  const { page } = me;
  await me.go("/orders?state=fraud_hold");
  assert.match(await page.locator(`tr[data-row="${held}"]`).innerText(), /不正保留/);
  await tickHeld();
  await page.click('.bulk button[value="move"]');
  await page.selectOption("#b-phase", "shipped");
  await page.click("#dialog button.main");
  await page.waitForSelector("#dialog .split");
  assert.match(await page.locator("#dialog .split .no").innerText(), /1/);
  assert.match(await page.locator("#dialog").innerText(), /キャンセル.*のみ/);
  assert.equal(await phase(), "inbox");
});

test("the key M comes to the same door", async () => {
  const { page } = me;
  await me.go("/orders?state=fraud_hold");
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press("j");
    if (await page.locator(`tr[data-row="${held}"][aria-current]`).count()) break;
  }
  await page.keyboard.press("x");
  await page.keyboard.press("m");
  await page.selectOption("#b-phase", "completed");
  await page.keyboard.press("Tab");
  await page.click("#dialog button.main");
  await page.waitForSelector("#dialog .split .no");
  assert.equal(await phase(), "inbox");
});

test("a bulk notice sends nothing of it", async () => {
  const { page } = me;
  await tickHeld();
  await page.click('.bulk button[value="notify"]');
  await page.waitForSelector("#dialog .split");
  assert.match(await page.locator("#dialog .split .go").innerText(), /^0/);
  assert.match(await page.locator("#dialog .split .no").innerText(), /1/);
});

test("its own page offers no way out but キャンセル", async () => {
  const { page } = me;
  await me.go(`/orders/${held}`);
  assert.match(await page.locator("main").innerText(), /審査/);
  await page.goto(`${house.base}/orders/${held}/sheet/notice`);
  assert.match(await page.locator("main").innerText(), /不正|審査|保留/);
  const move = page.locator('a[href$="/sheet/move"], a[href$="/sheet/phase"]');
  await me.go(`/orders/${held}`);
  if (await move.count()) {
    await page.goto(house.base + (await move.first().getAttribute("href")));
    const select = page.locator("main select").first();
    await select.selectOption("completed");
    await page.locator("main form button.main").first().click();
    await page.waitForLoadState();
    assert.match(await page.locator("body").innerText(), /キャンセル/);
  }
  assert.equal(await phase(), "inbox");
});

test("nothing of it reached the mall", async () => {
  const { effects } = { effects: JSON.stringify(await control(house, "effects", undefined, "GET")) };
  const world = await control(house, "world", undefined, "GET");
  const order = world.orders.find((o) => o.number === mallNumber);
  assert.ok(!JSON.stringify(order.parcels).includes("444413758703"), JSON.stringify(order));
  assert.ok(!effects.includes("444413758703"));
  assert.deepEqual(me.wrongs, []);
});
