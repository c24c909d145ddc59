// What a clerk does with the list and an order, one way after another (points 12, 14, 16 to 18, 22 to 24, 28 to 30, 32 to 34, 44).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, cli, control, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await demo();
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me, 50);
  // Some that can be shipped.
  const { numbers } = await control(house, "orders", { shop: await rakutenShop(), count: 5, traits: [], status: 300 });
  for (const number of numbers) await done("order", "move", "awaiting_shipment", await here(number));
});
after(async () => {
  await open?.close();
  await house?.stop();
});

const row = (n) => me.page.locator("tr[data-row]").nth(n);
const done = async (...args) => {
  const said = await cli(house.data, ...args);
  assert.equal(said.code, 0, JSON.stringify(said.lines));
  return said.lines;
};
const show = async (number) => JSON.stringify(await done("order", "show", number));
const phaseOf = async (number) => (await done("order", "show", number))[0].phase;
const rakutenShop = async () => Number((await control(house, "world", undefined, "GET")).shops.find((s) => s.mall === "rakuten").shop);
/** Our number of an order of the mall, once it came in. */
async function here(number) {
  for (let looks = 0; looks < 80; looks += 1) {
    const found = JSON.stringify((await cli(house.data, "order", "list", "--search", number)).lines).match(/"order_no":"(C[\w-]+)"/)?.[1];
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return assert.fail(`${number} did not come in`);
}
/** Orders of a phase that can still be moved, at least so many. */
async function inPhase(phase, least) {
  for (;;) {
    await me.go(`/orders?phase=${phase}`);
    const numbers = await me.page.locator("tr[data-row]").evaluateAll((rows) => rows.map((r) => r.dataset.row));
    if (numbers.length >= least) return numbers;
    await me.page.waitForTimeout(500);
  }
}
async function search(words) {
  await me.go("/orders?phase=new");
  await me.page.fill("#q", words);
  await me.page.keyboard.press("Enter");
  await me.page.waitForURL(/[?]s=|orders\/C/);
  return me.page.locator("tr[data-row]").evaluateAll((rows) => rows.map((r) => r.dataset.row));
}
async function job() {
  await me.page.waitForURL(/jobs\/\d+|job=\d+/);
  return Number(me.page.url().match(/jobs?[/=](\d+)/)[1]);
}

test("a search finds names and phones whatever their width and kana (point 14)", async () => {
  await me.go("/orders?all=1");
  const number = await row(0).getAttribute("data-row");
  await done("order", "edit", number, "buyer.family_name=青葉山", "buyer.family_kana=アオバヤマ", "buyer.phone=090-1234-5678");
  for (const words of ["ｱｵﾊﾞﾔﾏ", "あおばやま", "アオバヤマ", "青葉山", "０９０ー１２３４ー５６７８", "09012345678"]) {
    assert.deepEqual(await search(words), [number], words);
  }
});

test("notes of the staff and tags are found (point 34)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const number = await row(1).getAttribute("data-row");
  await me.go(`/orders/${number}`);
  await page.fill("#note", "折り返し待ち、ひまわり便で");
  await page.click('form[action$="/notes"] button');
  await page.waitForSelector('#notes:has-text("ひまわり便")');
  await page.fill("#tag", "至急便");
  await page.click('#tags form:has(#tag) button');
  await page.waitForSelector('#tags .tag:has-text("至急便")');
  assert.deepEqual(await search("ヒマワリ便"), [number]);
  await me.go(`/orders?all=1&tag=${encodeURIComponent("至急便")}`);
  assert.deepEqual(await page.locator("tr[data-row]").evaluateAll((rows) => rows.map((r) => r.dataset.row)), [number]);
  // A note that was taken away is found no more.
  await me.go(`/orders/${number}`);
  await page.click('#notes form[action$="/drop"] button');
  await page.waitForSelector('#notes:not(:has-text("ひまわり便"))');
  assert.deepEqual(await search("ヒマワリ便"), []);
});

