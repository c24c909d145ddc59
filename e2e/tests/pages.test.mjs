// What holds on every page: it answers, asks no other host, breaks no policy, has no serious finding of axe, in light and dark.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, browser, demo, ordersArrived, person, signIn } from "../kit.mjs";
import { PAGES, someOrder } from "../pages.mjs";

let house, open, me, order;
before(async () => {
  house = await demo();
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me);
  order = await someOrder(me);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

for (const [name, to] of PAGES) {
  test(`page ${name}: answers, asks nobody else, axe finds nothing serious (points 53, 60)`, async () => {
    const state = await me.context.storageState();
    for (const dark of [false, true]) {
      const who = await person(open, house.base, { dark, state });
      const answer = await who.go(to.replace("{order}", order));
      assert.equal(answer.status(), 200);
      assert.deepEqual(await axe(who.page), [], `${name} ${dark ? "dark" : "light"}`);
      assert.deepEqual(who.wrongs, []);
      await who.context.close();
    }
  });

  test(`page ${name}: nothing is wider than a narrow screen but tables in their own frame (1.4.10)`, async () => {
    const who = await person(open, house.base, { width: 375, height: 812, state: await me.context.storageState() });
    await who.go(to.replace("{order}", order));
    const over = await who.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${over} px too wide`);
    await who.context.close();
  });
}

test("the one-time link is good once (point 2)", async () => {
  const other = await person(open, house.base);
  const answer = await other.page.goto(house.link);
  assert.equal(answer.status(), 410);
  await other.context.close();
});
