// The pictures of docs/images, of a made-up fleet.    node screenshots.mjs DIRECTORY

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { launch, open } from "./browser.mjs";
import { deviceId, Fleet, REFUSALS } from "./fleet.mjs";
import { MockGateway } from "./mock_gateway.mjs";

const directory = process.argv[2] ?? ".";
await mkdir(directory, { recursive: true });

function busyFleet() {
  const fleet = new Fleet({ devices: 1000 });
  for (const [number, refusal, minutes, count] of [[7, 0, 4, 38], [12, 1, 11, 3], [31, 3, 26, 112], [58, 2, 95, 1]]) {
    fleet.refuse(deviceId(number), REFUSALS[refusal], Date.now() - minutes * 60000, count);
  }
  return fleet;
}

const SHOTS = [
  { name: "status-light", colors: "light", width: 1280, height: 1260 },
  { name: "status-dark", colors: "dark", width: 1280, height: 1260, cut: true },
  { name: "status-phone", colors: "light", width: 390, height: 1400 },
  { name: "status-device", colors: "light", width: 1280, height: 840, device: true },
];

const browser = await launch();
for (const { name, cut, device, ...options } of SHOTS) {
  const fleet = busyFleet();
  if (cut) fleet.cut();
  const mock = await new MockGateway(fleet).start();
  const page = await open(browser, mock.url, options);
  await page.locator("#device-rows tr").nth(20).waitFor();
  await page.locator("#refusal-list li").first().waitFor();
  if (device) {
    await page.locator("#device-rows a").first().click();
    await page.getByRole("dialog").getByText("On the gateway").waitFor();
  }
  await page.waitForTimeout(300);
  await page.screenshot({ path: path.join(directory, `${name}.png`) });
  if (process.argv[3] === "--whole") await page.screenshot({ path: path.join(directory, `${name}-whole.png`), fullPage: true });
  await page.context().close();
  await mock.stop();
}
await browser.close();