test("Back brings the list to the place where it was (point 16)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const top = await page.evaluate(() => {
    const grid = document.querySelector(".grid");
    grid.scrollTop = 300;
    return grid.scrollTop;
  });
  assert.ok(top > 100, `the list can be scrolled: ${top}`);
  await row(30).locator("th a").click();
  await page.waitForURL("**/orders/C*");
  await page.goBack();
  await page.waitForSelector("tr[data-row]");
  await page.waitForFunction((t) => Math.abs(document.querySelector(".grid").scrollTop - t) < 60, top);
});

test("a view can be shared, is seen by somebody else, and can be the one the list opens with (point 17)", async () => {
  const { page } = me;
  await me.go("/orders?all=1&numbered=no");
  await page.click('button[data-opens="save-view"]');
  await page.fill("#view-name", "みんなの未発送");
  await page.check('#save-view input[name="shared"]');
  await page.click("#save-view button.main");
  await page.waitForSelector('.views a[aria-current="true"]:has-text("みんなの未発送")');
  const [added] = await done("user", "add", "tomodachi", "--name", "架空 友子", "--group", "管理者", "--base-url", house.base);
  const other = await person(open, house.base);
  await other.page.goto(added.link.replace(/^https?:\/\/[^/]+/, house.base));
  await other.page.click("main button.main");
  await other.page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await other.go("/orders?all=1");
  await other.page.click('.views a:has-text("みんなの未発送")');
  await other.page.waitForURL(/numbered=no/);
  await other.page.click('button[data-opens="views"]');
  await other.page.click('#views button:has-text("最初に開く表示にする")');
  await other.page.waitForURL(/numbered=no.*view=\d/);
  await other.go("/orders");
  assert.match(other.page.url(), /numbered=no/);
  await other.context.close();
});

test("columns are chosen and put in order by the keyboard alone (point 18)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  await page.focus('button[data-opens="columns"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector("#columns[open]");
  const order = () => page.locator("#columns li[data-column]").evaluateAll((items) => items.map((i) => i.dataset.column));
  const before = await order();
  await page.focus(`#columns li[data-column="${before[1]}"] [data-move="up"]`);
  await page.keyboard.press("Enter");
  assert.deepEqual((await order()).slice(0, 2), [before[1], before[0]]);
  await page.focus('#columns li[data-column="units"] input');
  await page.keyboard.press("Space");
  await page.focus("#columns button.main");
  await page.keyboard.press("Enter");
  await page.waitForSelector('thead th:has-text("点数")');
  const heads = await page.locator("thead th").allInnerTexts();
  assert.ok(heads.indexOf("受注番号") < heads.indexOf("店舗"), heads.join());
  await me.go("/orders?all=1");
  await page.click('button[data-opens="columns"]');
  for (const box of await page.locator("#columns input[type=checkbox]").all()) await box.uncheck();
  await page.click("#columns button.main");
  await page.waitForFunction(() => ![...document.querySelectorAll("thead th")].some((th) => th.textContent.includes("点数")));
});

test("a row says buyer, shop, amount, phase, state and its warnings in words (points 22, 23)", async () => {
  const { page } = me;
  // Gift, island, remark and several recipients are words in the row; so is a hold and an address that is awaited.
  const { numbers } = await control(house, "orders", { shop: await rakutenShop(), count: 1, traits: ["gift", "island", "remarks", "multi_package"], status: 300 });
  const number = await here(numbers[0]);
  await done("order", "class", number, "on_hold");
  await me.go("/orders?all=1");
  const text = await page.locator(`tr[data-row="${number}"]`).innerText();
  for (const word of [/楽天/, /円/, /未連携|連携中|正常/, /備考/, /ギフト/, /離島/, /お届け先/, /保留/]) assert.match(text, word);
  assert.match(text, /自動受注取込/, "the phase, in a list of all phases");
  // Not by colour or a picture alone: each mark in the row has words of its own.
  const empty = await page.locator("tr[data-row] :is(.tag, .state)").evaluateAll((marks) => marks.filter((m) => m.textContent.trim() === "").length);
  assert.equal(empty, 0);
});

