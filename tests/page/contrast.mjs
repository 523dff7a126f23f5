// Runs in the page: every text that can be seen, with the contrast it has against what is behind it (WCAG 2, 1.4.3).

export function contrasts() {
  const numbers = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const over = (top, below) => ({
    red: top.red * top.alpha + below.red * (1 - top.alpha),
    green: top.green * top.alpha + below.green * (1 - top.alpha),
    blue: top.blue * top.alpha + below.blue * (1 - top.alpha),
    alpha: 1,
  });
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = numbers(getComputedStyle(at).backgroundColor);
      if (layer.alpha > 0) layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), { red: 255, green: 255, blue: 255, alpha: 1 });
  };
  const luminance = ({ red, green, blue }) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const ratio = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };

  const found = [];
  const walker = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || element.closest(".unseen, noscript, script, option") || !element.checkVisibility()) continue;
    // What is switched off is exempt; it is asked for nonetheless, because it is read all the same.
    const style = getComputedStyle(element);
    const color = numbers(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const ground = behind(element.namespaceURI.endsWith("svg") ? element.closest("div") : element);
    found.push({ text: text.slice(0, 40), ratio: ratio(over(color, ground), ground), color: style.color });
  }
  for (const input of document.querySelectorAll("input[placeholder]")) {
    const color = numbers(getComputedStyle(input, "::placeholder").color);
    found.push({ text: input.placeholder, ratio: ratio(color, behind(input)), color: "placeholder" });
  }
  return found;
}
