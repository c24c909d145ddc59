// ホーム: one lands there, what needs a person is a line with a way to it, the plots are pictures with words, in the dark and on paper.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, browser, cli, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me;
before(async () => {
  house = await demo();
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
});
after(async () => {
  await open?.close();
  await house?.stop();
});

/** Orders that were placed since the shops import by themselves: the demo keeps taking some. */
async function freshOrders(who) {
  for (let n = 0; n < 90; n += 1) {
    await who.go("/");
    if ((await who.page.locator("svg.plot").count()) >= 2) return;
    await who.page.waitForTimeout(1000);
  }
}

test("the seal in the corner leads to ホーム", async () => {
  await ordersArrived(me, 30);
  await me.page.click(".brand");
  await me.page.waitForURL(`${house.base}/`);
  assert.equal(await me.page.locator('.menu a[aria-current="page"]').innerText(), "ホーム");
});

test("each line leads to a page that answers", async () => {
  const { page } = me;
  const [number] = (await cli(house.data, "order", "list")).lines.flatMap((l) => l.orders ?? l).map((o) => o.order_no);
  assert.ok(number);
  await me.go("/");
  const hrefs = await page.locator("table.todo a").evaluateAll((links) => links.map((a) => a.getAttribute("href")));
  for (const href of new Set(hrefs)) {
    const answer = await me.go(href);
    assert.equal(answer.status(), 200, href);
  }
});

test("the plots have a title, a description and a table that says the same, in light, dark and print", async () => {
  const state = await me.context.storageState();
  for (const dark of [false, true]) {
    const who = await person(open, house.base, { dark, state });
    await freshOrders(who);
    const plots = who.page.locator("svg.plot");
    assert.ok((await plots.count()) >= 2, "orders and freshness are drawn");
    for (const plot of await plots.all()) {
      const [title, desc] = (await plot.getAttribute("aria-labelledby")).split(" ");
      assert.ok((await who.page.locator(`#${title}`).textContent()).length > 3);
      assert.ok((await who.page.locator(`#${desc}`).textContent()).length > 3);
    }
    const placed = who.page.locator('.plots .panel:has(svg[aria-labelledby^="placed"])');
    await placed.locator("summary").click();
    const sum = (await placed.locator("tbody td").allInnerTexts()).reduce((all, text) => all + Number(text.replaceAll(",", "")), 0);
    const said = Number((await placed.locator("p").first().innerText()).match(/合計([\d,]+)件/)[1].replaceAll(",", ""));
    assert.equal(sum, said, "the table adds up to what the sentence says");
    // Every colour stands out from the sheet by 3:1 (WCAG 1.4.11).
    const contrasts = await plots.first().evaluate((svg) => {
      const light = (color) => {
        const [r, g, b] = color.match(/[\d.]+/g).map(Number).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const sheet = light(getComputedStyle(svg.closest(".panel")).backgroundColor);
      return [...svg.querySelectorAll("rect")].map((bar) => {
        const own = light(getComputedStyle(bar).fill);
        return (Math.max(own, sheet) + 0.05) / (Math.min(own, sheet) + 0.05);
      });
    });
    assert.ok(contrasts.length > 0 && contrasts.every((c) => c >= 3), contrasts.join());
    assert.deepEqual(await axe(who.page), []);
    await who.page.emulateMedia({ media: "print" });
    assert.ok((await plots.first().boundingBox()).width <= (190 / 25.4) * 96, "fits the paper");
    assert.equal(await who.page.locator(".top").isVisible(), false);
    assert.deepEqual(who.wrongs, []);
    await who.context.close();
  }
});

test("seven days are another window of the same page", async () => {
  const { page } = me;
  await freshOrders(me);
  await page.click('.tabs a:has-text("7日間")');
  await page.waitForURL(/span=week/);
  assert.ok((await page.locator("svg.plot").count()) >= 2);
});
