// A browser for tests in another language. Each line of standard input is {"run": "JavaScript", "with": {…}}; it runs with `page`,
// `given` and `troubleOf`, and its answer is a line: {"result": …} or {"error": "…"}. The first line is {"open": URL, …}.

import { createInterface } from "node:readline";
import { launch, open, troubleOf } from "./browser.mjs";

const AsyncFunction = (async () => {}).constructor;
const browser = await launch();
let page = null;

async function answer({ open: url, run, with: given, ...options }) {
  if (url) {
    page = await open(browser, url, options);
    return null;
  }
  return (await new AsyncFunction("page", "given", "troubleOf", run)(page, given, troubleOf)) ?? null;
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { result: await answer(JSON.parse(line)) };
  } catch (error) {
    const shown = page ? await page.locator("body").innerText().catch(() => "") : "";
    said = { error: `${error.message}\n--- the page:\n${shown.slice(0, 3000)}\n--- its trouble:\n${page?.trouble.join("\n")}` };
  }
  process.stdout.write(JSON.stringify(said) + "\n");
}
await browser.close();
