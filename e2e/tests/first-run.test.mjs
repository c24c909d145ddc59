// The first minute: a link printed by the program, an administrator, a wizard that can be left and gone on with.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, browser, empty, person } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await empty();
  open = await browser();
  me = await person(open, house.base);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

test("without a link nobody gets in: every page asks to sign in, and there is no default password (point 2)", async () => {
  await me.go("/orders");
  assert.match(me.page.url(), /\/login/);
  for (const [login, password] of [["admin", "admin"], ["admin", "password"], ["choba", "choba"]]) {
    await me.page.fill("#login", login);
    await me.page.fill("#password", password);
    await Promise.all([me.page.waitForResponse((r) => r.request().method() === "POST"), me.page.click("button.main")]);
    assert.match(await me.page.locator("#error").innerText(), /違います/);
  }
});

test("the link makes the administrator, once, and the wizard goes on where it was left (points 2, 5, F70)", async () => {
  const { page } = me;
  await page.goto(house.link);
  assert.deepEqual(await axe(page), []);
  await page.fill("#name", "見本 管理");
  await page.fill("#login", "mihon");
  await page.fill("#password", "すいか と かき と みかん");
  await page.fill("#again", "すいか と かき と みかん");
  await page.click("button.main");
  await page.waitForURL(/\/setup\/steps/);
  assert.deepEqual(await axe(page), []);
  await page.fill("#name", "見本商店");
  await page.click("main form.form button.main");
  await page.waitForSelector('.steps li[aria-current="step"]:has-text("店舗")');

  await me.go("/orders?all=1");
  await page.click('.notice-banner:has-text("初期設定") a');
  await page.waitForSelector('.steps li[aria-current="step"]:has-text("店舗")');

  const stranger = await person(open, house.base);
  const answer = await stranger.page.goto(house.link);
  assert.equal(answer.status(), 410);
  await stranger.context.close();
  assert.deepEqual(me.wrongs, []);
});

test("a shop is connected from a form of its mall and looks only until it is switched on (points 6, 7)", async () => {
  const { page } = me;
  await me.go("/shops/new");
  await page.locator('main a[href^="/shops/new/"]').first().click();
  await page.waitForURL(/\/shops\/new\//);
  assert.deepEqual(await axe(page), []);
  await page.locator("main form.form button.main").first().click();
  // Nothing was entered: the browser or the server names what is missing, and no shop comes of it.
  await me.go("/shops");
  assert.equal(await page.locator("main table tbody tr").count(), 0);
});
