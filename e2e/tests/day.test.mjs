// A clerk's day in one story, by mouse and keyboard, against three simulated malls: orders are there → moved on → confirmed by rule →
// tracking numbers pasted → shipped → told to the malls → seen at the malls, once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await demo({ orders: 12 });
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const count = (key) => me.page.locator(`[data-count="${key}"]`);
const atLeast = (key, n) => me.page.waitForFunction(([k, least]) => Number(document.querySelector(`[data-count="${k}"]`).textContent.replaceAll(",", "")) >= least, [key, n], { timeout: 120_000 });

/** Ticks the first `n` rows of a list, once it has `least` of them. */
async function tick(list, n, least = 1) {
  const rows = me.page.locator("tr[data-row]");
  for (let looks = 0; looks < 24; looks += 1) {
    await me.go(list);
    const there = await rows.nth(least - 1).waitFor({ timeout: 5_000 }).then(() => true, () => false);
    if (there) break;
  }
  const numbers = [];
  for (let at = 0; at < (await rows.count()) && numbers.length < n; at += 1) {
    const row = rows.nth(at);
    await row.locator("input[name=id]").check();
    numbers.push(await row.getAttribute("data-row"));
  }
  await me.page.waitForSelector(".bulk:not([hidden])");
  return numbers;
}

async function move(phase) {
  await me.page.click('.bulk button[value="move"]');
  await me.page.selectOption("#b-phase", phase);
  await me.page.click("#dialog button.main");
  // At once when nothing stands in the way, else after the preview.
  await me.page.waitForFunction(() => location.search.includes("job") || location.pathname.includes("/jobs/") || document.querySelector("#dialog .split"));
  if (await me.page.locator("#dialog .split").count()) await me.page.click("#dialog form[action='/orders/jobs'] button.main");
  await me.page.waitForURL(/job/);
}

test("the day of a shop: from 自動受注取込 to a shipment that stands at the mall once (NTF-1 to NTF-5, points 24 to 29, 45)", async () => {
  const { page } = me;
  const rakuten = (await cli(house.data, "shop", "list")).lines.flatMap((l) => l.shops ?? l).find((s) => s.mall === "rakuten");
  assert.ok(rakuten, "the demo has a shop of the first mall");
  const list = (phase) => `/orders?phase=${phase}&shop=${rakuten.shop_id ?? rakuten.id ?? 1}`;

  const chosen = await tick(list("inbox"), 4, 4);
  assert.equal(chosen.length, 4);
  await move("new");
  await atLeast("phase:awaiting_shipment", 1);

  const ready = await tick(list("awaiting_shipment"), 2);
  await page.click('.bulk button[value="parcels"]');
  await page.fill("#b-pasted", ["444413758703", "123456789013"].slice(0, ready.length).join("\n"));
  await page.selectOption("#b-carrier", "yamato");
  await page.click('#dialog [data-set-date]:has-text("今日")');
  await page.click("#dialog button.main");
  await page.waitForSelector("#dialog .split");
  await page.click("#dialog form[action='/orders/jobs'] button.main");
  await page.waitForURL(/job/);

  await tick(list("awaiting_shipment"), ready.length);
  await move("shipped");
  await atLeast("phase:completed", ready.length);

  await me.go("/notices");
  await page.waitForSelector('.state.ok:has-text("正常")');
  await me.go(`/orders/${ready[0]}`);
  const shown = await page.locator("main").innerText();
  assert.match(shown, /4444-?1375-?8703|444413758703/);
  assert.match(shown, /正常/);
  assert.deepEqual(me.wrongs, []);
});

test("an order of a person with markup for a name is shown as text on every page (F50)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const number = await page.locator("tr[data-row]").first().getAttribute("data-row");
  const evil = `<img src=x onerror="document.title='caught'">`;
  const edited = await cli(house.data, "order", "edit", number, `buyer.family_name=${evil}`, `buyer_note=${evil}`);
  assert.equal(edited.code, 0, JSON.stringify(edited.lines));
  for (const to of ["/orders?all=1", `/orders/${number}`]) {
    await me.go(to);
    assert.ok(!(await page.title()).includes("caught"));
    assert.equal(await page.locator("img").count(), 0);
    assert.ok((await page.content()).includes("&lt;img"), to);
  }
});

test("two people edit one order: the second is told and nothing is lost (point 35, F75)", async () => {
  const state = await me.context.storageState();
  const one = await person(open, house.base, { state });
  const other = await person(open, house.base, { state });
  await one.go("/orders?all=1");
  const number = await one.page.locator("tr[data-row]").nth(1).getAttribute("data-row");
  await one.go(`/orders/${number}/edit/notes`);
  await other.go(`/orders/${number}/edit/notes`);
  const field = (who) => who.page.locator("main form textarea").first();
  await field(one).fill("一人目のメモ");
  await field(other).fill("二人目のメモ");
  await one.page.locator("main form button.main").first().click();
  await one.page.waitForURL(new RegExp(`/orders/${number}`));
  const [answer] = await Promise.all([
    other.page.waitForResponse((r) => r.request().method() === "POST"),
    other.page.locator("main form button.main").first().click(),
  ]);
  assert.equal(answer.status(), 409);
  const said = await other.page.locator("body").innerText();
  assert.match(said, /一人目のメモ/);
  assert.match(said, /二人目のメモ/);
  await one.context.close();
  await other.context.close();
});
