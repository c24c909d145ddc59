// 受注一覧: the daily flow by keyboard, search, live counts, IME.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await demo();
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  // More than a screen holds: the rows a screen shows are counted below.
  await ordersArrived(me, 40);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const row = (n) => me.page.locator("tr[data-row]").nth(n);

test("j, k, x, Shift+x and Enter work the list without a mouse (point 51)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  await page.waitForSelector(".bulk:not([hidden])");
  assert.match(await page.locator("[data-selected-count]").innerText(), /3件の受注が選択されています/);
  const number = await row(2).getAttribute("data-row");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/orders/${number}`);
});

test("g and a letter go to a phase, ? lists the keys, Escape closes (point 51)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog#keys[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog#keys:not([open])", { state: "attached" });
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.waitForURL("**/orders?phase=new");
});

test("letters that an input method is composing trigger nothing, and its Enter submits nothing (point 52)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.focus("#q");
  const session = await me.context.newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "みほん", selectionStart: 3, selectionEnd: 3 });
  const before = page.url();
  await page.evaluate(() => {
    const enter = new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(enter);
  });
  assert.equal(page.url(), before);
  await session.send("Input.insertText", { text: "見本" });
  assert.equal(await page.inputValue("#q"), "見本");
});

test("a search by name finds across phases and its words stand in no URL (points 13, 14)", async () => {
  const { page } = me;
  await me.go("/orders?phase=new");
  await page.fill("#q", "見本");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders?s=*");
  assert.ok(!decodeURIComponent(page.url()).includes("見本"));
  await page.waitForSelector("tr[data-row]");
});

test("an exact number opens its order at once (point 15)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const number = await row(0).getAttribute("data-row");
  await page.fill("#q", number);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/orders/${number}`);
});

test("counts change without reload when somebody else moves an order (points 10, 11)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const count = page.locator('[data-count="phase:awaiting_review"]');
  const before = Number(await count.innerText());
  const number = await row(0).getAttribute("data-row");
  const moved = await cli(house.data, "order", "move", "awaiting_review", number);
  assert.equal(moved.code, 0, JSON.stringify(moved.lines));
  await page.waitForFunction((n) => Number(document.querySelector('[data-count="phase:awaiting_review"]').textContent) === n, before + 1);
});

test("at 1366×768 the dense list shows 25 rows or more (point 20)", async () => {
  await me.go("/orders?all=1");
  const seen = await me.page.evaluate(() => [...document.querySelectorAll("tr[data-row]")].filter((r) => {
    const box = r.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
  }).length);
  assert.ok(seen >= 25, `${seen} rows`);
});

test("a filter stands in the URL and Back brings the list back as it was (point 16)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.click('button[data-opens="filter"]');
  await page.selectOption("#f-shop", { index: 1 });
  await page.click("#filter button.main");
  await page.waitForURL(/shop=\d/);
  const list = page.url();
  await row(0).locator("a").first().click();
  await page.waitForURL("**/orders/C*");
  await page.goBack();
  assert.equal(page.url(), list);
});

test("a view is saved, shown, and deleted again (point 17)", async () => {
  const { page } = me;
  await me.go("/orders?all=1&numbered=no");
  await page.click('button[data-opens="save-view"]');
  await page.fill("#view-name", "配送番号なし");
  await page.click("#save-view button.main");
  await page.waitForSelector('.views a[aria-current="true"]:has-text("配送番号なし")');
  await page.click('button[data-opens="views"]');
  await page.click('#views button[value="delete"]');
  await page.waitForSelector('.views a:has-text("配送番号なし")', { state: "detached" });
});