test("a whole list that spans pages is worked at once (point 24)", async () => {
  const { page } = me;
  await me.go("/orders?all=1");
  const all = Number((await page.locator("[data-select-all]").getAttribute("data-text")).match(/\d+/)[0]);
  assert.ok(all > 50, `${all} orders fill more than a page`);
  await page.check("[data-tick-all]");
  assert.match(await page.locator("[data-selected-count]").innerText(), /^50件/);
  await page.click("[data-select-all]");
  assert.match(await page.locator("[data-selected-count]").innerText(), /一覧の\d+件すべて/);
  await page.click('.bulk button[value="more"]');
  await page.click('#dialog button[value="tag"]');
  await page.fill("#b-tag", "棚卸し");
  await page.click('#dialog button[value="tag_on"]');
  await page.waitForFunction(() => document.querySelector("#dialog .split") || location.search.includes("job") || location.pathname.includes("/jobs/"));
  if (await page.locator("#dialog .split").count()) await page.click("#dialog form[action='/orders/jobs'] button.main");
  await job();
  let tagged = 0;
  for (let looks = 0; looks < 40 && tagged < all; looks += 1) {
    await me.go(`/orders?all=1&tag=${encodeURIComponent("棚卸し")}`);
    tagged = Number((await page.locator("[data-select-all]").getAttribute("data-text").catch(() => "0")).match(/\d+/)[0]);
  }
  assert.ok(tagged >= all, `${tagged} of ${all}`);
});

test("a move is taken back with U, and nothing asked before it (points 29, 30)", async () => {
  const { page } = me;
  const [number] = await inPhase("inbox", 1);
  await page.locator(`tr[data-row="${number}"] input[name=id]`).check();
  await page.keyboard.press("m");
  await page.selectOption("#b-phase", "awaiting_review");
  await page.click("#dialog button.main");
  await page.waitForURL(/job=/);
  assert.equal(await phaseOf(number), "awaiting_review");
  await page.waitForSelector(".toast button[data-key=u]");
  await page.locator("main").focus();
  await page.keyboard.press("u");
  for (let looks = 0; looks < 40 && (await phaseOf(number)) !== "inbox"; looks += 1) await page.waitForTimeout(250);
  assert.equal(await phaseOf(number), "inbox");
});

test("of a bulk action only what failed is done again (point 28)", async () => {
  const { page } = me;
  const [one, two, three] = await inPhase("inbox", 3);
  const moves = async () => (await show(one)).split('"to":"awaiting_review"').length - 1;
  const before = await moves();
  await done("order", "move", "awaiting_review", three);
  await me.go("/orders?all=1");
  for (const number of [one, two, three]) await page.locator(`tr[data-row="${number}"] input[name=id]`).check();
  await page.click('.bulk button[value="move"]');
  await page.selectOption("#b-phase", "awaiting_review");
  await page.click("#dialog button.main");
  await page.waitForSelector("#dialog .split");
  assert.match(await page.locator("#dialog .split .go").innerText(), /^2/);
  // Meanwhile somebody else moves one of them there.
  await done("order", "move", "awaiting_review", two);
  await page.click("#dialog form[action='/orders/jobs'] button.main");
  const id = await job();
  await me.go(`/orders/jobs/${id}`);
  const again = page.locator('button:has-text("件だけ再実行")');
  await again.waitFor();
  assert.match(await again.innerText(), /失敗した1件だけ再実行/);
  await done("order", "move", "inbox", two);
  await again.click();
  await page.waitForFunction((old) => !location.pathname.endsWith(`/${old}`), id);
  for (let looks = 0; looks < 40 && (await phaseOf(two)) !== "awaiting_review"; looks += 1) await page.waitForTimeout(250);
  assert.equal(await phaseOf(two), "awaiting_review");
  assert.equal(await moves(), before + 1, "what was done is not done twice");
});

test("what is final names its object before it is done (point 30)", async () => {
  const { page } = me;
  await me.go("/shops/1");
  const shop = (await page.locator("main h1").innerText()).trim().split("\n")[0];
  await page.click('button[data-opens="archive"]');
  const asked = await page.locator("#archive").innerText();
  assert.ok(asked.includes("楽天 本店") && shop.includes("楽天 本店"), asked);
  const [number] = await inPhase("awaiting_shipment", 1);
  await me.go(`/orders/${number}/sheet/notice`);
  const notice = await page.locator("main").innerText();
  assert.ok(notice.includes(number) && /取り消せません/.test(notice), notice);
  await me.go("/orders?all=1");
  await page.click('button[data-opens="views"]');
  assert.match(await page.locator("#views").innerText(), /「みんなの未発送」を削除/);
});

