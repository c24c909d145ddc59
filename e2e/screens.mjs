// Pictures of every screen into docs/screens/: 1366×768 and 375 px, light and dark. `npm run screens`
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { browser, demo, ordersArrived, person, signIn } from "./kit.mjs";
import { PAGES, someOrder } from "./pages.mjs";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "../docs/screens");
mkdirSync(folder, { recursive: true });
const house = await demo();
const open = await browser();
try {
  const first = await person(open, house.base);
  await signIn(first, house.link);
  await ordersArrived(first);
  const order = await someOrder(first);
  const state = await first.context.storageState();
  for (const [size, width, height] of [["", 1366, 768], ["-375", 375, 812]]) {
    for (const dark of [false, true]) {
      const who = await person(open, house.base, { width, height, dark, state });
      for (const [name, to] of PAGES) {
        const answer = await who.go(to.replace("{order}", order));
        if (answer.status() >= 400) throw new Error(`${to} answered ${answer.status()}`);
        await who.page.screenshot({ path: path.join(folder, `${name}${size}${dark ? "-dark" : ""}.png`) });
      }
      await who.context.close();
    }
  }
} finally {
  await open.close();
  await house.stop();
}
