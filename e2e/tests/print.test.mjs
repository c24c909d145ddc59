// 50 packing slips as the printer gets them: Chromium makes the PDF, and no slip is cut in two (point 48).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, ordersArrived, person, signIn } from "../kit.mjs";

let house, open, me, slips;
before(async () => {
  house = await demo({ orders: 24 });
  open = await browser();
  me = await person(open, house.base);
  await signIn(me, house.link);
  await ordersArrived(me, 50);
  const { page } = me;
  // A hundred a page, all ticked, 印刷.
  await page.click('button[data-opens="density"]');
  await page.selectOption("#d-rows", "100");
  await page.click("#density button.main");
  for (let looks = 0; looks < 120; looks += 1) {
    await me.go("/orders?all=1");
    if ((await page.locator("tr[data-row]").count()) >= 100) break;
    await page.waitForTimeout(500);
  }
  await page.check("[data-tick-all]");
  await page.click('.bulk button[value="print"]');
  slips = await page.locator('#dialog a[href^="/shipping/print/slips"]').getAttribute("href");
});
after(async () => {
  await open?.close();
  await house?.stop();
});

/** Pages of a PDF as Chromium writes it. */
function pages(pdf) {
  return pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g).length;
}

test("50 slips and more: a page each on A4 and A5, four on one, and none is cut (point 48)", async () => {
  const { page } = me;
  for (const paper of ["a4", "a5", "4up"]) {
    await page.goto(`${house.base}${slips}&paper=${paper}`);
    const there = await page.locator(".slip").count();
    assert.ok(there >= 50, `${there} slips`);
    await page.emulateMedia({ media: "print" });
    // How high each slip is against the paper it goes on: what fits is never cut, because each begins a page (or a quarter).
    const fits = await page.evaluate((paper) => {
      const mm = 96 / 25.4;
      const room = { a4: (297 - 20) * mm, a5: (210 - 10) * mm, "4up": 141 * mm }[paper];
      return [...document.querySelectorAll(".slip")].map((slip) => {
        const style = getComputedStyle(slip);
        const whole = slip.classList.contains("whole");
        return { high: slip.scrollHeight, room, whole, breaks: style.breakAfter, inside: style.breakInside, hides: slip.scrollHeight > slip.clientHeight + 1 && style.overflowY === "hidden" };
      });
    }, paper);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const count = pages(pdf);
    const long = fits.filter((s) => s.high > s.room + 1 && !s.whole);
    assert.deepEqual(long, [], `${paper}: longer than its paper`);
    assert.ok(fits.every((s) => !s.hides || s.whole), `${paper}: something of a slip is hidden`);
    if (paper === "4up") {
      const quarters = fits.filter((s) => !s.whole).length;
      assert.equal(count, Math.ceil(quarters / 4) + fits.filter((s) => s.whole).length, "four on a page");
    } else {
      assert.equal(count, there, `${paper}: a page for each slip, none of them in two`);
    }
    await page.emulateMedia({ media: "screen" });
  }
  assert.deepEqual(me.wrongs, []);
});