test("an error stands beside its field and goes when the field is put right (point 32)", async () => {
  const { page } = me;
  const [number] = await inPhase("awaiting_shipment", 1);
  await me.go(`/orders/${number}/edit/lines`);
  const quantity = () => page.locator('main input[data-normalise="digits"]').first();
  await quantity().fill("約3");
  await page.locator("main form button.main").first().click();
  const error = page.locator("main .field .error").first();
  await error.waitFor();
  const wrong = page.locator('main [aria-invalid="true"]').first();
  assert.equal(await wrong.getAttribute("aria-describedby"), await error.getAttribute("id"));
  assert.equal(await wrong.inputValue(), "約3", "what was typed is kept");
  await wrong.fill("3");
  await wrong.blur();
  await error.waitFor({ state: "hidden" });
  assert.equal(await page.locator('main [aria-invalid="true"]').count(), 0);
});

test("a postal code fills the empty address, with no request outside, and warns where they disagree (point 44)", async () => {
  const { page } = me;
  await me.go("/settings/company");
  await page.fill("#postal_code", "１００ー０００１");
  await page.locator("#postal_code").blur();
  await page.waitForFunction(() => document.querySelector("#address").value.startsWith("東京都千代田区"));
  await page.fill("#address", "大阪府大阪市北区1-1");
  await page.fill("#postal_code", "100-0002");
  await page.locator("#postal_code").blur();
  await page.locator("[data-postal-warning]:not([hidden])").waitFor();
  assert.equal(await page.inputValue("#address"), "大阪府大阪市北区1-1", "what was typed stays");
  const [number] = await inPhase("awaiting_shipment", 1);
  await me.go(`/orders/${number}/edit/buyer`);
  for (const part of ["prefecture", "city", "town"]) await page.locator(`main [data-postal-${part}]`).first().fill("");
  await page.locator("main [data-postal]").first().fill("1000001");
  await page.locator("main [data-postal]").first().blur();
  await page.waitForFunction(() => document.querySelector("main [data-postal-prefecture]").value === "東京都");
  assert.deepEqual(me.wrongs, []);
});

test("an order's history says who did what, when, from where to where (point 33)", async () => {
  const { page } = me;
  const [number] = await inPhase("inbox", 1);
  await me.go(`/orders/${number}/sheet/move`);
  await page.locator("main select").first().selectOption("awaiting_review");
  await page.locator("main form button.main").first().click();
  await page.waitForURL(new RegExp(`/orders/${number}`));
  await me.go(`/orders/${number}`);
  const lines = await page.locator("#history li").allInnerTexts();
  const moved = lines.find((line) => line.includes("確認待ち"));
  assert.match(moved, /\d{1,2}:\d{2}/);
  assert.match(moved, /demo|見本/);
  assert.match(moved, /自動受注取込.*確認待ち/s);
  assert.ok(lines.some((line) => /モールから取込/.test(line)));
});

test("what failed is a place in the bar that opens its orders (point 12)", async () => {
  const { page } = me;
  // One letter more than the mall takes.
  const [number] = await inPhase("awaiting_shipment", 1);
  await done("order", "ship", number, "--carrier", "yamato", "--number", "9".repeat(121), "--date", "today");
  await done("order", "move", "shipped", number);
  await me.go("/orders?all=1");
  const place = page.locator('.phases a[data-hot]:is([href*="rejected"], [href*="send_failed"], [href*="result_unknown"]).hot').first();
  await place.waitFor({ timeout: 90_000 });
  await place.click();
  await page.waitForSelector(`tr[data-row="${number}"]`);
  assert.match(await row(0).innerText(), /エラー|通知失敗|通知結果取得失敗/);
  await me.go("/");
  assert.match(await page.locator("table.todo").innerText(), /エラー|通知失敗|通知結果取得失敗/);
});
