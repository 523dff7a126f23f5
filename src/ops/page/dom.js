// The few helpers that build the page. What peers sent goes in as text, never as markup: there is no innerHTML here.

import { ago, exact, NOTHING, span } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Touching what has not changed would cost layout, and the selection of whoever copies it.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setShown(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

export function setData(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

// A mark that has a shape of its own for each meaning: ok, warn, bad, idle and a few of the buttons.
export function icon(name, extra = "") {
  return draw("svg", { class: `icon ${extra}`, "aria-hidden": "true" }, draw("use", { href: `#i-${name}` }));
}

export function setIcon(node, name) {
  const use = node.firstElementChild;
  if (use.getAttribute("href") !== `#i-${name}`) use.setAttribute("href", `#i-${name}`);
}

// Text with the commands in it, between backticks as everywhere in this program, set as code.
export function withCode(sentence) {
  const parts = String(sentence).split("`");
  if (parts.length % 2 === 0) parts.push(parts.splice(-2).join("`")); // the last of them has no partner
  return parts.map((part, at) => (at % 2 === 1 ? make("code", {}, part) : part)).filter((part) => part !== "");
}

export function setSentence(node, sentence) {
  if (node.dataset.said === sentence) return;
  node.dataset.said = sentence;
  node.replaceChildren(...withCode(sentence));
}

// The gateway's clock is the one that counts; that of the browser may be off.
let ahead = 0;

export const now = () => Date.now() + ahead;

// `seconds` is what the gateway's clock says now. How far the browser's clock is ahead of it, in seconds; 0 when they agree.
export function takeGatewayTime(seconds) {
  const difference = seconds * 1000 - Date.now();
  // It comes in whole seconds and was under way.
  if (Math.abs(difference) < 3000) ahead = 0;
  else if (Math.abs(difference - ahead) > 3000) ahead = difference;
  return Math.round(-ahead / 1000);
}

export const timeOf = (iso) => (iso ? Date.parse(iso) : NaN);

const relative = { ago: (ms) => ago((now() - ms) / 1000), for: (ms) => span((now() - ms) / 1000) };

// A <time> that says how long ago (`ago`), or for how long (`for`), and keeps itself up to date; the exact time is its title.
export function moment(ms, kind = "ago") {
  return setMoment(make("time"), ms, kind);
}

export function setMoment(node, ms, kind = "ago") {
  if (!Number.isFinite(ms)) {
    node.removeAttribute("datetime");
    node.removeAttribute("title");
    delete node.dataset.kind;
    setText(node, NOTHING);
    return node;
  }
  const iso = new Date(ms).toISOString();
  if (node.getAttribute("datetime") !== iso) {
    node.setAttribute("datetime", iso);
    node.setAttribute("title", exact(ms));
  }
  node.dataset.kind = kind;
  setText(node, relative[kind](ms));
  return node;
}

export function refreshMoments(root = document) {
  for (const node of root.querySelectorAll("time[data-kind]")) {
    setText(node, relative[node.dataset.kind](Date.parse(node.getAttribute("datetime"))));
  }
}

// Copies where the browser allows it: over plain HTTP from another machine only the old way does.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "unseen", readonly: true });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Then it is forgotten with the page.
  }
}

export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

// Calls for any number of requests, but not again within `ms`.
export function atMostEvery(ms, work) {
  let timer = null;
  let last = -Infinity;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      last = performance.now();
      work();
    }, Math.max(0, last + ms - performance.now()));
  };
}

// Calls once for any number of requests before the next frame.
export function onNextFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
